"""What questions, the report and a check take over a large warehouse that is loaded already."""

from collections.abc import Sequence
from pathlib import Path

from measure import Runs, compare

QUESTIONS = ("top_songs", "songs_on_a_day", "level_changes", "plays_by_level")


def reading(sparkify: Sequence[str], database: Path, page: Path, rounds: int) -> dict[str, Runs]:
    """Measure what reading takes, by what is read.

    Args:
        sparkify: the command.
        database: a warehouse that is loaded.
        page: where the report goes.
        rounds: how often each command is counted.
    """
    on = ["--database", str(database)]
    commands: dict[str, Sequence[str]] = {name: [*sparkify, "questions", name, *on] for name in QUESTIONS}
    commands["report"] = [*sparkify, "report", str(page), *on]
    commands["check"] = [*sparkify, "check", *on]
    return compare(commands, rounds)
