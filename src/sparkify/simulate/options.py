"""What can be asked of a simulation."""

from dataclasses import dataclass
from datetime import date, timedelta

from sparkify.errors import UsageError
from sparkify.simulate.warts import MAX_RATE

DEFAULT_SONGS = 10_000
DEFAULT_USERS = 1_300
DEFAULT_DAYS = 30
DEFAULT_START = date(2018, 11, 1)
DEFAULT_SEED = 1
# In the real catalogue there are 64 artists to a hundred songs.
_ARTISTS_PER_SONG = 0.64
_MOST = {"songs": 2_000_000, "users": 20_000_000, "days": 3_660}


@dataclass(frozen=True)
class SimulationOptions:
    """Everything that decides about a simulation's output. The defaults give some 100,000 events.

    Attributes:
        songs: tracks in the catalogue, a file each.
        artists: artists of the catalogue; None is 64 for a hundred songs.
        users: users at the end of the period; some of them come during it.
        days: length of the period.
        start: its first day (UTC).
        seed: another seed gives other data of the same kind.
        gzip: compress every file.
        dirty: share of records that each kind of wart hits, see ``warts``.

    Raises:
        UsageError: a number is out of range.
    """

    songs: int = DEFAULT_SONGS
    artists: int | None = None
    users: int = DEFAULT_USERS
    days: int = DEFAULT_DAYS
    start: date = DEFAULT_START
    seed: int = DEFAULT_SEED
    gzip: bool = False
    dirty: float = 0.0

    def __post_init__(self) -> None:
        for name, most in _MOST.items():
            value = getattr(self, name)
            if not 1 <= value <= most:
                raise UsageError(f"--{name} {value} can't be", f"give a number from 1 to {most:,}")
        if self.artists is not None and not 1 <= self.artists <= self.songs:
            raise UsageError(
                f"--artists {self.artists} can't be with --songs {self.songs}",
                f"give a number from 1 to {self.songs}: each artist has a song",
            )
        if not 0 <= self.dirty <= MAX_RATE:
            raise UsageError(
                f"--dirty {self.dirty:g} can't be", f"give a share from 0 to {MAX_RATE}, such as 0.005"
            )
        if not 1971 <= self.start.year <= 2200:
            raise UsageError(f"--start {self.start} can't be", "give a day from 1971 to 2200")

    @property
    def artist_count(self) -> int:
        """Artists of the catalogue."""
        return self.artists if self.artists is not None else max(1, round(self.songs * _ARTISTS_PER_SONG))

    @property
    def last_day(self) -> date:
        """The period's last day."""
        return self.start + timedelta(days=self.days - 1)

    def as_dict(self) -> dict[str, object]:
        """For the manifest."""
        return {
            "songs": self.songs,
            "artists": self.artist_count,
            "users": self.users,
            "days": self.days,
            "start": self.start.isoformat(),
            "seed": self.seed,
            "gzip": self.gzip,
            "dirty": self.dirty,
        }
