"""How much memory there is for this process."""

import contextlib
import re
from pathlib import Path

_GROUP = Path("/sys/fs/cgroup")


def available_bytes() -> int | None:
    """What can be used before the system swaps or ends something; None where it does not tell.

    In a container, its limit counts as well.
    """
    amounts = []
    with contextlib.suppress(OSError):
        if found := re.search(r"MemAvailable:\s*(\d+) kB", Path("/proc/meminfo").read_text(encoding="ascii")):
            amounts.append(int(found[1]) * 1024)
    with contextlib.suppress(OSError, ValueError):  # "max" where there is no limit
        limit = int((_GROUP / "memory.max").read_text(encoding="ascii"))
        amounts.append(limit - int((_GROUP / "memory.current").read_text(encoding="ascii")))
    return min(amounts, default=None)
