"""Where the page is written: all of it or nothing, and in the place of nothing but an earlier report."""

import os
from pathlib import Path

from sparkify.errors import SparkifyError, UsageError
from sparkify.system.disk import writing
from sparkify.system.switching import name_beside, switch

_OTHER_KINDS = {
    ".pdf",
    ".csv",
    ".xlsx",
    ".json",
    ".md",
    ".png",
    ".svg",
    ".docx",
    ".txt",
    ".parquet",
    ".duckdb",
}
"""Endings of names that people give to what the report is not."""

_MARK, _BEGIN_BYTES = b'<meta name="generator" content="Sparkify Warehouse ', 200
"""What stands at the beginning of a report: no other file is replaced by one."""


def require_place(out: Path) -> None:
    """Make sure that a report can be called so, and that nothing else is there.

    Raises:
        UsageError: the file is there already, and is no report, or its name promises another kind of file.
        SparkifyError: it can't be read.
    """
    if out.suffix.lower() in _OTHER_KINDS:
        raise UsageError(
            f"{out}: the report is an HTML page",
            f"write {out.with_suffix('.html')}, and print that from a browser; for numbers:"
            " sparkify questions --all --csv, or --excel",
        )
    _require_replaceable(out)


def put(html: str, out: Path) -> None:
    """Write a page.

    Raises:
        UsageError: something else has come to its place meanwhile, and is there still.
        SparkifyError: the file can't be written.
    """
    with writing(out, "name a file in a folder that is there"):
        _put(html, out)


def _put(html: str, out: Path) -> None:
    aside = name_beside(out)
    try:
        with aside.open("x", encoding="utf-8") as file:  # which follows no link
            file.write(html)
        is_replaced = switch(aside, out)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
    if is_replaced:
        try:
            _require_replaceable(out, now_at=aside)
        except SparkifyError:
            switch(aside, out)  # somebody has put it there meanwhile: here you are
            aside.unlink()
            raise
        aside.unlink()


def _require_replaceable(out: Path, now_at: Path | None = None) -> None:
    there = now_at or out
    try:
        if not os.path.lexists(there):
            return
        is_report = there.is_file() and not there.is_symlink()
        if is_report:
            with there.open("rb") as file:
                begin = file.read(_BEGIN_BYTES)
            is_report = not begin or _MARK in begin
    except OSError as error:
        raise SparkifyError(f"{out}: can't be written: {error.strerror}", "name another file") from None
    if not is_report:
        raise UsageError(
            f"{out}: is there already, and is no report of this project; it was not touched",
            "name a file that is not there yet, or remove this one first",
        )
