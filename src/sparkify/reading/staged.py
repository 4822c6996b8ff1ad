"""What is counted while files are read. Apart from the reading itself, which needs Arrow and NumPy."""

from dataclasses import dataclass, field

LARGE_RECORD_BYTES = 2**14
"""A bad record that is larger is more than one, most likely: it counts by its size."""


@dataclass(frozen=True)
class Staged:
    """What was read of the files of a source, counted independently of the database.

    Attributes:
        records: by file_id, how many it has.
        sizes: by file_id, how many bytes of text; empty where the database reads the files itself.
        damaged: by file_id, how many of these bytes are no JSON, or in bad records too large to be one.
    """

    records: dict[int, int] = field(default_factory=dict)
    sizes: dict[int, int] = field(default_factory=dict)
    damaged: dict[int, int] = field(default_factory=dict)
