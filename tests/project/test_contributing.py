"""What contributors do with the repository: a copy of it, in which scripts write what is committed."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.answers import SIMULATION
from tests.support.commands import ROOT

pytestmark = pytest.mark.slow

_LEFT_OUT = shutil.ignore_patterns("__pycache__", ".*", "*.ipynb")


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """The parts of the repository that scripts write to, and what they need."""
    for name in ("docs", "tests", "benchmarks", "src"):
        shutil.copytree(ROOT / name, tmp_path / "clone" / name, ignore=_LEFT_OUT)
    shutil.copy(ROOT / "pyproject.toml", tmp_path / "clone")
    return tmp_path / "clone"


def run(clone: Path, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    kept = {key: value for key, value in os.environ.items() if not key.startswith("SPARKIFY_")}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=clone,
        env=kept
        | {
            "PYTHONPATH": str(clone / "src"),
            "PYTHONDONTWRITEBYTECODE": "1",
            "SPARKIFY_SAMPLE_DATA": "nowhere",
        }
        | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and "benchmarks/.data" not in path.as_posix()
    }


def assert_refused(done: "subprocess.CompletedProcess[str]", *parts: str) -> None:
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith("error: ")
    for part in (*parts, "hint: "):
        assert part in done.stderr


@pytest.mark.thorough
@pytest.mark.parametrize(
    "script",
    ["-m tests.answers_reference", "docs/make_report_picture.py", "docs/make_simulator_docs.py"],
)
def test_what_is_made_of_the_sample_is_made_of_nothing_else(clone: Path, tmp_path: Path, script: str) -> None:
    other = tmp_path / "other"
    for source in ("log_data", "song_data"):
        (other / source).mkdir(parents=True)
        (other / source / "a.json").write_text("{}\n")
    before = contents(clone)
    for sample, held in (("nowhere", "0 and 0"), (str(other), "1 and 1")):
        done = run(clone, *script.split(), SPARKIFY_SAMPLE_DATA=sample)
        assert_refused(
            done, "not the real sample", f"but {held}; nothing was written", "SPARKIFY_SAMPLE_DATA"
        )
        assert contents(clone) == before


def test_without_a_browser_the_diagram_stays_as_it_is_in_both_its_forms(clone: Path) -> None:
    (clone / "docs/schema.svg").write_text("an older one")
    before = contents(clone)
    done = run(clone, "docs/make_schema_diagram.py", PATH=str(Path(sys.executable).parent))
    assert done.returncode == 1
    assert "make system-packages" in done.stderr
    assert contents(clone) == before


@pytest.mark.thorough
@pytest.mark.parametrize("kept", [None, "{", ["peers", "growth"]])
def test_pages_of_benchmarks_lose_nothing_that_was_measured(
    clone: Path, kept: str | list[str] | None
) -> None:
    results = clone / "benchmarks/results.json"
    if kept is None:
        results.unlink()
    elif isinstance(kept, str):
        results.write_text(kept)
    else:
        known = json.loads(results.read_text(encoding="utf-8"))
        results.write_text(json.dumps({name: known[name] for name in kept}))
    before = contents(clone)
    done = run(clone, "benchmarks/bench.py", "--render")
    assert_refused(done, "results.json", "git restore")
    assert contents(clone) == before


QUESTION = """\
-- How many plays did each user have at most in one session?
-- One row per user.
WITH sessions AS (
    SELECT
        user_id,
        session_id,
        COUNT(*) AS plays
    FROM songplays
    GROUP BY user_id, session_id
)

SELECT
    user_id,
    MAX(plays) AS most_plays
FROM sessions
GROUP BY user_id
ORDER BY most_plays DESC, user_id;
"""
DERIVATION = """

def longest_sessions(data: Data) -> Answer:
    most = {
        user: max(Counter(each.session for each in group).values())
        for user, group in grouped(lambda each: each.user, data.plays).items()
    }
    return "user_id,most_plays", sorted(most.items(), key=lambda row: (-row[1], row[0]))


DERIVED: """


@pytest.mark.thorough
def test_who_has_no_sample_can_add_a_question_as_contributing_says(clone: Path) -> None:
    said = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert "python -m tests.answers_reference --simulated" in said
    (clone / "src/sparkify/sql/questions/longest_sessions.sql").write_text(QUESTION)
    reference = clone / "tests/answers_reference.py"
    text = reference.read_text(encoding="utf-8")
    assert text.count("\n\nDERIVED: ") == 1
    text = text.replace("\n\nDERIVED: ", DERIVATION)
    reference.write_text(text.replace(" level_changes,\n", " level_changes,\n        longest_sessions,\n"))
    before = contents(clone)
    done = run(clone, "-m", "tests.answers_reference", "--simulated")
    assert done.returncode == 0, done.stderr
    after = contents(clone)
    assert after.keys() - before.keys() == {"tests/expected/simulated/longest_sessions.csv"}
    assert {name for name in before if after[name] != before[name]} == set()
    rows = after["tests/expected/simulated/longest_sessions.csv"].decode().splitlines()
    assert rows[0] == "user_id,most_plays"
    assert 10 < len(rows) <= SIMULATION.users + 1
    # The tests that a question may break; others take long.
    only = "longest_sessions or answer_file or every_question or every_chart"
    tests = (
        "-p",
        "no:cacheprovider",
        "tests/answers/test_questions.py",
        "tests/answers/test_report.py",
        "-k",
        only,
    )
    passed = run(clone, "-m", "pytest", "-q", "-x", *tests)
    assert passed.returncode == 0, passed.stdout
