"""What the report shows of the questions about what is listened to, and where."""

from sparkify.answers.report.charts import Cell, Chart, Tile, Tiles, bars, compact, number, step_of
from sparkify.answers.report.words import Record, full_day, plural

# Where each state is on the usual tile grid: one string per row, two letters per column.
_TILE_ROWS = (
    "AK..................ME",
    "..................VTNH",
    "WAIDMTNDMNILWIMINYRIMA",
    "ORNVWYSDIAINOHPANJCT..",
    "CAUTCONEMOKYWVVAMDDE..",
    "..AZNMKSARTNNCSCDC....",
    "......OKLAMSALGA......",
    "HI....TX........FL....",
)


def songs(rows: list[Record], where: str = "") -> tuple[str, Chart]:
    """The most played songs."""
    first = rows[0]
    said = (
        f"“{first['title']}” by {first['artist']} leads{where}:"
        f" {plural(first['plays'], 'play')} by {plural(first['listeners'], 'listener')}."
    )
    return said, bars(rows, "title", note="artist", stacked=True)


def artists(rows: list[Record]) -> tuple[str, Chart]:
    """The most played artists."""
    first = rows[0]
    said = (
        f"{first['artist']} leads: {plural(first['plays'], 'play')} of {plural(first['songs'], 'song')}"
        f" by {plural(first['listeners'], 'listener')}."
    )
    return said, bars(rows, "artist", note=lambda row: plural(row["songs"], "song"), stacked=True)


def gaps(rows: list[Record]) -> tuple[str, Chart]:
    """Artists whose songs the catalogue lacks."""
    first = rows[0]
    said = (
        f"{first['artist']} comes first: {plural(first['plays'], 'play')} of"
        f" {plural(first['songs'], 'song')} that the catalogue does not have."
    )
    return said, artists(rows)[1]


def songs_on_a_day(rows: list[Record]) -> tuple[str, Chart]:
    """The songs of a day."""
    count, plays = len(rows), sum(row["plays"] for row in rows)
    said = f"{full_day(rows[0]['day'])}, the last day: {plural(count, 'song')} in {plural(plays, 'play')}."
    return said, songs(rows)[1]


def match(rows: list[Record]) -> tuple[str, Chart]:
    """Plays whose song the catalogue has, and the others."""
    matched = next((row["plays"] for row in rows if row["matched"] == "yes"), 0)
    total = sum(row["plays"] for row in rows)
    names = {"yes": "in the catalogue", "no": "not in it"}
    return f"{number(matched)} of {plural(total, 'play')} do.", bars(
        rows,
        lambda row: names[row["matched"]],
        second=lambda row: row["matched"] == "no",
    )


def locations(rows: list[Record]) -> tuple[str, Chart]:
    """The places with most plays."""
    first = rows[0]
    where = first["location"] or "Unknown"
    said = f"{where} leads, of {plural(len(rows), 'place')}: {plural(first['plays'], 'play')}."
    return said, bars(
        rows,
        lambda row: str(row["location"] or "unknown"),
        note=lambda row: plural(row["listeners"], "listener"),
        stacked=True,
    )


def states(rows: list[Record]) -> tuple[str, Chart]:
    """The states, on a map of tiles."""
    by_state = {row["state"]: row for row in rows}
    top = max(row["plays"] for row in rows)
    tiles = []
    for y, line in enumerate(_TILE_ROWS, 1):
        for x in range(0, len(line), 2):
            state = line[x : x + 2]
            if state == "..":
                continue
            row = by_state.pop(state, {"plays": 0, "listeners": 0})
            said = f"{state}: {plural(row['plays'], 'play')} by {plural(row['listeners'], 'listener')}"
            tiles.append(Tile(x // 2 + 1, y, Cell(step_of(row["plays"], top), state, said)))
    first = rows[0]
    rest = ", ".join(f"{state or 'unknown'} {number(row['plays'])}" for state, row in by_state.items())
    said = (
        f"{first['state'] or 'Unknown'} leads, of {plural(len(rows), 'state')}:"
        f" {plural(first['plays'], 'play')}, {number(first['share_percent'])} % of all,"
        f" by {plural(first['listeners'], 'listener')}."
    )
    return said, Tiles(tiles, f"Not on the map: {rest}." if rest else "", "no plays", compact(top))
