"""Draws docs/schema.svg and docs/schema.png, the star schema, from the CREATE TABLE statements.

    python docs/make_schema_diagram.py

Columns, types and their order are those of the statements; keys come from their comments, where a column
names the one that it refers to (``-- users.user_id``). The PNG is the SVG as Chromium shows it, and holds the
SVG's SHA-256, by which a test tells whether it is current.
"""

import hashlib
import re
import shutil
import struct
import sys
import zlib
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

from sparkify.sql import STAR_TABLES, create_table

DOCS = Path(__file__).parent
WIDTH, HEIGHT = 1080, 560
BOX, HEAD, ROW = 268, 40, 27
PLACES = {
    "songplays": (406, 96),
    "time": (24, 40),
    "users": (24, 344),
    "songs": (788, 40),
    "artists": (788, 312),
}
"""The left upper corner of each table."""

_COLUMN = re.compile(r"^\s+(\w+) ([A-Z]+)(?: DEFAULT [^,\n]*?)?,?(?: -- (.*))?$", re.MULTILINE)

STYLE = """
  text {
    font: 14px Inter, system-ui, -apple-system, "Segoe UI", Roboto, Helvetica, Arial, sans-serif;
    fill: #16181d;
  }
  .page { fill: #ffffff } .box { fill: #ffffff; stroke: #cfcbe8 }
  .head { fill: #5646d8 } .fact { fill: #1d1740 }
  .title { font-weight: 700; fill: #ffffff } .grain { font-size: 12px; fill: #e4e1fb }
  .type { fill: #5b6270; font-size: 12px } .key { font-weight: 700 } .rule { stroke: #eceaf6 }
  .mark { font-size: 10px; font-weight: 700; fill: #5646d8 }
  .link { fill: none; stroke: #8d86b8; stroke-width: 1.6 }
  @media (prefers-color-scheme: dark) {
    text { fill: #eceef2 } .page { fill: #0f1014 } .box { fill: #181a20; stroke: #3a3d49 }
    .head { fill: #5f51d4 } .fact { fill: #3a2f86 } .type { fill: #a0a8b6 } .mark { fill: #b4adff }
    .rule { stroke: #272a33 } .link { stroke: #8f89b5 }
  }
"""


@dataclass(frozen=True)
class Column:
    """A column: its name and type, and the table that it refers to, if any."""

    name: str
    type: str
    refers_to: str | None
    is_optional: bool


def read_columns(table: str) -> list[Column]:
    """The columns of a table, from its CREATE TABLE statement."""
    columns = []
    for name, kind, comment in _COLUMN.findall(create_table(table, "duckdb")):
        reference = re.search(r"\b(\w+)\.(\w+)\b", comment)
        target = reference[1] if reference and reference[1] in STAR_TABLES else None
        # Told of one column, and of the next by "likewise".
        optional = "NULL" in comment or "likewise" in comment
        columns.append(Column(name, kind, target, optional))
    return columns


