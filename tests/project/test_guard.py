"""What the round on AWS must delete is deleted, even if the round is killed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.support.builders import HANGS
from tests.support.guard import guarded

_KILLED = """
import os, signal, sys
from pathlib import Path
from tests.support.guard import guarded
with guarded([[sys.executable, "-c", "open('deleted', 'a').write('x')"]], Path(sys.argv[1])):
    print("made", flush=True)
    sys.stdin.read()
"""


def test_commands_run_once_at_the_end(tmp_path: Path) -> None:
    with guarded([[sys.executable, "-c", "open('deleted', 'a').write('x')"]], tmp_path):
        assert not (tmp_path / "deleted").exists()
    assert (tmp_path / "deleted").read_text() == "x"


def test_commands_run_if_the_process_is_killed(tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, "-c", _KILLED, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": f"{root / 'src'}:{root}"},
    ) as made:
        assert made.stdout is not None
        assert made.stdout.readline() == "made\n"
        made.send_signal(signal.SIGKILL)
    until = time.monotonic() + HANGS
    while not (tmp_path / "deleted").exists():
        assert time.monotonic() < until
        time.sleep(0.05)
