"""The real sample: 30 days of logs and 71 songs. It is no part of this repository."""

import os
import sys
from pathlib import Path

SAMPLE = Path(os.environ.get("SPARKIFY_SAMPLE_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))

_EVENTS, _SONGS = 8_056, 71


def require_sample(folder: Path, otherwise: str) -> None:
    """Make sure that a folder holds the sample, all of it: what is committed is derived from nothing else.

    Args:
        folder: with ``song_data`` and ``log_data``.
        otherwise: what is said of the files that were to be written.

    Raises:
        SystemExit: it doesn't.
    """
    logs, songs = (sorted((folder / name).rglob("*.json")) for name in ("log_data", "song_data"))
    events = sum(len(path.read_bytes().splitlines()) for path in logs)
    if (events, len(songs)) != (_EVENTS, _SONGS):
        sys.exit(
            f"error: {folder}: not the real sample of {_EVENTS:,} events and {_SONGS} songs, but"
            f" {events:,} and {len(songs):,}; {otherwise}\n"
            "  hint: put it there, or name its folder with SPARKIFY_SAMPLE_DATA"
        )