def draw() -> str:
    """The diagram as SVG."""
    tables = {table: read_columns(table) for table in STAR_TABLES}
    links = [
        _link(table, number, column, tables[column.refers_to])
        for table, columns in tables.items()
        for number, column in enumerate(columns)
        if column.refers_to
    ]
    said = "; ".join(
        f"{table}: {', '.join(column.name for column in columns)}" for table, columns in tables.items()
    )
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"'
        ' aria-labelledby="title desc">',
        '<title id="title">The star schema</title>',
        f'<desc id="desc">{escape(said)}</desc>',
        f"<style>{STYLE}</style>",
        f'<rect class="page" width="{WIDTH}" height="{HEIGHT}"/>',
        *links,
        *(_table(table, columns) for table, columns in tables.items()),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _table(table: str, columns: list[Column]) -> str:
    x, y = PLACES[table]
    grain = create_table(table, "duckdb").splitlines()[0].partition(": ")[2].rstrip(".")
    grain = grain.replace("songplays.", "")  # the picture shows whose it is
    height = HEAD + ROW * len(columns) + 6
    parts = [
        f'<g><rect class="box" x="{x}" y="{y}" width="{BOX}" height="{height}" rx="10"/>',
        f'<path class="head{" fact" if table == "songplays" else ""}" d="M{x} {y + HEAD}V{y + 10}'
        f'q0-10 10-10h{BOX - 20}q10 0 10 10V{y + HEAD}Z"/>',
        f'<text class="title" x="{x + 14}" y="{y + 25}">{table}</text>',
        f'<text class="grain" x="{x + BOX - 14}" y="{y + 25}" text-anchor="end">{escape(grain)}</text>',
    ]
    for number, column in enumerate(columns):
        line = y + HEAD + ROW * number
        is_key = number == 0
        mark = "PK" if is_key else "FK" if column.refers_to else ""
        if number:
            parts.append(f'<path class="rule" d="M{x + 1} {line}h{BOX - 2}"/>')
        if mark:
            parts.append(f'<text class="mark" x="{x + 14}" y="{line + 18}">{mark}</text>')
        weight = ' class="key"' if is_key else ""
        parts.append(f'<text{weight} x="{x + 40}" y="{line + 18}">{column.name}</text>')
        kind = column.type + (", may be NULL" if column.refers_to and column.is_optional else "")
        parts.append(f'<text class="type" x="{x + BOX - 14}" y="{line + 18}" text-anchor="end">{kind}</text>')
    return "\n".join(parts) + "</g>"


def _link(table: str, number: int, column: Column, target: list[Column]) -> str:
    """A line from a column to the key it refers to: a crow's foot for many, a bar for one."""
    x, y = PLACES[table]
    to_x, to_y = PLACES[str(column.refers_to)]
    key = next(n for n, each in enumerate(target) if each.name == column.name)
    start, end = y + HEAD + ROW * number + ROW // 2, to_y + HEAD + ROW * key + ROW // 2
    if x == to_x:  # in one column: around the outside
        side, far = x + BOX, x + BOX + 18
        line = f"M{side} {start}H{far - 6}q6 0 6 6V{end - 6}q0 6 -6 6H{side}"
        return (
            f'<path class="link" d="{line}M{side + 10} {start}L{side} {start - 5}M{side + 10} {start}'
            f'L{side} {start + 5}M{side + 7} {end - 5}v10"/>'
        )
    way = 1 if to_x > x else -1
    from_x, at_x = (x + BOX, to_x) if way > 0 else (x, to_x + BOX)
    middle = (from_x + at_x) / 2
    foot = from_x + way * 11
    return (
        f'<path class="link" d="M{from_x} {start}H{foot}'
        f"C{middle:g} {start} {middle:g} {end} {at_x - way * 14} {end}H{at_x}"
        f"M{foot} {start}L{from_x} {start - 6}M{foot} {start}L{from_x} {start + 6}"
        f'M{at_x - way * 8} {end - 6}v12"/>'
    )


def png_of(svg: str) -> bytes:
    """The diagram as Chromium shows it, with the SVG's hash inside."""
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium")
    if chromium is None:
        sys.exit("Chromium is not installed; install it with: make system-packages")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu", "--no-first-run"]
        )
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, device_scale_factor=2)
        page.set_content(f'<body style="margin:0">{svg}</body>')
        image = page.screenshot()
        browser.close()
    text = b"SVG-SHA256\0" + hashlib.sha256(svg.encode()).hexdigest().encode()
    chunk = struct.pack(">I", len(text)) + b"tEXt" + text + struct.pack(">I", zlib.crc32(b"tEXt" + text))
    end_of_header = 8 + 25  # the signature, and IHDR with its length, name and checksum
    return image[:end_of_header] + chunk + image[end_of_header:]


def main() -> None:
    """Write both files."""
    svg = draw()
    png = png_of(svg)
    (DOCS / "schema.svg").write_text(svg, encoding="utf-8")
    (DOCS / "schema.png").write_bytes(png)


if __name__ == "__main__":
    main()
