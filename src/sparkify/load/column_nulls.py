"""How many values are missing in what a run loads, by column: for its own audits and those of later runs."""

from sparkify.sql import columns_of
from sparkify.warehouse.contract import Session

_BATCHES = {"staging_events": "batch_events", "staging_songs": "batch_songs"}


def count_plays(warehouse: Session) -> tuple[int, int]:
    """How many plays there are, and how many of them have no song."""
    ((plays, matched),) = warehouse.query("SELECT COUNT(*), COUNT(song_id) FROM songplays")
    return int(plays), int(plays) - int(matched)


def record(warehouse: Session, run_id: int, plays_before: tuple[int, int]) -> None:
    """Write down what is missing in the batch of this run, and in its plays.

    Args:
        warehouse: where the batch has been transformed.
        run_id: the number of the run.
        plays_before: what count_plays said before.
    """
    rows = []
    for table, batch in _BATCHES.items():
        columns = [name for name in columns_of(table) if name != "file_id"]
        counts = ", ".join(f"COUNT({name})" for name in columns)
        ((records, *filled),) = warehouse.query(f"SELECT COUNT(*), {counts} FROM {batch}")
        if records:
            rows += [
                (run_id, table, name, records, records - count)
                for name, count in zip(columns, filled, strict=True)
            ]
    plays, unmatched = (
        after - before for after, before in zip(count_plays(warehouse), plays_before, strict=True)
    )
    if plays > 0:  # a catalogue that has grown or shrunk changes older plays, too
        rows.append((run_id, "songplays", "song_id", plays, min(max(unmatched, 0), plays)))
    warehouse.insert("column_nulls", rows)
