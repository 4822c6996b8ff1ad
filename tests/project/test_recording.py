"""The recording of the first minute shows what the commands print."""

import html
import re
import runpy

import pytest
from rich.text import Text

from tests.support.commands import ROOT

pytestmark = pytest.mark.slow


def test_the_recording_shows_what_the_commands_print() -> None:
    script = runpy.run_path(str(ROOT / "docs" / "make_recording.py"))
    printed = [script["untimed"](Text.from_ansi(line.text).plain) for line in script["record"]()]
    for theme in script["THEMES"]:
        picture = (ROOT / "docs" / f"first-minute-{theme}.svg").read_text(encoding="utf-8")
        shown = [""] * len(printed)
        for number, text in re.findall(r'<text [^>]*clip-path="url\(#t-line-(\d+)\)">(.*?)</text>', picture):
            shown[int(number)] += html.unescape(text).replace("\xa0", " ")
        assert [script["untimed"](line) for line in shown] == printed
