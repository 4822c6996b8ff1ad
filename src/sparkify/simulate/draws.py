"""Randomness that is the same on every machine: integer arithmetic and lookup tables, nothing else.

NumPy promises neither that its distributions keep their streams between versions nor that ``log`` and
``exp`` round the same way on every processor. So numbers come from SplitMix64 (Steele, Lea and Flood 2014),
written out in 64-bit integers, and distributions are tables of integers indexed by those numbers. Floats that
go into a table are rounded far above the last bit, where libraries may differ.
"""

import hashlib
import math
from collections.abc import Sequence
from itertools import pairwise
from statistics import NormalDist
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Ints: TypeAlias = npt.NDArray[np.int64]
Words: TypeAlias = npt.NDArray[np.uint64]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX2 = np.uint64(0x94D049BB133111EB)
_S27, _S30, _S31 = np.uint64(27), np.uint64(30), np.uint64(31)
_BITS = 16
_CELLS = 1 << _BITS


class Draws:
    """A stream of 64-bit random words, its own for each seed and name.

    Args:
        seed: the seed of the simulation.
        name: what the stream is for; streams of different names are independent, so that one part of the
            simulation can draw more without changing what another part gets.
    """

    def __init__(self, seed: int, name: str) -> None:
        digest = hashlib.sha256(f"{seed}/{name}".encode()).digest()
        self._key = np.uint64(int.from_bytes(digest[:8], "little"))
        self._drawn = 0

    def words(self, count: int) -> Words:
        """The next ``count`` words, each uniform over all 64 bits."""
        z = np.arange(self._drawn + 1, self._drawn + count + 1, dtype=np.uint64)
        self._drawn += count
        z *= _GOLDEN
        z += self._key
        z ^= z >> _S30
        z *= _MIX1
        z ^= z >> _S27
        z *= _MIX2
        z ^= z >> _S31
        return z

    def below(self, limit: int, count: int) -> Ints:
        """``count`` integers, uniform over 0 … limit - 1, for limits up to 2**32."""
        return (((self.words(count) >> np.uint64(32)) * np.uint64(limit)) >> np.uint64(32)).astype(np.int64)

    def cells(self, count: int) -> Ints:
        """``count`` indices into a table made by this module (0 … 65,535)."""
        return (self.words(count) >> np.uint64(64 - _BITS)).astype(np.int64)

    def chance(self, probability: float, count: int) -> npt.NDArray[np.bool_]:
        """``count`` times true with the given probability."""
        return self.below(1 << 32, count) < round(probability * (1 << 32))

    def weighted(self, cumulative: Ints, count: int) -> Ints:
        """``count`` indices in proportion to integer weights, given as their running sum (up to 2**32)."""
        return np.searchsorted(cumulative, self.below(int(cumulative[-1]), count), side="right")

    def order(self, count: int) -> Ints:
        """A permutation of 0 … count - 1."""
        return np.argsort(self.words(count), kind="stable")


def choice_table(weights: Sequence[int]) -> npt.NDArray[np.uint8]:
    """A table that, indexed by ``Draws.cells``, gives the index of a weight in proportion to the weights."""
    bounds = np.cumsum(np.asarray(weights, dtype=np.int64))
    marks = np.arange(_CELLS, dtype=np.int64) * bounds[-1] // _CELLS
    table: npt.NDArray[np.uint8] = np.searchsorted(bounds, marks, side="right").astype(np.uint8)
    return table


def quantile_table(points: Sequence[tuple[float, int]]) -> Ints:
    """A table of integers whose distribution has the given quantiles, straight lines between them.

    Args:
        points: (probability, value), ascending, from probability 0 to 1.
    """
    table = np.empty(_CELLS, dtype=np.int64)
    cells = np.arange(_CELLS, dtype=np.int64)
    for (p0, v0), (p1, v1) in pairwise(points):
        lo, hi = round(p0 * _CELLS), round(p1 * _CELLS)
        if hi > lo:
            table[lo:hi] = v0 + (cells[lo:hi] - lo) * (v1 - v0) // (hi - lo)
    return table


def exponential_table(unit: int) -> Ints:
    """A table of exponentially distributed integers whose mean is ``unit``."""
    return np.array([round(-math.log((i + 0.5) / _CELLS) * unit) for i in range(_CELLS)], dtype=np.int64)


def lognormal_table(median: float, sigma: float, unit: int) -> Ints:
    """A table of log-normally distributed integers in ``unit``-ths, cut off at 3.5 standard deviations."""
    normal, cells = NormalDist(), 4096
    steps = (min(max(normal.inv_cdf((i + 0.5) / cells), -3.5), 3.5) for i in range(cells))
    values = [round(median * math.exp(sigma * z) * unit) for z in steps]
    return np.repeat(np.array(values, dtype=np.int64), _CELLS // cells)


def popularity(count: int) -> Ints:
    """The running sum of heavy-tailed (Zipf-Mandelbrot) weights for ranks 1 … count, for ``Draws.weighted``.

    The exponent and shift give the real logs' concentration: the most played song has some 0.5 % of all
    plays, the ten most played some 3 %, with ten thousand songs.
    """
    top = min(2_000_000, (1 << 31) // count)
    weights = [max(1, round(top * (4 / (rank + 4)) ** 0.6)) for rank in range(count)]
    return np.cumsum(np.array(weights, dtype=np.int64))
