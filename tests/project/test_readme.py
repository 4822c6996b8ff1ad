"""README.md: one page, whose output is what comes out, and from which every other page is found."""

import re
from pathlib import Path

import pytest
import typer

from sparkify.cli.app import app
from tests.support.commands import ROOT, command

README = (ROOT / "README.md").read_text(encoding="utf-8")
_SPEED = r"in [\d.]+ s, [\d,]+ events/s"


@pytest.mark.slow
def test_the_output_shown_is_that_of_the_commands(tmp_path: Path) -> None:
    (shown,) = re.findall(r"<!-- output of make run -->\n```\n(.*?)```\n", README, re.DOTALL)
    first, last = shown.split("\n…\n\n")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    recipe = re.findall(r"\$\(BIN\)/sparkify (.+)", re.findall(r"(?s)\nrun:.+?\n\n", makefile)[0])
    printed = []
    for line in (*recipe[:3], *recipe[-2:]):  # the answers between them are not shown
        done = command(*line.split(), cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        told = re.sub(r"(?m)^(?:\d{4}-\S+Z|songs:|days:) .+\n", "", done.stderr)  # progress
        printed.append(done.stdout + told)
    assert re.sub(_SPEED, "", first) == re.sub(_SPEED, "", "".join(printed[:3]))
    assert last == "".join(printed[3:])
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
