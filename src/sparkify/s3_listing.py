"""Listing what is below a prefix on S3, and telling an end of it from an answer that is no listing at all.

The client takes any XML for a listing, a web page as well: one without objects. So whoever sits behind a
proxy's page to log in would be told that there are no files, or lose those of the pages that follow.
"""

import os
import re
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

import obstore
from obstore.exceptions import BaseError, GenericError
from obstore.store import S3Store

from sparkify.s3_errors import NO_LISTING

if TYPE_CHECKING:
    from obstore import ObjectMeta

Answer = TypeVar("Answer")

_LISTING = re.compile(
    rb"\A\s*(<\?xml[^>]*>\s*)?<ListBucketResult\b.*(</ListBucketResult>|/>)\s*\Z", re.DOTALL
)
"""The whole of one; what its elements say is the client's to read."""

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
        time.sleep(min(FIRST_PAUSE * 2**retry, LONGEST_PAUSE))
        retry += 1


def _require_end(store: S3Store, prefix: str, last: str) -> None:
    """See that the server lists nothing behind a key, in the form of a listing.

    Raises:
        GenericError: its answer is something else.
    """
    try:
        answer = _raw_listing(store, prefix, last)
    except BaseError:  # refused in this form, or unreachable by now: the listing itself was answered
        return
    if not _is_end(answer):
        code = re.search(rb"<Code>[\w.-]+</Code>", answer)
        raise GenericError(f"{NO_LISTING} {code[0].decode() if code else ''}")


def _raw_listing(store: S3Store, prefix: str, last: str) -> bytes:
    """What the server answers when asked for the objects behind a key.

    The client gives the bytes of objects only. So it is asked for an object whose address is a listing's: the
    query stands in the endpoint, and the object's name becomes the value of a parameter without effect.
    """
    told: Any = store.config
    endpoint = told.get("endpoint") or _from_environment(
        "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"
    )
    region = told.get("region") or _from_environment("AWS_REGION", "AWS_DEFAULT_REGION") or "us-east-1"
    address = (endpoint or f"https://s3.{region}.amazonaws.com").rstrip("/")
    query = f"list-type=2&prefix={quote(prefix, safe='')}&start-after={quote(last, safe='')}&x-id="
    options: Any = {**told, "endpoint": f"{address}/{told['bucket']}?{query}"}
    options["virtual_hosted_style_request"] = True  # the endpoint has the bucket already
    listing = S3Store(
        config=options,
        client_options=store.client_options,
        retry_config=store.retry_config,
        credential_provider=store.credential_provider,
    )
    return bytes(obstore.get(listing, "ListObjectsV2").bytes())


def _from_environment(*names: str) -> str:
    return next(filter(None, (os.environ.get(name) for name in names)), "")


def _is_end(answer: bytes) -> bool:
    return _LISTING.search(answer) is not None and b"Contents>" not in answer
