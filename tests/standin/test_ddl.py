"""CREATE, ALTER and types: Redshift's syntax is taken, its semantics hold."""

import pytest

from .fixtures import Sql


def test_distribution_sorting_encoding_and_backup_are_taken(sql: Sql) -> None:
    # CREATE TABLE: column attributes, table attributes.
    sql(
        """CREATE TABLE IF NOT EXISTS "Events" (
            id BIGINT IDENTITY(0,1) NOT NULL,
            ts TIMESTAMP NOT NULL ENCODE az64 SORTKEY,  -- comment with a 'quote
            user_id INTEGER DISTKEY REFERENCES people (id),
            level VARCHAR(10) DEFAULT 'free' ENCODE lzo,
            PRIMARY KEY (id), UNIQUE (user_id)
        ) BACKUP NO DISTSTYLE KEY"""
    )
    sql("CREATE TEMP TABLE other (LIKE events)")
    sql("CREATE TABLE c DISTSTYLE ALL COMPOUND SORTKEY (ts, user_id) AS SELECT ts, user_id FROM events")
    sql("CREATE TABLE d (a INT, b INT) DISTSTYLE EVEN INTERLEAVED SORTKEY (a, b) ENCODE AUTO")
    sql("CREATE TABLE e (a INT) DISTSTYLE AUTO SORTKEY AUTO")
    sql("INSERT INTO events (ts, user_id) VALUES ('2018-11-01', 1), ('2018-11-02', 1)")
    assert sql("SELECT id, level FROM events ORDER BY id") == [[0, "free"], [1, "free"]]


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("CREATE TABLE t (a INT) DISTKEY (b)", 'column "b" named in DISTKEY does not exist'),
        ("CREATE TABLE t (a INT) SORTKEY (a, b)", 'column "b" named in SORTKEY does not exist'),
        ("CREATE TABLE t (a INT DISTKEY, b INT DISTKEY)", "more than one DISTKEY"),
        ("CREATE TABLE t (a INT) DISTSTYLE ALL DISTKEY (a)", "DISTSTYLE ALL"),
        ("CREATE TABLE t (a INT) DISTSTYLE KEY", "requires a DISTKEY"),
        ("CREATE TABLE t (a INT) DISTSTYLE EVEN BACKUP NO", "backup"),
        ("CREATE TABLE t (a VARCHAR(65536))", "cannot exceed 65535"),
        ("CREATE TABLE t (a CHAR(4097))", "cannot exceed 4096"),
        ("CREATE TABLE t (a JSONB)", "jsonb"),
        ("CREATE TABLE t (a SERIAL)", "serial"),
        ("CREATE TABLE t (a INT[])", "]"),
        ("CREATE TABLE t (a INT CHECK (a > 0))", "CHECK"),
        ("CREATE OR REPLACE TABLE t (a INT)", "table"),
        ("CREATE TEMP TABLE t (a INT) ON COMMIT DROP", "commit"),
        ("CREATE INDEX i ON pg_class (oid)", "INDEX"),
        ("CREATE SEQUENCE s", "SEQUENCE"),
        ("CREATE TABLE t (LIKE pg_class INCLUDING ALL)", "ALL"),
    ],
)
def test_tables_that_redshift_would_not_make_are_refused(sql: Sql, statement: str, message: str) -> None:
    # CREATE TABLE; Character types; unsupported PostgreSQL features and data types.
    assert message.lower() in sql.error(statement)["M"].lower()


def test_keys_are_not_enforced_but_a_primary_key_is_not_null(sql: Sql) -> None:
    # Table constraints: uniqueness, primary key and foreign key are informational only.
    sql("CREATE TABLE t (a INT PRIMARY KEY, b INT UNIQUE, c INT REFERENCES nowhere (x))")
    sql("INSERT INTO t VALUES (1, 1, 1), (1, 1, 1)")
    assert sql("SELECT count(*) FROM t") == [[2]]
    assert sql.error("INSERT INTO t (b) VALUES (1)")["C"] == "23502"
    sql("CREATE TABLE t (a INT, b INT, PRIMARY KEY (a, b))")
    assert sql.error("INSERT INTO t (a) VALUES (1)")["C"] == "23502"


def test_varchar_counts_bytes(sql: Sql) -> None:
    # Character types: VARCHAR(n) holds n bytes.
    sql("CREATE TABLE t (a VARCHAR(4), b VARCHAR, c TEXT, d VARCHAR(MAX))")
    sql("INSERT INTO t (a) VALUES ('éé')")
    sql("INSERT INTO t (d) VALUES (%s)", "é" * 32767)
    error = sql.error("INSERT INTO t (a) VALUES ('ééé')")
    assert (error["C"], error["M"]) == ("22001", "value too long for type character varying(4)")


@pytest.mark.parametrize("column", ["b", "c"])
def test_bare_varchar_and_text_are_256_bytes(sql: Sql, column: str) -> None:
    # Character types: VARCHAR without a length is 256; TEXT is converted to VARCHAR(256).
    sql("CREATE TABLE t (b VARCHAR, c TEXT)")
    sql(f"INSERT INTO t ({column}) VALUES (%s)", "x" * 256)
    assert sql.error(f"INSERT INTO t ({column}) VALUES (%s)", "é" * 128 + "x")["C"] == "22001"


def test_varchar_length_holds_for_constants_expressions_updates_and_parameters(sql: Sql) -> None:
    # Character types: the length counts however the value comes in.
    for statement in (
        "INSERT INTO t VALUES ('ééé')",
        "INSERT INTO t SELECT upper('éé') || 'x'",
        "INSERT INTO t SELECT replace('aaa', 'a', 'é')",
        "UPDATE t SET a = a || 'éé'",
    ):
        sql("CREATE TABLE t (a VARCHAR(4))")
        sql("INSERT INTO t VALUES ('a')")
        assert sql.error(statement)["C"] == "22001"


