"""Listing what is below a prefix on S3, and telling an end of it from an answer that is no listing at all.

The client takes any XML for a listing, a web page as well: one without objects. So whoever sits behind a
proxy's page to log in would be told that there are no files, or lose those of the pages that follow.
"""

import re
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import obstore
from obstore.exceptions import BaseError, GenericError, InvalidPathError
from obstore.store import S3Store

from sparkify.sources.s3_errors import NO_LISTING
from sparkify.sources.s3_exact import FAULTS, answer, is_listing, is_nameable, list_exactly

if TYPE_CHECKING:
    from obstore import ObjectMeta

Answer = TypeVar("Answer")

_PAGE = 1000
"""How many objects S3 lists at a time (Amazon S3 API reference, ListObjectsV2)."""

FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0
"""Seconds before a request is tried again: twice as long each time, up to the longest."""


def list_all(store: S3Store, prefix: str, retries: int) -> list["ObjectMeta"]:
    """All pages of a listing; from the start when one breaks off, which the client does not retry."""

    def pages() -> list["ObjectMeta"]:
        found = [item for page in obstore.list(store, prefix or None) for item in page]
        if len(found) % _PAGE == 0:  # an empty page was the last one, then
            _require_end(store, prefix, found[-1]["path"] if found else "")
        return found

    return ask_again(pages, retries, ("response body", NO_LISTING))


def list_nameable(
    store: S3Store, prefix: str, retries: int, *, is_exact: bool
) -> tuple[list[Any], list[tuple[str, int]]]:
    """All objects that can be asked for, and the keys and sizes of the others.

    Args:
        store: the bucket.
        prefix: what the keys begin with.
        retries: how often a request is tried again.
        is_exact: whether it is known already that the client names some objects wrongly.

    Raises:
        BaseError: the bucket can't be listed.
    """
    try:
        found = [] if is_exact else list_all(store, prefix, retries)
        if not is_exact and len({item["path"] for item in found}) == len(found):
            return found, []
    except InvalidPathError:
        pass
    for retry in range(retries + 1):
        try:
            exactly = list(list_exactly(store, prefix))
        except (BaseError, *FAULTS):
            _wait(retry)
            continue
        unnamed = [(item["path"], item["size"]) for item in exactly if not is_nameable(item["path"])]
        return [item for item in exactly if is_nameable(item["path"])], unnamed
    return list_all(store, prefix, retries), []  # which says what is wrong


def ask_again(ask: Callable[[], Answer], retries: int, faults: tuple[str, ...]) -> Answer:
    """Make a request, again after faults that the client itself does not try again.

    Args:
        ask: makes it; doing so twice must not matter.
        retries: how often.
        faults: what the texts of such errors have in them.
    """
    retry = 0
    while True:
        try:
            return ask()
        except GenericError as error:
            if retry >= retries or not any(fault in str(error) for fault in faults):
                raise
        _wait(retry)
        retry += 1


def _wait(retry: int) -> None:
    time.sleep(min(FIRST_PAUSE * 2**retry, LONGEST_PAUSE))


def _require_end(store: S3Store, prefix: str, last: str) -> None:
    """See that the server lists nothing behind a key, in the form of a listing.

    Raises:
        GenericError: its answer is something else.
    """
    try:
        page = answer(store, {"prefix": prefix, "start-after": last})
    except (BaseError, *FAULTS):  # refused in this form, or unreachable by now: the listing was answered
        return
    if not is_listing(page) or b"Contents>" in page:
        code = re.search(rb"<Code>[\w.-]+</Code>", page)
        raise GenericError(f"{NO_LISTING} {code[0].decode() if code else ''}")
