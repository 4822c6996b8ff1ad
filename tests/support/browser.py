"""A real Chromium for the tests of the report, and what they ask of a page."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.support.builders import HANGS

CHROMIUM = os.environ.get("SPARKIFY_CHROMIUM") or next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)

needs_chromium = pytest.mark.skipif(
    CHROMIUM is None, reason="Chromium is not installed; install it with: make system-packages"
)

# Boxes of text as they are seen: hidden text is left out, and what a scrolling box cuts off is cut off.
TEXT_BOXES = """
() => {
  const seen = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode;
    const parent = node.parentElement;
    if (!node.data.trim() || parent.closest("script, style, .sr, .skip, nav, .audits b")) continue;
    if (!parent.checkVisibility({ visibilityProperty: true })) continue;
    if (getComputedStyle(parent).fontSize === "0px") continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    for (const box of range.getClientRects()) {
      let { left, right, top, bottom } = box;
      for (let up = parent; up !== document.body; up = up.parentElement) {
        if (getComputedStyle(up).overflowX === "visible") continue;
        const cut = up.getBoundingClientRect();
        left = Math.max(left, cut.left); right = Math.min(right, cut.right);
        top = Math.max(top, cut.top); bottom = Math.min(bottom, cut.bottom);
      }
      if (right - left < 1 || bottom - top < 1) continue;
      // A line's box is higher than its letters.
      const spare = (bottom - top) * 0.15;
      seen.push({
        text: node.data.trim().slice(0, 40), left: left + 1, right: right - 1, top: top + spare,
        bottom: bottom - spare, room: !parent.matches("td > span, .tiles > span") ? 0
          // Broken into lines it does not fit either.
          : range.getClientRects().length > 1 ? -1
          : parent.closest("td, .tiles > span").getBoundingClientRect().width - (box.right - box.left),
      });
    }
  }
  return seen;
}
"""


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser without network, started for a module's tests."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            timeout=HANGS * 1000,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"],
        )
        yield browser
        browser.close()


@contextmanager
def opened(
    browser: Browser, report: Path, width: int = 1440, theme: Literal["light", "dark"] = "light", **more: Any
) -> Iterator[Page]:
    """The report in a window; whatever the page complains of, or asks the network for, fails the test."""
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=theme, **more)
    context.set_default_timeout(HANGS * 1000)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "request",
        lambda request: (
            None if request.url.startswith(("file:", "data:")) else complaints.append(request.url)
        ),
    )
    page.goto(report.as_uri())
    yield page
    assert complaints == []
    context.close()


def overlaps(page: Page) -> list[str]:
    """Texts that lie over each other, or do not fit into their cell."""
    boxes = sorted(page.evaluate(TEXT_BOXES), key=lambda box: float(box["top"]))
    found = [f"{box['text']!r} is wider than its cell" for box in boxes if box["room"] < 0]
    for number, one in enumerate(boxes):
        for other in boxes[number + 1 :]:
            if other["top"] >= one["bottom"]:
                break
            if one["left"] < other["right"] and other["left"] < one["right"]:
                found.append(f"{one['text']!r} and {other['text']!r}")
    return found


def overlaps_at(page: Page, width: int) -> list[str]:
    """The same, when the window has become so wide."""
    page.set_viewport_size({"width": width, "height": 900})
    return overlaps(page)
