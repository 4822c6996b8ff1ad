"""The diagram of the schema in docs/: it shows the tables as they are, and is current."""

import hashlib
import importlib.util
import re
import xml.etree.ElementTree as ET
from pathlib import Path
from types import ModuleType

import duckdb
import pytest

from sparkify.sql import STAR_TABLES, columns_of
from tests.support.runs import create_tables
from tests.support.settings import settings_of

DOCS = Path(__file__).parents[2] / "docs"
RENEW = "renew it with: python docs/make_schema_diagram.py"


@pytest.fixture(scope="module")
def diagram() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_schema_diagram", DOCS / "make_schema_diagram.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_table_of_columns_in_the_rules_is_current() -> None:
    rows = re.findall(
        r"^\| (\w+) \| [^|]+ \| ([\w, ]+) \|$", (DOCS / "rules.md").read_text("utf-8"), re.MULTILINE
    )
    told = {table: columns.split(", ") for table, columns in rows[1:]}
    made = {table: list(columns_of(table)) for table in STAR_TABLES}
    assert told == made, "renew the table in docs/rules.md"


def test_the_svg_is_current(diagram: ModuleType) -> None:
    assert (DOCS / "schema.svg").read_text(encoding="utf-8") == diagram.draw(), RENEW


def test_the_png_is_of_the_current_svg() -> None:
    image = (DOCS / "schema.png").read_bytes()
    told = re.search(rb"tEXtSVG-SHA256\0([0-9a-f]{64})", image)
    assert image.startswith(b"\x89PNG")
    assert told is not None
    assert told[1].decode() == hashlib.sha256((DOCS / "schema.svg").read_bytes()).hexdigest(), RENEW


def test_it_shows_the_columns_that_the_database_has(diagram: ModuleType, tmp_path: Path) -> None:
    create_tables(settings_of(database=str(tmp_path / "w.duckdb")))
    with duckdb.connect(str(tmp_path / "w.duckdb"), read_only=True) as connection:
        for table in STAR_TABLES:
            real = [row[:2] for row in connection.execute(f"DESCRIBE {table}").fetchall()]
            assert [(column.name, column.type) for column in diagram.read_columns(table)] == real


def test_it_links_each_key_to_the_table_it_belongs_to(diagram: ModuleType) -> None:
    links = {
        (table, column.name): column.refers_to
        for table in STAR_TABLES
        for column in diagram.read_columns(table)
        if column.refers_to
    }
    assert links == {
        ("songplays", "start_time"): "time",
        ("songplays", "user_id"): "users",
        ("songplays", "song_id"): "songs",
        ("songplays", "artist_id"): "artists",
        ("songs", "artist_id"): "artists",
    }
    drawn = ET.fromstring(diagram.draw()).findall(".//{*}path[@class='link']")  # noqa: S314 - our own
    assert len(drawn) == len(links)