def test_an_explicit_cast_cuts_to_bytes_at_a_characters_edge(sql: Sql) -> None:
    # CAST: a longer string is cut without an error.
    assert sql("SELECT CAST('aéé' AS VARCHAR(4)), 'aéé'::varchar(3)") == [["aé", "aé"]]


def test_char_takes_single_byte_characters_only(sql: Sql) -> None:
    # Character types: CHAR holds single-byte characters.
    sql("CREATE TABLE t (a CHAR(3))")
    sql("INSERT INTO t VALUES ('a')")
    assert sql("SELECT a, len(a) FROM t") == [["a  ", 1]]
    assert "Multibyte character not supported for CHAR" in sql.error("INSERT INTO t VALUES ('é')")["M"]


def test_decimal_without_precision_has_no_fraction(sql: Sql) -> None:
    # Numeric types: the default is DECIMAL(18,0).
    sql("CREATE TABLE t (a DECIMAL, b NUMERIC(6,2))")
    sql("INSERT INTO t VALUES (1.6, 1.239)")
    assert [str(value) for value in sql("SELECT * FROM t")[0]] == ["2", "1.24"]


def test_identity_columns_refuse_values(sql: Sql) -> None:
    # INSERT: IDENTITY columns can't be given.
    sql("CREATE TABLE t (id BIGINT IDENTITY(0, 1), a INT)")
    assert sql.error("INSERT INTO t (id, a) VALUES (1, 1)")["M"] == "cannot set an identity column to a value"
    sql("CREATE TABLE t (id BIGINT GENERATED BY DEFAULT AS IDENTITY(5, 10), a INT)")
    sql("INSERT INTO t (a) VALUES (1), (2)")
    sql("INSERT INTO t (id, a) VALUES (100, 3)")
    assert sql("SELECT id FROM t ORDER BY id") == [[5], [15], [100]]


def test_quoted_names_fold_to_lower_case(sql: Sql) -> None:
    # Names and identifiers: case-insensitive and folded, also in quotes, by default.
    sql('CREATE TABLE "MixedCase" ("UserId" INT)')
    sql("INSERT INTO mixedcase (userid) VALUES (1)")
    assert sql('SELECT "USERID" FROM "mixedCASE"') == [[1]]


def test_altering_tables(sql: Sql) -> None:
    # ALTER TABLE: one action each, types of VARCHAR columns only.
    sql("CREATE TABLE t (a VARCHAR(10), n INT)")
    sql("ALTER TABLE t ALTER COLUMN a TYPE VARCHAR(20)")
    sql("ALTER TABLE t ADD COLUMN b TEXT ENCODE zstd")
    sql("ALTER TABLE t ALTER DISTSTYLE ALL")
    sql("ALTER TABLE t ADD PRIMARY KEY (a)")
    sql("ALTER TABLE t RENAME COLUMN b TO c")
    sql("INSERT INTO t (a, c) VALUES (repeat('x', 20), 'y')")
    for statement, message in (
        ("ALTER TABLE pg_class ALTER COLUMN oid TYPE BIGINT", "only supported for VARCHAR"),
        ("ALTER TABLE pg_class ADD COLUMN a INT, ADD COLUMN b INT", "syntax error"),
        ("ALTER TABLE pg_class ADD COLUMN a INT NOT NULL", "non-null default"),
        ("ALTER TABLE pg_class ALTER COLUMN relname SET NOT NULL", "syntax error"),
    ):
        assert message in sql.error(statement)["M"]


def test_views_late_binding_and_materialized(sql: Sql) -> None:
    # CREATE VIEW: WITH NO SCHEMA BINDING; CREATE MATERIALIZED VIEW.
    sql("CREATE TABLE t (a INT)")
    sql("CREATE OR REPLACE VIEW v AS SELECT a FROM public.t WITH NO SCHEMA BINDING")
    sql("CREATE MATERIALIZED VIEW m BACKUP NO DISTSTYLE ALL AUTO REFRESH NO AS SELECT count(*) AS n FROM t")
    assert sql("SELECT n FROM m") == [[0]]
    assert "other objects depend" in sql.error("DROP TABLE t")["M"]


def test_maintenance_and_settings_are_taken(sql: Sql) -> None:
    # ANALYZE; SET; VACUUM (not in a transaction block).
    sql("CREATE TABLE t (a INT)")
    sql("ANALYZE t PREDICATE COLUMNS")
    sql("SET query_group TO 'etl'")
    sql("SET enable_result_cache_for_session TO off")
    assert "VACUUM cannot" in sql.error("VACUUM DELETE ONLY t TO 99 PERCENT")["M"]
    sql.connection.autocommit = True
    sql("CREATE TABLE vacuumed (a INT)")
    sql("VACUUM FULL vacuumed")
    sql("DROP TABLE vacuumed")


def test_catalogue_views_tell_tables_and_columns(sql: Sql) -> None:
    # Querying the catalog tables: information_schema, PG_CLASS.
    sql("CREATE TABLE described (a VARCHAR(7), b INT NOT NULL)")
    assert sql(
        "SELECT column_name, data_type, character_maximum_length, is_nullable "
        "FROM information_schema.columns "
        "WHERE table_schema = 'public' AND table_name = 'described' ORDER BY ordinal_position"
    ) == [["a", "character varying", 7, "YES"], ["b", "integer", None, "NO"]]
    assert sql("SELECT count(*) FROM information_schema.tables WHERE table_name = 'described'") == [[1]]
    assert sql("SELECT count(*) FROM pg_class WHERE relname = 'described'") == [[1]]
