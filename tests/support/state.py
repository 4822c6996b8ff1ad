"""Everything that a warehouse holds and that must not depend on how it came there."""

from typing import Any

from sparkify.config.settings import Settings
from sparkify.warehouse.opening import connect
from tests.support.builders import star_in
from tests.support.reference import sort_rows

State = dict[str, list[tuple[Any, ...]]]


def state_of(settings: Settings, root: str) -> State:
    """Star tables, staging tables, ledger and rejects, each sorted, without what numbers and times runs.

    Args:
        settings: name the warehouse.
        root: the place below which the sources are, to be left out of their names.
    """
    warehouse = connect(settings, read_only=True)
    try:
        state: State = dict(star_in(warehouse))
        for table in ("staging_songs", "staging_events"):
            # Each row with the file it came from, so that a row under a wrong file shows.
            columns, _ = warehouse.select(f"SELECT * FROM {table} LIMIT 0")
            own = ", ".join(f"{table}.{column}" for column in columns if column != "file_id")
            state[table] = warehouse.query(
                f"SELECT {own}, ledger.uri FROM {table} LEFT JOIN ledger ON ledger.file_id = {table}.file_id"
            )
        state["ledger"] = warehouse.query("SELECT source, uri, size, records, loaded, rejected FROM ledger")
        state["staging_rejects"] = warehouse.query(
            "SELECT source, line, reason, raw_line, file, ledger.uri = file"
            " FROM staging_rejects LEFT JOIN ledger USING (file_id, source)"
        )
        for table in ("user_latest_event", "encoding_repairs"):
            state[table] = warehouse.query(f"SELECT * FROM {table}")
        ((doubled,),) = warehouse.query("SELECT COUNT(*) - COUNT(DISTINCT songplay_id) FROM songplays")
        ((unaccounted,),) = warehouse.query("SELECT COUNT(*) FROM ledger WHERE loaded + rejected <> records")
    finally:
        warehouse.close()
    assert (doubled, unaccounted) == (0, 0)
    return {
        table: sort_rows(
            tuple(value.replace(root, "") if isinstance(value, str) else value for value in row)
            for row in rows
        )
        for table, rows in state.items()
    }
