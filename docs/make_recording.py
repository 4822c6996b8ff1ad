"""Writes the recording of the first minute, docs/first-minute-light.svg and -dark.svg, from a real terminal.

    python docs/make_recording.py [FOLDER]

FOLDER is where to write; by default beside this script. The commands run in a terminal of their own, in an
empty folder; the recording shows what they print, when they print it. A test checks that it is current.
"""

import fcntl
import os
import pty
import re
import select
import shlex
import struct
import sys
import tempfile
import termios
import time
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from rich.console import Console  # noqa: TID251 (of what is printed in the empty folder)
from rich.terminal_theme import TerminalTheme
from rich.text import Text

DOCS = Path(__file__).parent
COLUMNS = 112

COMMANDS = ("sparkify simulate data", "sparkify etl", "sparkify questions top_songs --limit 5")

_ANSI = ((0, 0, 0), (190, 45, 45), (30, 130, 60), (150, 100, 0), (40, 90, 200), (150, 50, 150), (0, 125, 135))
_BRIGHT = (
    (90, 90, 90),
    (255, 110, 110),
    (90, 210, 130),
    (230, 190, 80),
    (110, 165, 255),
    (220, 130, 220),
    (90, 205, 215),
)
THEMES = {
    "light": TerminalTheme((250, 250, 248), (30, 30, 30), [*_ANSI, (110, 110, 110)], [*_ANSI, (60, 60, 60)]),
    "dark": TerminalTheme(
        (24, 26, 31), (222, 224, 228), [*_BRIGHT, (190, 190, 190)], [*_BRIGHT, (240, 240, 240)]
    ),
}

_SVG = """\
<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{label}" viewBox="0 0 {width} {height}">
<style>
text {{ white-space: pre; font: 20px ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace }}
{styles}
@media (prefers-reduced-motion: no-preference) {{
@keyframes appear {{ from {{ opacity: 0 }} to {{ opacity: 1 }} }}
{delays}
}}
</style>
<defs>{lines}</defs>
<rect width="100%" height="100%" rx="8" fill="{background}"/>
<g transform="translate(12 12)">
{backgrounds}
{matrix}
</g>
</svg>
"""
_TYPING_SECONDS = 0.9
"""How long a command stands there before it is run, so that people can read it."""


@dataclass(frozen=True)
class Line:
    """A line of the terminal: the second of its last change, and its text with its colors."""

    seconds: float
    text: str


def main() -> None:
    """Run the commands, and write what they print."""
    to = Path(sys.argv[1]) if len(sys.argv) > 1 else DOCS
    with tempfile.TemporaryDirectory() as folder:
        lines = record(Path(folder))
    for theme in THEMES:
        (to / f"first-minute-{theme}.svg").write_text(drawn(lines, theme), encoding="utf-8")


def untimed(text: str) -> str:
    """A text without what is different each time: how long something took."""
    return re.sub(r"\d+:\d\d:\d\d|[\d.]+ s, [\d,]+ events/s", "…", text).rstrip()


def record(folder: Path) -> list[Line]:
    """What a terminal shows while the commands run in a folder."""
    lines: list[Line] = []
    began = 0.0
    for command in COMMANDS:
        began += _TYPING_SECONDS
        lines.append(Line(began, f"\x1b[1m$ {command}\x1b[0m"))
        lines += [Line(began + line.seconds, line.text) for line in _run(command, folder)]
        lines.append(Line(began := lines[-1].seconds, ""))
    return lines[:-1]


def _run(command: str, folder: Path) -> list[Line]:
    """The lines that stay when a command has ended; times count from its beginning."""
    began = time.monotonic()
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(folder)
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        environment = {"PATH": path, "TERM": "xterm-256color", "LANG": "C.UTF-8", "HOME": str(folder)}
        kept = {name: os.environ[name] for name in ("PYTHONPATH",) if name in os.environ}
        os.execvpe(sys.executable, [sys.executable, "-m", *shlex.split(command)], environment | kept)  # noqa: S606
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, COLUMNS, 0, 0))
    screen: dict[int, Line] = {}
    row = 0
    for seconds, text in _output(terminal, began):
        for part in re.findall(r"\x1b\[\??[\d;]*[A-Za-ln-z]|\r|\n|(?:\x1b\[[\d;]*m|[^\x1b\r\n])+", text):
            if part == "\n":
                row += 1
            elif up := re.fullmatch(r"\x1b\[(\d*)A", part):
                row -= int(up[1] or 1)
            elif part == "\x1b[2K":
                screen.pop(row, None)
            elif not re.fullmatch(r"\r|\x1b\[\?\d+[hl]", part):
                before = screen[row].text if row in screen else ""
                screen[row] = Line(seconds, before + part)
    if code := os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]):
        sys.exit(f"error: {command} has failed with {code}; nothing was written")
    return [screen.get(number, Line(0, "")) for number in range(max(screen, default=-1) + 1)]


def _output(terminal: int, began: float) -> Iterator[tuple[float, str]]:
    """What a process writes to its terminal, with the time; whole lines and whole control sequences only."""
    pending = b""
    while True:
        select.select([terminal], [], [])
        try:
            chunk = os.read(terminal, 65536)
        except OSError:  # how Linux says that the process has ended
            chunk = b""
        pending += chunk
        end = len(pending) if not chunk else max(pending.rfind(b"\n"), pending.rfind(b"\r")) + 1
        yield time.monotonic() - began, pending[:end].decode()
        pending = pending[end:]
        if not chunk:
            return


def drawn(lines: list[Line], theme: str) -> str:
    """The recording as an SVG that plays once; a picture of its end where people want no motion."""
    console = Console(
        record=True, file=StringIO(), width=COLUMNS, force_terminal=True, color_system="truecolor"
    )
    for line in lines:
        console.print(Text.from_ansi(line.text), no_wrap=True, crop=True)
    colors = THEMES[theme]
    delays = "\n".join(
        f'text[clip-path="url(#t-line-{number})"] {{ animation: appear .1s {line.seconds:.2f}s both }}'
        for number, line in enumerate(lines)
        if line.text
    )
    svg = console.export_svg(
        theme=colors, unique_id="t", code_format="{styles}\0{lines}\0{backgrounds}\0{matrix}"
    )
    styles, clips, backgrounds, matrix = svg.split("\0")
    height = 24.4
    return _SVG.format(
        label="The first minute: the commands and what they print",
        width=round(COLUMNS * 12.2) + 24,
        height=round(len(lines) * height) + 24,
        styles=styles,
        delays=delays,
        lines=clips,
        background=colors.background_color.hex,
        backgrounds=backgrounds,
        matrix=matrix,
    )


if __name__ == "__main__":
    main()
