"""What the command line says to those who ask it for help, or mistype."""

import re
from typing import Any

import pytest
from typer.main import get_command

from sparkify.cli.app import app
from sparkify.cli.wording import EXAMPLES
from tests.support.cli import Run

_ROOT: Any = get_command(app)
COMMANDS: list[tuple[str, ...]] = [
    *((name,) for name in _ROOT.commands if name != "cluster"),
    *(("cluster", name) for name in _ROOT.commands["cluster"].commands),
]


@pytest.mark.parametrize("words", [(), *COMMANDS], ids=" ".join)
def test_help_has_an_example_and_no_flag_looks_as_if_it_took_a_value(
    words: tuple[str, ...], run: Run
) -> None:
    told = run(*words, "-h")
    assert told.returncode == 0
    assert told.stdout == run(*words, "--help").stdout
    assert "<bool>" not in told.stdout
    assert "[[" not in told.stdout
    if words:
        assert " ".join(("sparkify", *words)) in " ".join(told.stdout.partition("Example")[2].split())


def test_every_example_is_one_of_a_command() -> None:
    for name, examples in EXAMPLES.items():
        assert name in {words[-1] for words in COMMANDS} | {"cluster"}
        for example in examples:
            assert re.match(r"sparkify (cluster )?" + name, example), example


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (("runs", "last"), "Invalid value for 'RUN': it must be a whole number"),
        (("etl", "--wait", "-1"), "Invalid value for '--wait': it must be at least 0"),
        (("export", "out", "--format", "csv"), "Invalid value for '--format': 'csv' is not one of"),
    ],
)
def test_wrong_values_of_options_are_explained_in_plain_words(
    typed: tuple[str, ...], said: str, run: Run
) -> None:
    told = run(*typed)
    assert told.returncode == 2
    assert said in " ".join(re.sub("[^\\x21-\\x7e]", " ", told.stderr).split())


@pytest.mark.parametrize("before", [("--config", "f.cfg"), ("--config=f.cfg", "--database", "w.duckdb")])
def test_what_all_commands_take_may_stand_before_the_command(before: tuple[str, ...], run: Run) -> None:
    told = run(*before, "status")
    assert "f.cfg: can't be read" in told.stderr
    assert told.stderr == run("status", *before).stderr
    assert "f.cfg: can't be read" in run("--config", "f.cfg", "cluster", "status").stderr
    assert run("--config").returncode == 2


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("load", "did you mean etl?"),
        ("run", "did you mean etl?"),
        ("sql", "did you mean query?"),
        ("version", "did you mean --version?"),
        ("statu", "did you mean status?"),
        ("creat-tables", "did you mean create-tables?"),
        ("xyzzy", "the commands are: "),
    ],
)
def test_a_mistyped_command_is_guessed_only_where_one_is_near(typed: str, said: str, run: Run) -> None:
    told = run(typed)
    assert told.returncode == 2
    words = " ".join(re.sub("[^\\x21-\\x7e]", " ", told.stderr).split())
    assert f"No such command '{typed}'; {said}" in words
    assert ("did you mean" in words) == said.startswith("did you mean")


def test_defaults_that_are_told_reach_the_help(run: Run) -> None:
    # In brackets of its own, a default would be taken for markup, and vanish.
    assert "default: (standard input)" in " ".join(run("query", "-h").stdout.split())
    assert all("[default:" not in (option.help or "") for _, option in _options())


def _options() -> list[tuple[str, Any]]:
    cluster = _ROOT.commands["cluster"].commands
    return [
        (name, option)
        for name, command in [*_ROOT.commands.items(), *cluster.items()]
        for option in command.params
    ]
