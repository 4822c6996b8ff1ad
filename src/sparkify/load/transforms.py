"""The transforms: the files of sql/star in the order in which they run, and what they leave for later steps.

docs/design.md lists all relations that steps of a run hand to each other.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sparkify.load.progress import Progress
from sparkify.load.repair import repair
from sparkify.sql import read_sql
from sparkify.warehouse.contract import Loading


@dataclass(frozen=True)
class Transform:
    """A file of sql/star.

    Attributes:
        name: of the file, without its ending.
        leaves: the temporary tables that it makes for later steps; ``drop_left`` drops them.
        run: how it is run, given its SQL.
    """

    name: str
    leaves: tuple[str, ...] = ()
    run: Callable[[Loading, str], None] = lambda warehouse, sql: warehouse.run(sql)


def _derive_from_songs(warehouse: Loading, sql: str) -> None:
    # Without songs that came or went, it would plan and read as much, to write nothing.
    if warehouse.query("SELECT 1 FROM batch_songs UNION ALL SELECT 1 FROM removed_songs LIMIT 1"):
        warehouse.run(sql)


def _match_songs(warehouse: Loading, sql: str) -> None:
    garbled = warehouse.query(read_sql("garbled_text", warehouse.engine))
    warehouse.insert("encoding_repairs", [(text, repair(text)) for (text,) in garbled])
    warehouse.run(sql)


def _insert_songplays(warehouse: Loading, sql: str) -> None:
    warehouse.insert_songplays(sql)


OF_LEVELS = Transform("user_levels", leaves=("touched_levels",))

TRANSFORMS = (
    Transform("event_days", leaves=("touched_days",)),
    Transform("songs", run=_derive_from_songs),
    Transform("artists", run=_derive_from_songs),
    Transform("users", leaves=("touched_users",)),
    OF_LEVELS,
    Transform("new_song_matches", leaves=("new_song_matches",)),
    Transform("song_matches", leaves=("rematched_plays",), run=_match_songs),
    Transform("touched_plays", leaves=("touched_plays",)),
    Transform("songplays", run=_insert_songplays),
    Transform("time"),
)


def run_transforms(
    warehouse: Loading, progress: Progress, transforms: Sequence[Transform] = TRANSFORMS
) -> None:
    """Bring the star schema up to date with what has been staged."""
    for transform in transforms:
        progress.step(f"transform {transform.name}")
        transform.run(warehouse, read_sql(f"star/{transform.name}"))


def drop_left(warehouse: Loading, transforms: Sequence[Transform] = TRANSFORMS) -> None:
    """Drop what the transforms have left for later steps, once nothing needs it any more."""
    for transform in transforms:
        for table in transform.leaves:
            warehouse.run(f"DROP TABLE {table}")
