"""Listing keys on S3 as they are, for there are such as the client can't name.

A key with an empty segment, a ``.`` or ``..``, or a control character is to it an error of the whole
listing, and it drops slashes at either end. Nor does it give the bytes of a listing. So it only signs here.
"""

import http.client
import os
import re
import urllib.request
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, unquote_plus
from xml.etree import ElementTree

import obstore
from obstore.store import S3Store

FAULTS = (OSError, http.client.HTTPException, ValueError)
"""What comes where a server can't be asked so."""

_LISTING = re.compile(
    rb"\A\s*(<\?xml[^>]*>\s*)?<ListBucketResult\b.*(</ListBucketResult>|/>)\s*\Z", re.DOTALL
)
"""The whole of one, without declarations of its own; what its elements say is read elsewhere."""

_MAX_BYTES = 16 * 2**20
"""Of a page: of a thousand keys, each of 1,024 bytes that may take three characters."""

_UNITS = {"h": 3600, "m": 60, "s": 1, "ms": 0.001}

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def is_nameable(key: str) -> bool:
    """Whether the client can ask for an object."""
    return _CONTROL.search(key) is None and all(map(is_segment, key.split("/")))


def is_segment(part: str) -> bool:
    """Whether what is between two slashes of a key is a name."""
    return part not in ("", ".", "..")


def list_exactly(store: S3Store, prefix: str) -> Iterator[dict[str, Any]]:
    """All objects below a prefix, in the client's form, but with their keys as they are.

    Raises:
        OSError, HTTPException, ValueError: the server can't be asked so, or gives something else.
    """
    begin = {"prefix": prefix}
    parameters = begin
    while True:
        page = answer(store, parameters)
        if not is_listing(page):
            raise ValueError("no listing")
        listing = ElementTree.fromstring(page)  # noqa: S314 (is_listing lets no declaration of entities through)
        is_quoted = listing.findtext("{*}EncodingType") == "url"
        for item in listing.iterfind("{*}Contents"):
            key = item.findtext("{*}Key") or ""
            yield {
                "path": unquote_plus(key) if is_quoted else key,
                "size": int(item.findtext("{*}Size") or 0),
                "e_tag": item.findtext("{*}ETag"),
                "last_modified": datetime.fromisoformat(item.findtext("{*}LastModified") or ""),
            }
        if listing.findtext("{*}IsTruncated") != "true":
            return
        token = listing.findtext("{*}NextContinuationToken")
        if not token or token == parameters.get("continuation-token"):
            raise ValueError("a listing without an end")
        parameters = {**begin, "continuation-token": token}


def is_listing(page: bytes) -> bool:
    """Whether an answer is a listing: a web page, for one, is not."""
    return _LISTING.search(page) is not None


def answer(store: S3Store, parameters: Mapping[str, str]) -> bytes:
    """What the server answers, in one try, when asked for a page of a listing.

    Raises:
        OSError, HTTPException, ValueError: it refuses, or can't be reached.
    """
    told: Any = store.config
    endpoint = told.get("endpoint") or _from_environment(
        "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"
    )
    region = told.get("region") or _from_environment("AWS_REGION", "AWS_DEFAULT_REGION") or "us-east-1"
    address = (endpoint or f"https://s3.{region}.amazonaws.com").rstrip("/")
    query = "&".join(
        ["list-type=2", "encoding-type=url"]
        + [f"{name}={quote(value, safe='')}" for name, value in parameters.items()]
    )
    url = f"{address}/{told['bucket']}?{query}"
    seconds = _seconds(store)
    if str(told.get("skip_signature", "")).lower() != "true":
        # The client signs addresses of objects only: this one's name is a parameter without effect.
        options: Any = {**told, "endpoint": f"{url}&x-id="}
        options["virtual_hosted_style_request"] = True  # the endpoint has the bucket already
        signing = S3Store(
            config=options,
            client_options=store.client_options,
            retry_config=store.retry_config,
            credential_provider=store.credential_provider,
        )
        url = obstore.sign(signing, "GET", "ListObjectsV2", timedelta(minutes=5))
    if not url.lower().startswith(("https://", "http://")):
        raise ValueError("no address of a server")
    with urllib.request.urlopen(url, timeout=seconds) as response:  # noqa: S310 (see above)
        page = bytes(response.read(_MAX_BYTES + 1))
    if len(page) > _MAX_BYTES:
        raise ValueError("no listing is that long")
    return page


def _seconds(store: S3Store) -> float:
    """How long to wait; the client gives back what it was told as ``1m 30s``."""
    told = str((store.client_options or {}).get("timeout", ""))
    parts = re.findall(r"(\d+)(h|m|s|ms)\b", told)
    return sum(int(number) * _UNITS[unit] for number, unit in parts) or 30


def _from_environment(*names: str) -> str:
    return next(filter(None, (os.environ.get(name) for name in names)), "")
