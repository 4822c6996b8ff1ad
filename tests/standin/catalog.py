"""The database's side of the stand-in: what PostgreSQL's catalog becomes, and the system tables' content.

``catalog.sql`` has the functions and comparisons. This module adds the system tables, takes away every
function that Amazon Redshift does not document, and keeps the log files that the system tables read.
"""

import json
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

# System tables and their columns, in the order of their pages in the Database Developer Guide. CHAR columns
# are padded there.
SYSTEM_TABLES: Mapping[str, str] = {
    "stl_load_errors": """
        userid integer, slice integer, tbl integer, starttime timestamp, session integer, query integer,
        filename char(256), line_number bigint, colname char(127), type char(10), col_length char(10),
        position integer, raw_line char(1024), raw_field_value char(1024), err_code integer,
        err_reason char(100), is_partial integer, start_offset bigint, copy_job_id bigint""",
    "sys_load_error_detail": """
        user_id integer, query_id bigint, transaction_id bigint, session_id integer, database_name char(64),
        table_id integer, start_time timestamp, file_name char(256), line_number bigint,
        column_name char(127), column_type char(10), column_length char(10), position integer,
        error_code integer, error_message char(512), copy_job_id bigint""",
    "sys_load_detail": """
        user_id integer, query_id bigint, file_name char(256), bytes_scanned bigint, lines_scanned bigint,
        record_time timestamp, splits_scanned integer, start_time timestamp, end_time timestamp,
        file_etag char(256), file_last_modified timestamp""",
    "stl_load_commits": """
        userid integer, query integer, slice integer, name char(256), filename char(256), byte_offset integer,
        lines_scanned integer, errors integer, curtime timestamp, status integer, file_format char(16),
        is_partial integer, start_offset bigint, copy_job_id bigint""",
    "sys_load_history": """
        user_id integer, query_id bigint, transaction_id bigint, session_id integer, database_name text,
        status text, table_name text, start_time timestamp, end_time timestamp, duration bigint,
        data_source text, file_format text, loaded_rows bigint, loaded_bytes bigint,
        source_file_count integer, source_file_bytes bigint, file_count_scanned integer,
        file_bytes_scanned bigint,
        error_count bigint,
        copy_job_id bigint""",
    "stl_unload_log": """
        userid integer, query integer, slice integer, pid integer, path char(1280), start_time timestamp,
        end_time timestamp, line_count bigint, transfer_size bigint, file_format char(10)""",
}

PROVISIONED_ONLY = (
    *(name for name in SYSTEM_TABLES if name.startswith("stl_")),
    "stv_sessions",
    "svv_transactions",
)
"""What a Serverless workgroup refuses to show, with 42501: reported of STL and STV views, assumed of
SVV_TRANSACTIONS (awslabs/amazon-redshift-utils#648: "permission denied for relation stl_insert")."""

# Functions of PostgreSQL that Amazon Redshift documents too (SQL functions reference), and what drivers and
# syntax need (TRIM is btrim, AT TIME ZONE is timezone, SIMILAR TO is similar_to_escape …). All others are
# refused.
SHARED_FUNCTIONS = frozenset(
    """
    abs acos any_value ascii asin atan atan2 avg bit_and bit_or bool_and bool_or bpchar btrim cbrt ceil
    ceiling char_length character_length chr col_description concat cos cot count cume_dist
    current_database current_schema current_schemas current_setting date date_part date_trunc degrees
    dense_rank dexp exp extract first_value floor format_type getdate has_any_column_privilege
    has_column_privilege has_database_privilege has_schema_privilege has_table_privilege initcap interval
    lag last_value lead left length like_escape ln log lower lpad ltrim max md5 min mod name nth_value
    ntile obj_description octet_length percent_rank percentile_cont percentile_disc pg_has_role pi
    position pow power quote_ident quote_literal radians random rank regexp_count regexp_instr
    regexp_replace regexp_substr repeat replace reverse right round row_number rpad rtrim set_config sign
    similar_to_escape sin split_part sqrt stddev stddev_pop stddev_samp strpos substr substring sum tan
    text text_ge text_gt text_le text_lt texteq textne time timestamp timestamptz timezone to_char
    to_date to_hex to_number to_timestamp translate trunc upper user var_pop var_samp varchar variance
    version
    """.split()  # noqa: SIM905 - a list that can be read
)


