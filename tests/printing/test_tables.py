"""Tables for people: numbers that can be read, and texts that give way to them."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from rich.cells import cell_len

from sparkify.printing.output import cell_text
from sparkify.printing.tables import Look, columns_of, laid_out


def table(names: list[str], *rows: tuple[Any, ...], width: int | None = None, **look: bool) -> list[str]:
    text, _ = laid_out(columns_of(names, rows, cell_text, Look(**look)), width, Look(**look))
    return text.splitlines()


def cells(*values: Any, name: str = "value") -> list[str]:
    return [line.strip() for line in table([name], *((value,) for value in values))[2:]]


def test_counts_have_their_thousands_set_apart() -> None:
    assert cells(72752, -1234567, 999) == ["72,752", "-1,234,567", "999"]


@pytest.mark.parametrize("name", ["year", "user_id", "songplay_id", "id", "run", "YEAR(start_time)", "ts"])
def test_years_and_ids_are_no_counts(name: str) -> None:
    assert cells(2018, 1541105830796, name=name) == ["2018", "1541105830796"]


@pytest.mark.parametrize("name", ["plays", "listeners", "yearly_plays", "video", "hours", "runs_made"])
def test_what_only_sounds_like_an_id_is_a_count(name: str) -> None:
    assert cells(72752, name=name) == ["72,752"]


def test_fractions_have_no_more_decimals_than_people_read_and_the_same_in_a_column() -> None:
    assert cells(2275.6666666666665, 12.0) == ["2,275.67", "12.00"]
    assert cells(81.2, 18.8) == ["81.2", "18.8"]
    assert cells(7.0) == ["7.0"]
    assert cells(1 / 3, None) == ["0.333333", "NULL"]
    assert cells(1e-9, 1.5) == ["1e-09", "1.5"]
    assert cells(float("nan"), float("inf"), 1.5) == ["nan", "inf", "1.5"]
    assert cells(Decimal("1234.10")) == ["1,234.10"]


def test_null_and_an_empty_text_can_be_told_apart() -> None:
    assert cells(None, "", "x") == ["NULL", "", "x"]


def test_true_and_false_are_written_as_in_sql() -> None:
    assert cells(True, False) == ["true", "false"]


@pytest.mark.parametrize("width", [20, 32, 40, 80, 200])
def test_no_line_is_wider_than_the_terminal_and_no_number_or_day_is_cut(width: int) -> None:
    names = ["day", "a_rather_long_title", "plays", "text", "other_text"]
    rows = [(date(2018, 11, 1), 1234567, 12, "x" * 300, "東京" * 40), (date(2018, 11, 2), 1, 2, "y", "")]
    lines = table(names, *rows, width=width)
    is_table = "2018-11-01" in lines[-2] and "2018-11-02" in lines[-1]
    assert is_table == (width >= 50)
    if is_table:
        assert max(map(cell_len, lines)) <= width
    for whole in ("2018-11-01", "1,234,567", "12"):
        assert any(whole in line.split() for line in lines)


def test_titles_are_wrapped_before_anything_is_cut() -> None:
    lines = table(["level", "plays_per_listener"], ("paid", 245.8), width=18)
    assert lines == ["        plays_per_", "level     listener", "─" * 18, "paid         245.8"]


def test_plain_tables_have_neither_lines_nor_bars() -> None:
    rows = (("paid", 81.2), ("free", 18.8))
    assert any("█" in line for line in table(["level", "share_percent"], *rows, bars=True))
    plain = table(["level", "share_percent"], *rows, bars=True, plain=True)
    assert [line.split() for line in plain] == [
        ["level", "share_percent"],
        ["paid", "81.2"],
        ["free", "18.8"],
    ]


def test_bars_give_way_where_there_is_no_room() -> None:
    lines = table(["level", "share_percent"], ("paid", 81.2), bars=True, width=20)
    assert "█" not in "".join(lines)
    assert lines[-1].endswith("81.2")


@pytest.mark.parametrize("share", [0, 0.1, 12.5, 50, 99.9, 100])
def test_a_bar_is_as_long_as_its_share(share: float) -> None:
    line = table(["share_percent"], (share,), bars=True)[-1]
    drawn = line.replace(str(float(share)), "").replace(str(share), "").strip()
    eighths = 8 * drawn.count("█") + sum("▏▎▍▌▋▊▉".find(each) + 1 for each in drawn if each != "█")
    assert eighths == round(share / 100 * 96)
