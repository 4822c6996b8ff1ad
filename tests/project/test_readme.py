"""README.md: one page, whose output is what comes out, and from which every other page is found."""

import html
import re
import runpy
from pathlib import Path

import pytest
import typer
from rich.text import Text

from sparkify.cli.app import app
from tests.support.commands import ROOT, command

README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.thorough
@pytest.mark.slow
def test_what_is_shown_of_the_first_minute_is_what_the_commands_print(tmp_path: Path) -> None:
    script = runpy.run_path(str(ROOT / "docs" / "make_recording.py"))
    printed = [script["untimed"](Text.from_ansi(line.text).plain) for line in script["record"](tmp_path)]
    for theme in script["THEMES"]:
        assert f"docs/first-minute-{theme}.svg" in README
        picture = (ROOT / "docs" / f"first-minute-{theme}.svg").read_text(encoding="utf-8")
        shown = [""] * len(printed)
        for number, text in re.findall(r'<text [^>]*clip-path="url\(#t-line-(\d+)\)">(.*?)</text>', picture):
            shown[int(number)] += html.unescape(text).replace("\xa0", " ")
        assert [script["untimed"](line) for line in shown] == printed
    sql, rows = re.findall(r'\$ sparkify query "(.+?)"\n(.+?)\n\n', README, re.DOTALL)[0]
    answer = command("query", sql, cwd=tmp_path).stdout
    assert answer.splitlines() == [line.strip() for line in rows.splitlines()]


def test_it_is_one_page() -> None:
    assert len(README.splitlines()) <= 140


def test_every_page_of_docs_is_reached_from_it() -> None:
    seen: set[Path] = set()
    found = [ROOT / "README.md"]
    while found:
        page = found.pop()
        if page not in seen:
            seen.add(page)
            links = re.findall(r"\]\(([\w./-]+\.md)", page.read_text(encoding="utf-8"))
            found += [(page.parent / link).resolve() for link in links]
    assert set((ROOT / "docs").glob("*.md")) - seen == set()


def test_the_quick_start_names_every_command() -> None:
    page = (ROOT / "docs/quick-start.md").read_text(encoding="utf-8")
    for name in typer.main.get_command(app).commands:  # type: ignore[attr-defined]
        assert re.search(rf"(?m)^\| `sparkify {name}\b", page), name
