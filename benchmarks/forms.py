"""The same events in the forms that they come in: gzip, objects on S3, dirty, arrays, objects over lines.

Measured are whole processes, which take turns. The script by hand reads the plain and the gzip files; what
the server of S3 takes is measured by merely fetching the objects, by the library that reads them here.
"""

import gzip
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from measure import Runs, compare

HERE = Path(__file__).parent
SCRIPT = str(HERE / "peers/handwritten_duckdb/run.py")
DIRTY = "0.003"
FETCH = """
import sys
from concurrent.futures import ThreadPoolExecutor
from obstore.store import from_url

store = from_url(
    f"s3://sparkify/{sys.argv[2]}", endpoint=sys.argv[1], client_options={"allow_http": True},
    virtual_hosted_style_request=False,
)
with ThreadPoolExecutor(16) as pool:
    for page in store.list():
        list(pool.map(lambda item: len(store.get(item["path"]).bytes()), page))
"""

Etl = Callable[..., list[str]]


def compressed(data: Path, target: Path) -> Path:
    """The logs of a folder of data in gzip, the songs as they are; made once."""
    if not target.exists():
        aside = target.with_suffix(".part")
        shutil.rmtree(aside, ignore_errors=True)
        shutil.copytree(data / "song_data", aside / "song_data", copy_function=os.link)
        for path in (data / "log_data").rglob("*.json"):
            packed = aside / "log_data" / path.relative_to(data / "log_data").with_suffix(".json.gz")
            packed.parent.mkdir(parents=True, exist_ok=True)
            packed.write_bytes(gzip.compress(path.read_bytes(), 6))
        aside.rename(target)
    return target


@contextmanager
def on_s3(folder: Path, plain: Path, packed: Path) -> Iterator[tuple[str, list[str]]]:
    """Serve both folders as s3://sparkify/plain and …/gzip: the endpoint, and ``env`` with its keys."""
    sys.path.insert(0, str(HERE.parent))
    from tests.standin.s3 import S3Server

    bucket = folder / "served" / "sparkify"
    shutil.rmtree(bucket, ignore_errors=True)
    for name, data in (("plain", plain), ("gzip", packed)):
        for part in ("song_data", "log_data"):
            shutil.copytree(data / part, bucket / name / part, copy_function=os.link)
    server = S3Server(bucket.parent)
    server.start()
    try:
        yield (
            server.endpoint,
            [
                "env", f"SPARKIFY_S3_ENDPOINT={server.endpoint}", f"AWS_ACCESS_KEY_ID={server.access_key}",
                f"AWS_SECRET_ACCESS_KEY={server.secret_key}", "AWS_REGION=us-east-1",
            ],
        )  # fmt: skip
    finally:
        server.stop()
        shutil.rmtree(bucket)


def forms(
    folder: Path, plain: Path, dirty: Path, rounds: int, etl: Etl, before: Callable[[], None]
) -> dict[str, Runs]:
    """A month of logs: plain, in gzip, from S3, and with bad records among them.

    Args:
        folder: for what is made of the data.
        plain: simulated data.
        dirty: the same number of events with bad ones among them.
        rounds: how often each is counted.
        etl: gives the command that loads a folder, and takes more options.
        before: what to do before each run.
    """
    packed = compressed(plain, folder / f"{plain.name}.gzip")
    packed_dirty = compressed(dirty, folder / f"{dirty.name}.gzip")
    out = folder / "by_hand"
    out.mkdir(exist_ok=True)
    tolerant = ["--max-reject-share", "0.1"]

    def from_s3(name: str) -> list[str]:
        return [
            "--song-data",
            f"s3://sparkify/{name}/song_data",
            "--log-data",
            f"s3://sparkify/{name}/log_data",
        ]

    with on_s3(folder, plain, packed) as (endpoint, environment):
        return compare(
            {
                "plain, the script by hand": [sys.executable, SCRIPT, str(plain), str(out)],
                "plain": etl(plain),
                "gzip, the script by hand": [sys.executable, SCRIPT, str(packed), str(out)],
                "gzip": etl(packed),
                "dirty": etl(dirty, *tolerant),
                "dirty gzip": etl(packed_dirty, *tolerant),
                "plain on S3": [*environment, *etl(plain), *from_s3("plain")],
                "gzip on S3": [*environment, *etl(packed), *from_s3("gzip")],
                "merely fetching plain": [*environment, sys.executable, "-c", FETCH, endpoint, "plain"],
                "merely fetching gzip": [*environment, sys.executable, "-c", FETCH, endpoint, "gzip"],
            },
            rounds,
            before,
        )


def objects(
    folder: Path, plain: Path, events: int, rounds: int, etl: Etl, before: Callable[[], None]
) -> dict[str, Runs]:
    """One file of events on lines, and the same as one array, without lines, and pretty-printed."""
    lines = _lines(plain, events)
    written: dict[str, Callable[[], Iterator[str]]] = {
        "on lines": lambda: (line + "\n" for line in lines()),
        "one array": lambda: _between("[", ",", "]", lines()),
        "without lines": lines,
        "pretty-printed": lambda: (json.dumps(json.loads(line), indent=4) + "\n" for line in lines()),
    }
    commands: dict[str, Sequence[str]] = {}
    for name, texts in written.items():
        one = folder / "objects" / name.replace(" ", "_")
        if not (one / "log_data/events.json").exists():
            (one / "log_data").mkdir(parents=True, exist_ok=True)
            (one / "song_data").mkdir(exist_ok=True)
            first = next((plain / "song_data").rglob("*.json"))
            shutil.copy2(first, one / "song_data")
            with (one / "log_data/events.json").open("w", encoding="utf-8") as file:
                file.writelines(texts())
        commands[name] = etl(one)
    return compare(commands, rounds, before)


def _lines(plain: Path, events: int) -> Callable[[], Iterator[str]]:
    """So many of the events, from the first day on."""

    def lines() -> Iterator[str]:
        left = events
        for path in sorted((plain / "log_data").rglob("*.json")):
            with path.open(encoding="utf-8") as file:
                for line in file:
                    if not left:
                        return
                    left -= 1
                    yield line.rstrip("\n")

    return lines


def _between(begin: str, separator: str, end: str, texts: Iterator[str]) -> Iterator[str]:
    yield begin
    for number, text in enumerate(texts):
        yield separator + text if number else text
    yield end