def _view_sql(name: str, columns: str) -> str:
    defined = [column.split() for column in columns.split(",")]
    plain = ", ".join(f'"{n}" {"text" if t.startswith("char") else t}' for n, t in defined)
    shown = ", ".join(
        f'pg_catalog.bpchar("{n}"::bpchar, {int(t[5:-1]) + 4}, true) AS "{n}"'
        if t.startswith("char(")
        else f'"{n}"'
        for n, t in defined
    )
    return f"""
        CREATE FUNCTION pg_catalog.rs_{name}() RETURNS TABLE ({plain})
            LANGUAGE sql VOLATILE SECURITY DEFINER AS
            $$SELECT r.* FROM rs_log('{name}') AS line, jsonb_to_record(line) AS r({plain})$$;
        CREATE VIEW pg_catalog.{name} AS SELECT {shown} FROM pg_catalog.rs_{name}();
        GRANT SELECT ON pg_catalog.{name} TO PUBLIC;
    """


def _restriction_sql() -> str:
    """Take every undocumented function from PUBLIC, save those behind operators, indexes, casts and types."""
    names = ", ".join(f"'{name}'" for name in sorted(SHARED_FUNCTIONS))
    return f"""
        UPDATE pg_proc
        SET proacl = ARRAY[makeaclitem('postgres'::regrole, 'postgres'::regrole, 'EXECUTE', false)]
        WHERE pronamespace = 'pg_catalog'::regnamespace
            AND oid < 16384
            AND proname NOT IN ({names})
            AND proname NOT LIKE 'pg\\_%'
            AND oid NOT IN (SELECT oprcode FROM pg_operator)
            AND oid NOT IN (SELECT amproc FROM pg_amproc)
            AND oid NOT IN (SELECT castfunc FROM pg_cast)
            AND oid NOT IN (SELECT unnest(ARRAY[typinput, typoutput, typreceive, typsend, typmodin, typmodout,
                                                typanalyze, typsubscript]) FROM pg_type)
    """


def setup_sql(log_folder: Path) -> str:
    """Everything to run in a fresh database, as PostgreSQL's superuser."""
    quoted = "'" + str(log_folder).replace("'", "''") + "'"
    base = (Path(__file__).parent / "catalog.sql").read_text(encoding="utf-8")
    return "\n".join(
        [
            "SET allow_system_table_mods = on; SET check_function_bodies = off;",
            base.replace("{log_folder}", quoted),
            *(_view_sql(name, columns) for name, columns in SYSTEM_TABLES.items()),
            _restriction_sql(),
        ]
    )


class SystemLog:
    """The lines behind the system tables, and the query ids that join them.

    Args:
        folder: where the files are; PostgreSQL's user must be able to read it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = threading.Lock()
        self._query_id = 100
        for name in (*SYSTEM_TABLES, "session"):
            (folder / f"{name}.jsonl").touch()
            (folder / f"{name}.jsonl").chmod(0o644)  # whatever the umask is

    def next_query_id(self) -> int:
        """A query id that no statement has had."""
        with self._lock:
            self._query_id += 1
            return self._query_id

    def add(self, table: str, rows: Sequence[Mapping[str, object]], late_s: float = 0) -> None:
        """Append rows to a system table; they are visible at once or some seconds later, to everyone."""
        if not rows:
            return
        if late_s:
            later = threading.Timer(late_s, self.add, (table, rows))
            later.daemon = True
            later.start()
            return
        text = "".join(json.dumps(row, ensure_ascii=True, default=str) + "\n" for row in rows)
        with self._lock, (self.folder / f"{table}.jsonl").open("a", encoding="ascii") as file:
            file.write(text)
