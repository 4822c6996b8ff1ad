"""The report: what stands on the page, and how it looks and behaves in a real browser."""

import base64
import contextlib
import csv
import hashlib
import html
import html.parser
import json
import math
import re
import shutil
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, cast

import duckdb
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page
from typer.testing import CliRunner

from sparkify import __version__
from sparkify.answers.questions import load_questions
from sparkify.answers.report import SECTIONS, write_report
from sparkify.answers.report.cards import VIEWS, view_of
from sparkify.answers.report.charts import Grid, columns_panel, compact, nice_top, step_of, thin
from sparkify.cli.app import app
from sparkify.errors import SparkifyError, UsageError
from tests.support.answers import Catalogued, load, needs_sample, play, write_sources, write_year
from tests.support.browser import chromium, needs_chromium, opened, overlaps, overlaps_at
from tests.support.builders import event, track, write
from tests.support.sample import SAMPLE

pytestmark = pytest.mark.slow

NOON = 1_541_073_600_000  # 2018-11-01 12:00 UTC
DAY = 24 * 3_600_000

NASTY = "<img src=x onerror=alert(1)>'\"&" + "Donaudampfschifffahrtsgesellschaft" * 4


def report(database: str, out: Path) -> Path:
    result = CliRunner().invoke(app, ["report", str(out), "--database", database], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    assert result.stdout.strip() == str(out)
    return out


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report of some plays with awkward names, a rejected record and a few level changes."""
    folder = tmp_path_factory.mktemp("month")
    events = [
        play(
            NOON + n * DAY // 3,
            user=1 + n % 7,
            song=f"{NASTY} {n % 13}" if n % 3 == 0 else f"Song {n % 13}",
            artist="אמן 🎵" if n % 5 == 0 else f"Artist {math.isqrt(n)}" if n % 4 == 1 else NASTY,
            level="paid" if n % 7 == 2 and n > 40 else "free",
            session=n // 4,
            location=(NASTY, "Portland-South Portland, ME", "San Juan, PR", None)[n % 4],
        )
        for n in range(120)
    ]
    write_sources(folder, [Catalogued("SO1", "Song 1", "AR1", NASTY)], events)
    with (folder / "log_data" / "events.json").open("a") as file:
        file.write('\n{"ts": "never", "page": "NextSong", "userId": "1"}\n')
    settings = load(folder, folder / "w.duckdb", max_reject_share=0.5)
    write(folder / "log_data/odd.json", play(NOON, 1, "A", "B") | {"page": "nextsong"})  # which is warned of
    load(folder, folder / "w.duckdb", max_reject_share=0.5)
    return report(settings.database, folder / "report.html")


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("year")
    write_year(folder, users=12)
    return report(load(folder, folder / "w.duckdb").database, folder / "report.html")


@pytest.fixture(scope="module")
def years(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report of two years, in which a day and a month would not say which day is meant."""
    folder = tmp_path_factory.mktemp("years")
    # In the first week as many users as a label has little room for; a second cohort a year later.
    events = [
        play(NOON + n * 73 * DAY, user=user, song="Song", artist="Artist", level=("free", "paid")[n % 2])
        for n in range(11)
        for user in ((1, 2, 150 + n) if n else range(1, 150))
    ]
    write_sources(folder, [], events)
    return report(load(folder, folder / "w.duckdb").database, folder / "report.html")


@pytest.fixture(scope="module")
def one_play(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse with one play, to be read or copied."""
    folder = tmp_path_factory.mktemp("one")
    write_sources(folder, [], [play(NOON, 7, "A", "B")])
    return Path(load(folder, folder / "w.duckdb").database)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def window(month: Path, browser: Browser) -> Iterator[Page]:
    """The month's report, open; each test leaves the rest of it as it was."""
    with opened(browser, month) as page:
        yield page


class _Outward(html.parser.HTMLParser):
    """Collects what a page would load or lead to."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, _tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value or "" for name, value in attrs if name in ("src", "href", "srcset", "data")]


class TestThePage:
    def test_every_question_stands_on_it_with_its_sql(self, month: Path) -> None:
        text = month.read_text(encoding="utf-8")
        for question in load_questions():
            assert f'id="{question.name}"' in text
            assert question.title.replace("'", "&#39;") in text
        assert len(re.findall(r'<pre class="sql">', text)) == len(load_questions())

    def test_every_chart_and_every_place_is_of_a_question(self) -> None:
        names = {question.name for question in load_questions()}
        assert set(VIEWS) <= names
        assert {name for widths in SECTIONS.values() for name in widths} == set(VIEWS)

    def test_a_question_nobody_drew_a_chart_for_is_a_table(self) -> None:
        said, chart = view_of("new_question", [{"who": "A", "plays": 3}])
        assert isinstance(chart, Grid)
        assert (said, chart.rows, chart.numeric) == ("", [["A", "3"]], [False, True])

    def test_it_loads_nothing_from_anywhere(self, month: Path) -> None:
        parser = _Outward()
        parser.feed(month.read_text(encoding="utf-8"))
        assert parser.found
        assert [url for url in parser.found if not url.startswith(("#", "data:"))] == []

    def test_a_browser_may_run_its_one_script_and_style_and_nothing_else(self, month: Path) -> None:
        text = month.read_text(encoding="utf-8")
        (said,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', text)
        rules = {rule.split()[0]: rule.split()[1:] for rule in said.split("; ")}
        for directive, element in (("script-src", "script"), ("style-src-elem", "style")):
            (content,) = re.findall(rf"<{element}>(.*?)</{element}>", text, re.DOTALL)
            digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
            assert rules[directive] == [f"'sha256-{digest}'"]
        for directive in ("default-src", "base-uri", "form-action"):
            assert rules[directive] == ["'none'"]
        assert "unsafe" not in "".join(rules["script-src"])

    def test_it_does_not_tell_where_on_the_machine_the_files_lie(self, tmp_path: Path) -> None:
        write_sources(tmp_path, [], [play(NOON, 7, "A", "B")])
        write(tmp_path / "log_data/2018/11/late.json", event(), "{broken")
        write(tmp_path / "song_data/A/bad.json", "{broken", track())
        database = load(tmp_path, tmp_path / "w.duckdb", max_reject_share=1).database
        text = report(database, tmp_path / "report.html").read_text(encoding="utf-8")
        assert str(tmp_path) not in text
        assert ">2018/11/late.json</td>" in text
        assert ">A/bad.json</td>" in text

    @pytest.mark.thorough
    def test_it_says_nothing_to_a_terminal_that_it_is_printed_on(self, tmp_path: Path) -> None:
        names = "".join(map(chr, (*range(1, 10), *range(11, 32), *range(127, 160))))
        hostile = f"a{names}b"
        songs = [Catalogued("SO1", hostile, "AR1", hostile)]
        write_sources(tmp_path, songs, [play(NOON, 7, hostile, hostile, location=hostile, firstName=hostile)])
        text = report(load(tmp_path, tmp_path / "w.duckdb").database, tmp_path / "r.html").read_text("utf-8")
        assert "a\\x01" in text
        assert set(text) & set(names) == set()

    def test_names_from_the_data_are_text_and_never_markup(self, month: Path) -> None:
        text = month.read_text(encoding="utf-8")
        assert "<img" not in text
        assert "&lt;img src=x onerror=alert(1)&gt;" in text

    def test_rejects_and_places_off_the_map_are_told(self, month: Path) -> None:
        text = month.read_text(encoding="utf-8")
        assert re.search(r"<dt>rejected</dt><dd>1 <small>0\.8 %</small>", text)
        assert "events.json" in text
        assert re.search(r"Not on the map: .*PR 30", text)

    def test_the_same_warehouse_gives_the_same_bytes(self, month: Path, tmp_path: Path) -> None:
        again = report(str(month.with_name("w.duckdb")), tmp_path / "again.html")
        assert again.read_bytes() == month.read_bytes()

    @pytest.mark.thorough
    def test_a_year_stays_below_three_megabytes(self, year: Path) -> None:
        assert year.stat().st_size < 3_000_000

    @pytest.mark.parametrize(
        ("question", "mark"),
        [
            ("daily_active_users", "Nov 2018"),
            ("weekly_active_users", "Nov 2018"),
            ("busiest_weeks", "Nov 2018"),
            ("level_changes_by_week", "Mar 2019"),
            ("level_changes", "31 Oct 2020"),
            ("weekly_retention", "29 Oct 2018 ·\N{NO-BREAK SPACE}149"),
        ],
    )
    def test_more_than_a_year_has_years_on_its_time_axes(self, question: str, mark: str, years: Path) -> None:
        card = years.read_text(encoding="utf-8").partition(f'id="{question}"')[2].partition("</article>")[0]
        assert f">{mark}<" in card

    def test_a_failed_audit_is_told(self, one_play: Path, tmp_path: Path) -> None:
        database = shutil.copy(one_play, tmp_path / "w.duckdb")
        with duckdb.connect(database) as connection:
            connection.execute("UPDATE songplays SET level = 'gold'")
        text = report(str(database), tmp_path / "report.html").read_text(encoding="utf-8")
        assert re.search(r'<li class="(failed|warned)">.*gold', text)

    @pytest.mark.thorough
    def test_what_audits_found_in_earlier_runs_is_told(self, month: Path, tmp_path: Path) -> None:
        def card(path: Path) -> str:
            text = path.read_text(encoding="utf-8")
            return text.partition('<h3 id="q-history">')[2].partition("</article>")[0]

        text = card(month)
        assert "audits found something in 1 of the last 2" in text
        assert re.search(
            r'<code>pages_spelt_right</code></th><td>run 2, [\d-]+</td><td class="num">1</td>', text
        )
        assert re.search(
            r'<i class="passed" data-tip="Run 1, [^"]*: nothing"></i>'
            r'<i class="warned" data-tip="Run 2, [^"]*: 1.row"></i></td>',
            text,
        )
        write_sources(tmp_path, [], [play(NOON, 7, "A", "B")])
        database = load(tmp_path, tmp_path / "w.duckdb").database
        assert "Nothing, in the only run with audits." in card(report(database, tmp_path / "r.html"))
        with duckdb.connect(database) as connection:  # as a failed run leaves it
            columns = "run_id, started_at, outcome"
            connection.execute(f"INSERT INTO runs ({columns}) VALUES (2, '2030-01-01 02:03:04', 'failed')")
            connection.execute("INSERT INTO audit_results VALUES (2, 'users_unique', 'fail', 1234, 0.1)")
        text = card(report(database, tmp_path / "r.html"))
        assert '<td>run 2, 2030-01-01</td><td class="num">1,234</td><td class="num">1</td>' in text
        assert '<i class="failed" data-tip="Run 2, 2030-01-01 02:03: 1,234' in text

    def test_an_empty_warehouse_has_a_report_too(self, tmp_path: Path) -> None:
        database = str(tmp_path / "w.duckdb")
        CliRunner().invoke(app, ["create-tables", "--database", database], catch_exceptions=False)
        text = report(database, tmp_path / "report.html").read_text(encoding="utf-8")
        assert "no plays yet" in text
        assert text.count("No plays yet.") >= len(load_questions()) - 2

    @pytest.mark.thorough
    def test_what_has_no_rows_says_whether_there_are_plays(self, tmp_path: Path) -> None:
        write_sources(tmp_path, [Catalogued("SO1", "A", "AR1", "B")], [play(NOON, 7, "A", "B")])
        database = load(tmp_path, tmp_path / "w.duckdb").database
        assert report(database, tmp_path / "all.html").read_text("utf-8").count("No plays") == 0
        asked = CliRunner().invoke(
            app, ["report", str(tmp_path / "none.html"), "--since", "2019-01-01", "--database", database]
        )
        text = (tmp_path / "none.html").read_text("utf-8")
        assert asked.exit_code == 0
        assert text.count("No plays in these days.") == len(load_questions()) - 1
        assert [*re.findall(r"<dd>([^<]*)</dd>", text)][:6] == ["0", "0", "0", "0", "0", "none"]

    def test_a_single_play_has_a_report_too(self, one_play: Path, tmp_path: Path) -> None:
        text = report(str(one_play), tmp_path / "r.html").read_text("utf-8")
        assert "1 November 2018, times in UTC" in text

    def test_a_place_that_can_not_be_written_is_named_and_nothing_is_left(
        self, month: Path, tmp_path: Path
    ) -> None:
        out = tmp_path / "nowhere" / "report.html"
        with pytest.raises(SparkifyError, match="can't be written"):
            report(str(month.with_name("w.duckdb")), out)
        assert list(tmp_path.iterdir()) == []


def fills_of(pdf: bytes) -> set[str]:
    """The colours that areas of a PDF are filled with."""
    found = set()
    for stream in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL):
        with contextlib.suppress(zlib.error):
            for parts in re.findall(rb"([\d.]+) ([\d.]+) ([\d.]+) rg\b", zlib.decompress(stream)):
                found.add("#" + "".join(f"{round(255 * float(part)):02x}" for part in parts))
    return found


@needs_chromium
class TestInTheBrowser:
    @pytest.mark.forms(1)
    @pytest.mark.parametrize("theme", ["light", "dark"])
    @pytest.mark.parametrize("width", [390, 1440])
    @pytest.mark.parametrize("which", ["month", "year"])
    def test_it_is_readable(
        self,
        which: str,
        width: int,
        theme: Literal["light", "dark"],
        browser: Browser,
        request: pytest.FixtureRequest,
    ) -> None:
        with opened(browser, request.getfixturevalue(which), width, theme) as page:
            assert page.locator("article .chart > *:visible").count() >= len(load_questions())
            assert page.evaluate("document.documentElement.scrollWidth") == width
            assert overlaps(page) == []

    def test_years_have_room(self, years: Path, browser: Browser) -> None:
        with opened(browser, years) as page:
            assert {width: overlaps_at(page, width) for width in (1440, 390)} == {1440: [], 390: []}

    @pytest.mark.forms(1)
    @pytest.mark.parametrize(("width", "theme"), [(390, "light"), (1440, "light"), (1440, "dark")])
    def test_it_keeps_the_rules_of_accessibility(
        self, width: int, theme: Literal["light", "dark"], month: Path, browser: Browser
    ) -> None:
        with opened(browser, month, width, theme) as page:
            problems = Axe().run(page).response["violations"]
            assert [(each["id"], each["nodes"][0]["html"]) for each in problems] == []

    @pytest.mark.forms(1)
    @needs_sample
    @pytest.mark.parametrize("width", [390, 1440])
    def test_the_sample_is_readable(self, width: int, browser: Browser, tmp_path: Path) -> None:
        out = report(load(SAMPLE, tmp_path / "sample.duckdb").database, tmp_path / "report.html")
        with opened(browser, out, width) as page:
            assert page.locator(".hero dd").first.inner_text() == "6,820"
            assert overlaps(page) == []
            if width == 1440:
                bars = page.locator("#busiest_hours .fill")
                assert bars.bounding_box() is not None
                assert bars.evaluate("path => path.getBBox().width") > 23

    def test_figures_of_tens_of_millions_have_room(self, month: Path, browser: Browser) -> None:
        widths = (390, 800, 1100, 1440)
        with opened(browser, month) as page:
            page.evaluate(
                "document.querySelectorAll('.figures dd').forEach(d => d.textContent = '10,800,310')"
            )
            found = {width: overlaps_at(page, width) for width in widths}
        assert found == {width: [] for width in widths}

    def test_charts_are_drawn_to_scale(self, window: Page) -> None:
        rows = window.locator("#top_artists .bars li")
        values = [int(text.replace(",", "")) for text in rows.locator(".value").all_inner_texts()]
        widths = rows.locator(".bar i").evaluate_all("bars => bars.map(b => b.getBoundingClientRect().width)")
        assert len(values) == 10
        assert len(set(values)) > 3
        for value, width in zip(values, widths, strict=True):
            assert width / widths[0] == pytest.approx(value / values[0], abs=0.01)

    def test_sql_and_numbers_are_one_click_or_key_away(self, window: Page) -> None:
        card = window.locator("#top_users")
        assert not card.locator("pre").is_visible()
        card.locator("summary", has_text="SQL").click()
        sql = next(each.sql for each in load_questions() if each.name == "top_users")
        assert card.locator("pre").inner_text().strip() == sql.strip()
        card.locator("summary", has_text="Numbers").press("Enter")
        assert card.locator("table tbody tr").count() == 7
        assert overlaps(window) == []

    def test_the_arrow_keys_read_a_chart_aloud(self, window: Page) -> None:
        chart = window.locator("#busiest_hours .series")
        chart.focus()
        chart.press("End")
        chart.press("ArrowLeft")
        assert re.fullmatch(r"22:00: \d+\splays?", chart.locator("[aria-live]").inner_text())
        assert window.locator("#tip").is_visible()
        chart.press("Escape")
        assert not window.locator("#tip").is_visible()

    def test_pointing_at_a_cell_tells_its_value(self, window: Page) -> None:
        window.locator("#plays_by_state [data-tip^='ME:']").hover()
        told = window.locator("#tip").inner_text()
        assert told == "ME: 30\N{NO-BREAK SPACE}plays by 7\N{NO-BREAK SPACE}listeners"
        window.mouse.move(0, 0)

    @pytest.mark.parametrize("theme", ["light", "dark"])
    def test_it_is_printed_in_light_colours_with_its_bars_and_cells(
        self, theme: Literal["light", "dark"], month: Path, browser: Browser
    ) -> None:
        with opened(browser, month, theme=theme) as page:
            # As the browser's dialogue does it by default: without "background graphics".
            colours = fills_of(page.pdf(format="A4", print_background=False))
        for wanted in ("#5646d8", "#c2521c", "#dedafa", "#2a1a86"):  # bars, bars of the free, cells
            assert wanted in colours, wanted
        for dark in ("#0f1014", "#181a20", "#9a92ff"):
            assert dark not in colours, dark

    def test_what_is_printed_fits_the_paper_and_holds_the_numbers_that_were_opened(
        self, month: Path, browser: Browser
    ) -> None:
        with opened(browser, month, width=718) as page:  # A4 between its margins
            for summary in page.locator("#top_songs summary").all():
                summary.click()
            page.emulate_media(media="print")
            wide = "all => all.filter(each => each.scrollWidth > each.clientWidth + 1).length"
            assert page.eval_on_selector_all("main, .card, .scroll, .grid", wide) == 0
            high = "all => all.filter(each => each.scrollHeight > each.clientHeight + 1).length"
            assert page.eval_on_selector_all(".scroll", high) == 0
            # Columns that go over pages would leave half of one blank.
            assert page.eval_on_selector(".audits", "each => getComputedStyle(each).columnWidth") == "auto"
            assert page.locator("#top_songs table").is_visible()
            assert not page.locator("#top_artists table").is_visible()
            assert not page.locator("nav").is_visible()

    def test_numbers_can_be_taken_along_as_csv(self, month: Path, browser: Browser, tmp_path: Path) -> None:
        with opened(browser, month, accept_downloads=True) as page:
            page.locator("#top_songs summary").first.click()
            with page.expect_download() as found:
                page.locator("#top_songs").get_by_role("button", name="Download CSV").click()
            found.value.save_as(tmp_path / "taken.csv")
            assert found.value.suggested_filename == "top_songs.csv"
            shown = page.locator("#top_songs tbody tr").count()
        rows = list(csv.reader((tmp_path / "taken.csv").read_text(encoding="utf-8-sig").splitlines()))
        assert rows[0] == ["title", "artist", "plays", "listeners"]
        assert len(rows) == 1 + shown
        assert all(row[2].isdecimal() and not row[0].startswith("=") for row in rows[1:])

    def test_numbers_are_copied_in_columns_that_a_spreadsheet_pastes(
        self, month: Path, browser: Browser
    ) -> None:
        rights = ["clipboard-read", "clipboard-write"]
        with opened(browser, month, permissions=rights) as page:
            page.locator("#top_songs summary").first.click()
            page.locator("#top_songs").get_by_role("button", name="Copy").click()
            page.locator("#top_songs").get_by_text("Copied").wait_for()
            copied = page.evaluate("navigator.clipboard.readText()")
            shown = page.locator("#top_songs tbody tr").count()
        rows = list(csv.reader(copied.splitlines(), delimiter="\t"))
        assert rows[0] == ["title", "artist", "plays", "listeners"]
        assert len(rows) == 1 + shown

    def test_the_theme_can_be_chosen_and_is_kept(self, month: Path, browser: Browser) -> None:
        with opened(browser, month, theme="dark") as page:
            dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
            page.locator("#theme").click()
            assert page.evaluate("getComputedStyle(document.body).backgroundColor") != dark
            page.reload()
            assert page.locator("#theme").inner_text() == "Theme: light"
            page.locator("#theme").click()
            assert page.evaluate("getComputedStyle(document.body).backgroundColor") == dark

    def test_it_can_be_read_without_scripts(self, month: Path, browser: Browser) -> None:
        with opened(browser, month, java_script_enabled=False) as page:
            assert page.locator("article .chart > *:visible").count() >= len(load_questions())
            assert not page.locator("#theme").is_visible()


class TestCharts:
    @pytest.mark.parametrize(
        ("value", "top"), [(0, 2), (1, 2), (7, 8), (11, 12), (542, 600), (1958, 2000), (10, 10)]
    )
    def test_axes_end_at_round_numbers(self, value: float, top: float) -> None:
        assert nice_top(value) == top

    @pytest.mark.parametrize(
        ("value", "text"),
        [(0, "0"), (2.5, "2.5"), (999, "999"), (1572, "1.6k"), (12_345, "12k"), (1_000_000, "1M")],
    )
    def test_numbers_on_axes_are_short(self, value: float, text: str) -> None:
        assert compact(value) == text

    def test_columns_stand_on_the_base_line_and_hang_from_it(self) -> None:
        panel = columns_panel("changes", [4, 0], [0, 2])
        assert panel.path == "M0.12 66.67V0H0.88V66.67Z"
        assert panel.second_path == "M1.12 66.67V100H1.88V66.67Z"

    def test_columns_of_a_week_that_is_covered_partly_are_faint_both_ways(self) -> None:
        whole, part = (
            columns_panel("changes", [4, 3], [1, 2]),
            columns_panel("changes", [4, 3], [1, 2], faint=[True, False]),
        )
        assert part.faint_path + part.path == whole.path
        assert part.faint_second_path + part.second_path == whole.second_path
        assert "" not in (part.faint_path, part.faint_second_path)

    def test_only_nothing_has_the_colour_of_nothing(self) -> None:
        assert [step_of(value, 100) for value in (0, 0.1, 50, 100)] == [0, 1, 5, 8]

    def test_axis_marks_are_thinned_for_narrow_screens(self) -> None:
        ticks = thin([(n, str(n)) for n in range(52)], 52, wide=13, narrow=5)
        assert len(ticks) == 13
        assert [tick.text for tick in ticks if not tick.minor] == ["0", "12", "24", "36", "48"]


def test_points_of_a_chart_are_valid_json(month: Path) -> None:
    for points in re.findall(r'data-points="([^"]*)"', month.read_text(encoding="utf-8")):
        assert isinstance(json.loads(html.unescape(points)), list)


@pytest.mark.parametrize(
    "content",
    [
        b"precious",
        b"<!doctype html>\n<title>precious</title>",
        b"\n<!doctype html>\n<html>\n<head>\n<title>What people listen to: 1 to 30 November 2018</title>",
        b'<!doctype html><meta name="generator" content="Sphinx">',
        b"<!doctype html>" + b" " * 300 + b'<meta name="generator" content="Sparkify Warehouse 1">',
        b"\xff\xfe<\x00!\x00d\x00",
        b" ",
    ],
)
def test_a_report_replaces_nothing_but_a_report(tmp_path: Path, content: bytes) -> None:
    precious = tmp_path / "page.html"
    precious.write_bytes(content)
    with pytest.raises(UsageError, match="is there already, and is no report of this project") as caught:
        write_report(cast(Any, None), precious)
    assert "name a file that is not there yet, or remove this one" in caught.value.hint
    assert precious.read_bytes() == content


def test_a_report_goes_into_a_folder_under_its_usual_name(month: Path, tmp_path: Path) -> None:
    database = str(month.with_name("w.duckdb"))
    result = CliRunner().invoke(app, ["report", str(tmp_path), "--database", database])
    assert result.stdout.strip() == str(tmp_path / "report.html")
    missing = CliRunner().invoke(app, ["report", f"{tmp_path}/reports/", "--database", database])
    assert isinstance(missing.exception, SparkifyError)
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


def test_a_report_replaces_an_earlier_one_and_a_file_without_content(month: Path, tmp_path: Path) -> None:
    earlier, empty = tmp_path / "earlier.html", tmp_path / "empty.html"
    earlier.write_bytes(month.read_bytes().replace(f"Warehouse {__version__}".encode(), b"Warehouse 0.0.1"))
    empty.touch()
    for out in (earlier, empty):
        assert report(str(month.with_name("w.duckdb")), out).read_bytes() == month.read_bytes()


def test_a_report_is_no_pdf_and_is_not_named_one(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="the report is an HTML page") as caught:
        write_report(cast(Any, None), tmp_path / "november.PDF")
    assert "november.html" in caught.value.hint
    assert list(tmp_path.iterdir()) == []
