"""The pages of the reference, made from the source: what they say can't be out of date."""

import csv
import re
from collections.abc import Iterator
from dataclasses import MISSING, fields
from pathlib import Path

import typer

from sparkify.answers.questions import load_questions
from sparkify.cli.app import app
from sparkify.config import settings
from sparkify.config.dwh_cfg_keys import file_keys

ROOT = Path(__file__).parents[1]
SQL = ROOT / "src/sparkify/sql"
SHOWN_ROWS = 10


def commands() -> str:
    """Every command with its help, its arguments and its options."""
    return "# Commands\n\n" + "\n".join(_commands(typer.main.get_command(app), "sparkify"))


def _commands(command: object, name: str) -> Iterator[str]:
    for part, inner in sorted(getattr(command, "commands", {}).items()):
        yield from _commands(inner, f"{name} {part}")
    if hasattr(command, "commands"):
        return
    yield f"## {name}\n\n{getattr(command, 'help', '') or ''}\n"
    rows = []
    for each in getattr(command, "params", ()):
        words = getattr(each, "help", "") or ""
        default = getattr(each, "show_default", None)
        default = (
            default if isinstance(default, str) else each.default if each.default not in (None, False) else ""
        )
        label = ", ".join(each.opts) if each.param_type_name == "option" else (each.metavar or each.name)
        if each.name != "help":
            rows.append((f"`{label}`", words, default))
    yield _table(("argument or option", "meaning", "default"), rows) if rows else ""


def settings_page() -> str:
    """Every setting: its key in dwh.cfg, its environment variable, its default and its meaning."""
    rows = []
    for group in (settings.Settings, *settings._GROUPS.values()):
        meanings = dict(re.findall(r"(?m)^ {8}(\w+): ((?:.|\n {12})+)", group.__doc__ or ""))
        for each in fields(group):
            if each.name not in settings.TYPES:
                continue
            keys = file_keys(each.name)
            default = "" if each.default is MISSING or each.default == "" else f"`{each.default}`"
            meaning = " ".join(meanings.get(each.name, "").replace("``", "`").split())
            names = [f"`[{section}] {key}`" for section, key in keys[:1]] + [
                f"`SPARKIFY_{each.name.upper()}`"
            ]
            rows.append(("<br>".join(names), meaning, default))
    intro = "Flags come first, then variables, then dwh.cfg, then defaults. Other spellings are accepted.\n\n"
    return "# Settings\n\n" + intro + _table(("in dwh.cfg, and variable", "meaning", "default"), rows)


def audits() -> str:
    """Every audit, with what it demands and its SQL."""
    text = "# Audits\n\nAn audit that fails undoes the run; one that warns is told.\n"
    for path in sorted((SQL / "audits").glob("*.sql")):
        script = path.read_text(encoding="utf-8")
        kind, _, claim = script.splitlines()[0].lstrip("- ").partition(": ")
        text += f"\n## {path.stem}\n\n**{kind}**: {claim}\n\n{_folded(script)}"
    return text


def questions() -> str:
    """Every question, with its SQL and its answer on the real sample."""
    text = f"# Questions\n\nAnswers are those of the real sample, {SHOWN_ROWS} rows at most.\n"
    for question in load_questions():
        text += f"\n## {question.name}\n\n{question.title}\n\n"
        with (ROOT / f"tests/expected/sample/{question.name}.csv").open(encoding="utf-8", newline="") as file:
            header, *rows = list(csv.reader(file))
        text += _table(header, rows[:SHOWN_ROWS])
        if len(rows) > SHOWN_ROWS:
            text += f"\n… and {len(rows) - SHOWN_ROWS:,} more.\n"
        text += "\n" + _folded((SQL / f"questions/{question.name}.sql").read_text(encoding="utf-8"))
    return text


def _folded(sql: str) -> str:
    return f'<details markdown="1"><summary>SQL</summary>\n\n```sql\n{sql.strip()}\n```\n\n</details>\n'


def _table(header: tuple[str, ...] | list[str], rows: list[tuple[object, ...]] | list[list[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "".join("| " + " | ".join(_cell(str(cell)) for cell in line) + " |\n" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;").replace("&lt;br>", "<br>")


PAGES = {
    "commands": commands,
    "settings": settings_page,
    "audits": audits,
    "questions": questions,
}
