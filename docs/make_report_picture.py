"""Takes docs/report.png, the picture of the report for the README, from the real sample.

    python docs/make_report_picture.py [SAMPLE]

SAMPLE is the folder with song_data and log_data; by default SPARKIFY_SAMPLE_DATA or ../shared/data.
"""

import base64
import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from sparkify.answers.report import write_report
from sparkify.load.progress import NullProgress
from sparkify.warehouse.opening import connect

DOCS = Path(__file__).parent
sys.path.insert(0, str(DOCS.parent))

from tests.support.runs import run_etl  # noqa: E402
from tests.support.sample import SAMPLE, require_sample  # noqa: E402
from tests.support.settings import settings_of  # noqa: E402

_PAGE = """
<style>
  body {{ margin: 0; width: 1400px; height: 980px; overflow: hidden; position: relative; }}
  body {{ background: #dcd8f3; }}
  img {{ position: absolute; border-radius: 14px; box-shadow: 0 24px 60px #1d174059; }}
  .desk {{ left: 48px; top: 48px; width: 1120px; }}
  .phone {{ right: 48px; bottom: 40px; width: 300px; border-radius: 28px; border: 7px solid #111; }}
</style>
<img class="desk" src="data:image/png;base64,{desk}">
<img class="phone" src="data:image/png;base64,{phone}">
"""


def main() -> None:
    """Load the sample, write its report, and take its picture on a desk and on a phone."""
    sample = Path(sys.argv[1]) if len(sys.argv) > 1 else SAMPLE
    require_sample(sample, "nothing was written")
    chromium = shutil.which("chromium")
    if chromium is None:
        sys.exit("Chromium is not installed; install it with: make system-packages")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        settings = settings_of(
            database=f"{folder}/sample.duckdb",
            song_data=str(sample / "song_data"),
            log_data=str(sample / "log_data"),
        )
        run_etl(settings, NullProgress())
        report = Path(folder, "report.html")
        warehouse = connect(settings, read_only=True)
        write_report(warehouse, report)
        warehouse.close()
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu", "--no-first-run"]
        )
        desk = _shoot(browser, report, 1440, 1180, "light", "")
        phone = _shoot(browser, report, 390, 760, "dark", "#places")
        page = browser.new_page(viewport={"width": 1400, "height": 980})
        page.set_content(_PAGE.format(desk=desk, phone=phone))
        picture = page.screenshot()
        browser.close()
    (DOCS / "report.png").write_bytes(picture)


def _shoot(browser: Browser, report: Path, width: int, height: int, theme: str, anchor: str) -> str:
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if theme == "dark" else "light",
        device_scale_factor=2 if width < 600 else 1.5,
        reduced_motion="reduce",
    )
    page = context.new_page()
    page.goto(report.as_uri() + anchor)
    image = page.screenshot()
    context.close()
    return base64.b64encode(image).decode()


if __name__ == "__main__":
    main()
