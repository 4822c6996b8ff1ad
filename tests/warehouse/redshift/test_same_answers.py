"""Redshift (the stand-in) against DuckDB: the same files give the same rows, however they are loaded."""

from contextlib import closing
from decimal import Decimal

import pytest

from sparkify.answers.asked import read_asked
from sparkify.answers.questions import ask, load_questions
from sparkify.answers.spans import span_of
from sparkify.simulate import SimulationOptions, simulate, sink_for
from sparkify.warehouse.contract import Row
from sparkify.warehouse.opening import connect
from tests.warehouse.redshift.support import Site, assert_equal, drop_what_copy_judges_otherwise

SPANS = [
    read_asked("2018-11-02", "2018-11-03", None, "America/Los_Angeles"),
    read_asked(None, None, None, "Asia/Kathmandu"),
    read_asked(None, "2018-11-02", None, None),
    read_asked(None, None, "2d", None),
]


def as_numbers(rows: list[Row]) -> list[Row]:
    """Redshift divides to DECIMAL, DuckDB to DOUBLE; people read the same."""
    return [tuple(float(value) if isinstance(value, Decimal) else value for value in row) for row in rows]


def test_dirty_data_give_the_same_rows_rejects_and_answers_on_both_engines(site: Site) -> None:
    simulate(SimulationOptions(songs=60, users=40, days=4, dirty=0.05), sink_for(str(site.folder)))
    loaded = site.load()
    state, other = site.state, site.in_duckdb("answers.duckdb")
    assert_equal(state, site.state_in_duckdb())
    assert len(state["songplays"]) > 200
    assert loaded.summary.sources["log_data"].rejected > 10
    answered = 0
    with (
        closing(connect(loaded.settings, read_only=True)) as here,
        closing(connect(other.settings, read_only=True)) as there,
    ):
        for question in load_questions():
            columns, rows = ask(here, question)
            assert (columns, as_numbers(rows)) == ask(there, question), question.name
            answered += bool(rows)
            for asked in SPANS:
                columns, rows = ask(here, question, span=span_of(here, asked))
                other_answer = ask(there, question, span=span_of(there, asked))
                assert (columns, as_numbers(rows)) == other_answer, (question.name, asked)
    assert answered > 20


@pytest.mark.forms(1)
@pytest.mark.parametrize("way", ["manifest", "prefix"])
def test_what_copy_judges_itself_comes_out_the_same(site: Site, way: str) -> None:
    simulate(SimulationOptions(songs=30, users=20, days=2, dirty=0.05), sink_for(str(site.folder)))
    drop_what_copy_judges_otherwise(site.folder)
    site.use(way)
    loaded, other = site.load(), site.in_duckdb("same.duckdb")
    assert loaded.star == other.star
    # COPY has other words for the same reasons.
    places = [(name, line) for name, line, _, _ in loaded.rejects]
    assert places == [(name, line) for name, line, _, _ in other.rejects]
    assert places
    counts = "SELECT source, size, records, loaded, rejected FROM ledger ORDER BY uri"
    assert loaded.query(counts) == other.query(counts)
