"""What people are told of a run and of a warehouse."""

from typing import TYPE_CHECKING

from rich.text import Text

from sparkify.load import gone
from sparkify.load.ledger import source_notes
from sparkify.printing.console import Console
from sparkify.printing.output import print_rows
from sparkify.printing.tables import Column, laid_out
from sparkify.printing.terminal import printable
from sparkify.printing.wording import counted, plural, size_text

if TYPE_CHECKING:
    from sparkify.load.summary import Summary
    from sparkify.load.unload import Chosen
    from sparkify.sources.objects import Source, SourcePlan
    from sparkify.warehouse.recreate import Holdings


_RARE = 0.01
"""A share of matched plays below which people look for a fault where there is none."""


_SHOWN = 20
"""How many warnings, or notes, of a run are printed: nobody reads ten thousand."""


def warn(console: Console, text: str) -> None:
    """Print a warning or note so that it stands out."""
    console.print(Text(printable(text), "yellow"))


def _print_table(console: Console, columns: list[str], rows: list[list[str]]) -> None:
    made = [Column(name, [row[at] for row in rows], to_right=at > 0) for at, name in enumerate(columns)]
    text, _ = laid_out(made, console.width if console.is_terminal else None)
    console.print(Text(text), soft_wrap=True)


def print_summary(summary: "Summary", location: str, seconds: float, console: Console) -> None:
    """Say what a run did in so many seconds: per source its files and records, per table its rows."""
    if summary.outcome == "nothing new":
        known = sum(source.known for source in summary.sources.values())
        console.print(f"{location}: nothing new; all {known:,} files are loaded already")
    else:
        names = ["files", "known", "records", "loaded", "rejected"]
        sources = [
            [source, *(f"{getattr(counts, name):,}" for name in names)]
            for source, counts in summary.sources.items()
        ]
        _print_table(console, ["source", *names], sources)
    _print_tables(summary, console)
    for file, line, reason in summary.rejects:
        warn(console, f"rejected: {file}:{line}: {reason}")
    rejected = sum(source.rejected for source in summary.sources.values())
    if rejected > len(summary.rejects):
        console.print(f"… and {rejected - len(summary.rejects):,} more; all of them: sparkify rejects")
    _print_said(summary, console)
    if summary.account is not None and summary.account.events:
        console.print(summary.account.sentence(), highlight=False)
    plays = summary.tables["songplays"][0]
    is_rare = plays and summary.matched < _RARE * plays
    share = f" ({summary.matched / plays:.{2 if is_rare else 1}%})" if plays else ""
    matches = f"{summary.matched:,} of {plays:,} plays{share} matched to a song of the catalogue"
    events = summary.sources["log_data"].records
    speed = f", {events / seconds:,.0f} events/s" if events else ""
    console.print(f"{matches}; {location} in {seconds:.1f} s{speed}")
    if is_rare and summary.outcome != "nothing new":
        songs = plural(summary.tables["songs"][0], "song")
        console.print(
            f"the catalogue ({songs}) has hardly any of what was played; heard_plays has the titles"
        )


def _print_tables(summary: "Summary", console: Console) -> None:
    tables = [
        [table, f"{rows:,}", f"{new:+,}" if new else "0"] for table, (rows, new) in summary.tables.items()
    ]
    _print_table(console, ["table", "rows", "new"], tables)


def _print_said(summary: "Summary", console: Console) -> None:
    for severity in ("note", "warning"):
        _print_first(
            console, severity, [text for each, text in summary.said if each == severity], summary.run_id
        )


def _print_first(console: Console, severity: str, texts: list[str], run_id: int) -> None:
    for text in texts[:_SHOWN]:
        warn(console, f"{severity}: {text}")
    if len(texts) > _SHOWN:
        more = plural(len(texts) - _SHOWN, f"more {severity}")
        warn(console, f"… and {more}; all of them: sparkify runs {run_id} --json")


def print_unloaded(summary: "Summary", location: str, seconds: float, console: Console) -> None:
    """Say what is left once files have been taken out."""
    _print_tables(summary, console)
    _print_said(summary, console)
    console.print(f"brought {location} up to date in {seconds:.1f} s")


def print_chosen(chosen: "Chosen", console: Console) -> None:
    """Print which files would be taken out to stdout; how many, to stderr."""
    rows = [
        (source, uri, file.records, file.loaded)
        for source, files in chosen.files.items()
        for uri, file in files.items()
    ]
    print_rows(["source", "file", "records", "loaded"], rows, "table")
    console.print(f"would unload {chosen.described()}", highlight=False)


def print_concerns(summary: "Summary", console: Console) -> None:
    """Say only what somebody should look at: warnings, and that records were rejected."""
    rejected = sum(source.rejected for source in summary.sources.values())
    if rejected:
        records = counted(rejected, "record was", "records were")
        warn(console, f"warning: {records} rejected; to see them: sparkify rejects")
    _print_first(console, "warning", summary.concerns, summary.run_id)


def print_dropped(dropped: "Holdings", console: Console) -> None:
    """Say what has gone with the tables."""
    if dropped.rows:
        warn(console, f"dropped from {dropped.location}: {dropped.described()}")
        _print_table(
            console, ["table", "rows dropped"], [[name, f"{rows:,}"] for name, rows in dropped.rows.items()]
        )


def print_plan(plans: "dict[Source, SourcePlan]", console: Console) -> None:
    """Print which files a run would load to stdout; how many, and what would go, to stderr."""
    rows = []
    for source, todo in plans.items():
        rows += [(source, file.source.uri, file.source.size) for file in todo.added]
    if rows:
        print_rows(["source", "file", "bytes"], rows, "table")
    for source, todo in plans.items():
        console.print(
            f"{source}: {plural(len(todo.added), 'file')} to load ({size_text(todo.size)}),"
            f" {len(todo.removed):,} of them in place of what was loaded before;"
            f" {todo.known:,} are loaded already",
            highlight=False,
        )
        for note in [*source_notes(source, todo), *_smaller_note(source, todo.smaller)]:
            warn(console, f"note: {note}")
    for note in gone.lost_notes(plans, "would go with them"):
        warn(console, f"warning: {note}; etl refuses that unless --drop-missing is said")


def _smaller_note(source: str, uris: list[str]) -> list[str]:
    if not uris:
        return []
    files = counted(len(uris), "changed file is", "changed files are")
    more = ", …" if len(uris) > 1 else ""
    return [
        f"{source}: {files} smaller than when loaded ({uris[0]}{more}):"
        " records may leave the warehouse, and etl fails over one without any unless --allow-shrunk is said"
    ]
