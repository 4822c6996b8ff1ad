"""Commands that are run in any case: at the end, or by another process should this one be killed before."""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

# It sees the end of its standard input when this process ends, however that comes about.
_GUARD = """
import json, subprocess, sys, time
commands = json.loads(sys.argv[1])
if sys.stdin.read() == "done":
    sys.exit()
for command in commands:
    for attempt in range(20):  # what is being made can't be deleted yet
        if subprocess.run(command, cwd=sys.argv[2]).returncode == 0:
            break
        time.sleep(30)
"""


@contextmanager
def guarded(commands: Sequence[Sequence[str]], folder: Path) -> Iterator[None]:
    """Run commands at the end, and also if this process is killed; they must bear being run twice.

    Args:
        commands: programs with their arguments.
        folder: where they run.
    """
    guard = subprocess.Popen(
        [sys.executable, "-c", _GUARD, json.dumps(commands), str(folder)],
        stdin=subprocess.PIPE,
        start_new_session=True,  # a Ctrl-C is not for it
        text=True,
    )
    try:
        yield
    finally:
        for command in commands:
            subprocess.run(command, cwd=folder, check=True)
        guard.communicate("done")
