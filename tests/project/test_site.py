"""The site: built without a warning, complete, and of nothing from elsewhere."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from sparkify.cli.app import app
from sparkify.config.settings import TYPES
from sparkify.sql import STAGING_TABLES, STAR_TABLES
from tests.support.commands import ROOT


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built with --strict: a link that leads nowhere fails it."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return folder


def text(site: Path, page: str) -> str:
    return (site / f"{page}.html").read_text(encoding="utf-8")


def test_the_reference_has_every_command_setting_table_audit_and_question(site: Path) -> None:
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    for name, inner in commands.items():
        for full in [f"{name} {part}" for part in getattr(inner, "commands", ())] or [name]:
            assert f">sparkify {full}<" in text(site, "reference/commands")
    for setting in TYPES:
        assert f"<code>SPARKIFY_{setting.upper()}</code>" in text(site, "reference/settings")
    for table in STAR_TABLES:
        assert f'id="{table}"' in text(site, "tables")
    for folder in ("audits", "questions"):
        for path in (ROOT / f"src/sparkify/sql/{folder}").glob("*.sql"):
            assert f'id="{path.stem}"' in text(site, f"reference/{folder}")


def test_the_graph_of_tables_is_drawn_without_a_script(site: Path) -> None:
    page = text(site, "tables")
    drawn = re.findall(r'<svg class="lineage".*?</svg>', page)
    assert len(drawn) == 1
    for table in (*STAR_TABLES, *STAGING_TABLES[:2], "log_data", "heard_plays"):
        assert f">{table}</text>" in drawn[0]
    assert "flowchart" not in page


def test_no_page_loads_anything_from_elsewhere(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    assert len(pages) > 15
    for page in pages:
        loaded = re.findall(
            r'<(?:script|img|iframe)[^>]* src="?(https?:[^" >]+)', page.read_text(encoding="utf-8")
        )
        styles = re.findall(r'<link[^>]* href="?(https?:[^" >]+)', page.read_text(encoding="utf-8"))
        assert [loaded, styles] == [[], []], page


def test_the_search_knows_the_reference(site: Path) -> None:
    index = (site / "search/search_index.json").read_text(encoding="utf-8")
    assert "reference/questions.html#top_songs" in index
