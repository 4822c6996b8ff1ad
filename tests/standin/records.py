"""JSON files as COPY reads them: objects one after the other, matched to columns, converted to their types.

Sources: COPY from JSON format, COPY's data conversion parameters, Load error reference, Multibyte character
load errors.
"""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

MAX_OBJECT_BYTES = 4 * 1024**2

_WHITESPACE = re.compile(r"[ \t\r\n]*")
_BAD_CODE_POINTS = re.compile("[\ud800-\udfff\0]+")
_INTEGER = re.compile(r"[+-]?[0-9]+")
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_EPOCH = re.compile(r"-?[0-9]+(?:\.0*)?")
_PATH_STEP = re.compile(
    r"\.([A-Za-z_][A-Za-z0-9_]*)|\['((?:[^'\\]|\\.)*)'\]|\[\"((?:[^\"\\]|\\.)*)\"\]|\[([0-9]+)\]"
)

_NO_OBJECT = "Invalid JSONPath format: Member is not an object."

Json = object


class Number(str):
    """A JSON number as written."""

    __slots__ = ()


class BadField(Exception):  # noqa: N818
    """A value that its column can't take.

    Args:
        code: the load error code.
        reason: its text.
    """

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class NoSuchElement(Exception):  # noqa: N818
    """A path names a position that an array does not have."""


def _no_constant(name: str) -> Json:
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(parse_float=Number, parse_int=Number, parse_constant=_no_constant)


@dataclass
class Record:
    """A root-level value of a file, or what stands where one should be.

    Args:
        value: the parsed value; None where ``problem`` says why there is none.
        raw: its text.
        line: the number of its last line.
        offset: its place in the file, in characters.
    """

    value: Json
    raw: str
    line: int
    offset: int
    problem: str = ""


def read_records(data: bytes) -> Iterator[Record]:
    """The records of a file. After something that is no JSON, reading goes on with the next line."""
    text = data.decode("utf-8", "surrogateescape")
    place, line, counted = _skip(text, 0), 1, 0
    while place < len(text):
        problem, value = "", None
        try:
            value, end = _DECODER.raw_decode(text, place)
        except (ValueError, RecursionError):
            newline = text.find("\n", place)
            end = len(text) if newline < 0 else newline
            problem = "Invalid value."
        line += text.count("\n", counted, end)
        counted = end
        if len(text[place:end].encode("utf-8", "surrogateescape")) > MAX_OBJECT_BYTES:
            problem = "JSON object size exceeds the maximum of 4194304 bytes"
        yield Record(value, text[place:end], line, place, problem)
        place = _skip(text, end)


def _skip(text: str, place: int) -> int:
    found = _WHITESPACE.match(text, place)
    return found.end() if found else place


# --- which value goes to which column ----------------------------------------------------------------------


def parse_jsonpath(path: str) -> list[str | int]:
    """The steps of a JSONPath expression, in bracket or dot notation; ValueError for anything else."""
    place, steps = 1, []
    while path.startswith("$") and place < len(path):
        found = _PATH_STEP.match(path, place)
        if not found:
            break
        dotted, single, double, index = found.groups()
        steps.append(int(index) if index else next(s for s in (dotted, single, double) if s is not None))
        place = found.end()
    if not steps or place < len(path):
        raise ValueError(path)
    return steps


def _unquoted(path: str) -> str:
    return re.sub(r"\['(?:[^'\\]|\\.)*'\]|\[\"(?:[^\"\\]|\\.)*\"\]", "[]", path)


def follow(value: Json, steps: Sequence[str | int]) -> Json:
    """The value that a path leads to, None where a key is not there.

    Raises:
        NoSuchElement: a position is not (COPY from JSON format: JSONPath expressions).
    """
    for step in steps:
        if isinstance(step, int):
            if not isinstance(value, list) or step >= len(value):
                raise NoSuchElement
            value = value[step]
        else:
            if not isinstance(value, dict):
                return None
            value = value.get(step)
    return value


def by_name(names: Sequence[str], ignore_case: bool) -> Callable[[Json], list[Json]]:
    """Matching by first-level keys: 'auto' as they are written, 'auto ignorecase' whatever their case."""

    def pick(value: Json) -> list[Json]:
        if not isinstance(value, dict):
            raise BadField(1216, _NO_OBJECT)
        given = {key.lower(): item for key, item in value.items()} if ignore_case else value
        return [given.get(name) for name in names]

    return pick


def by_path(paths: Sequence[str]) -> Callable[[Json], list[Json]]:
    """Matching by JSONPaths, in the columns' order; ValueError for paths that are none."""
    # "You can't mix bracket notation and dot notation in the jsonpaths array" (COPY from JSON format).
    if any(re.search(r"\.\w", path) for path in map(_unquoted, paths)) and any(
        "['" in p or '["' in p for p in paths
    ):
        raise ValueError("bracket and dot notation are mixed")
    steps = [parse_jsonpath(path) for path in paths]
    root = list if any(isinstance(path[0], int) for path in steps) else dict

    def pick(value: Json) -> list[Json]:
        if not isinstance(value, root):
            raise BadField(
                1216, _NO_OBJECT if root is dict else "Invalid JSONPath format: Member is not an array."
            )
        return [follow(value, path) for path in steps]

    return pick


# --- values to types ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Target:
    """A column that COPY loads.

    Args:
        name: its name.
        type: PostgreSQL's name of its type.
        size: bytes of a CHAR or VARCHAR, else 0.
        precision: digits of a DECIMAL.
        scale: digits after the point of a DECIMAL.
        not_null: whether it refuses NULL.
    """

    name: str
    type: str
    size: int = 0
    precision: int = 0
    scale: int = 0
    not_null: bool = False


@dataclass(frozen=True)
class Conversion:
    """The options of COPY that change values."""

    timeformat: str = ""
    truncatecolumns: bool = False
    blanksasnull: bool = False
    emptyasnull: bool = False
    acceptinvchars: str = ""
    roundec: bool = False


# PostgreSQL's name: name in load errors, name in messages, bytes.
_INTEGERS = {"int2": ("Short", 2), "int4": ("Integer", 4), "int8": ("Long", 8)}
TYPE_NAMES = {
    "int2": "int2",
    "int4": "int4",
    "int8": "int8",
    "bpchar": "char",
    "numeric": "numeric",
    "bool": "bool",
}
_TRUE = frozenset(("t", "true", "y", "yes", "1"))
_FALSE = frozenset(("f", "false", "n", "no", "0"))


def json_text(value: Json) -> str:
    """A value as the text that a CHAR or VARCHAR column gets."""
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    return _nested(value)


def _nested(value: Json) -> str:
    if isinstance(value, Number):
        return value
    if isinstance(value, dict):
        return (
            "{"
            + ",".join(f"{json.dumps(k, ensure_ascii=False)}:{_nested(v)}" for k, v in value.items())
            + "}"
        )
    if isinstance(value, list):
        return "[" + ",".join(map(_nested, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def convert(value: Json, target: Target, options: Conversion) -> str | None:
    """A JSON value as text for PostgreSQL.

    Raises:
        BadField: the column can't take it.
    """
    text: str | None = None
    if value is not None:
        if target.type in ("varchar", "bpchar"):
            text = _characters(json_text(value), target, options)
        elif value != "":
            text = _other(value, target, options)
    if text is None and target.not_null:
        raise BadField(1213, "Missing data for not-null field")
    return text


def _characters(text: str, target: Target, options: Conversion) -> str | None:
    if (options.emptyasnull and text == "") or (options.blanksasnull and text != "" and not text.strip()):
        return None
    bad = _BAD_CODE_POINTS.search(text)
    if bad and target.type == "varchar" and options.acceptinvchars:
        text = _BAD_CODE_POINTS.sub(lambda found: options.acceptinvchars * len(found[0]), text)
    elif bad:
        shown = bad[0].encode("utf-8", "surrogatepass" if bad[0] < "\udc80" else "surrogateescape").hex(" ")
        raise BadField(
            1220,
            "String contains invalid or unsupported UTF8 codepoints. "
            f"Bad UTF8 hex sequence: {shown} (error 3)",
        )
    if target.type == "bpchar" and not text.isascii():
        first = next(c for c in text if not c.isascii()).encode().hex(" ")
        raise BadField(
            1220,
            f"Multibyte character not supported for CHAR (Hint: try using VARCHAR). Invalid char: {first}",
        )
    data = text.encode()
    if len(data) > target.size:
        if not options.truncatecolumns:
            raise BadField(1204, "String length exceeds DDL length")
        text = data[: target.size].decode("utf-8", "ignore")
    return text


def _other(value: Json, target: Target, options: Conversion) -> str:
    text = json_text(value)
    if target.type in _INTEGERS:
        return _integer(value, text, target)
    if target.type in ("float4", "float8"):
        if not _DECIMAL.fullmatch(text) or abs(float(text)) == float("inf"):
            raise BadField(1208, _invalid_digit(text, "Double"))
        return text
    if target.type == "numeric":
        return _decimal(text, target, options)
    if target.type == "bool":
        word = text.strip().lower()
        if word not in _TRUE and word not in _FALSE:
            raise BadField(1210, "Unknown boolean format")
        return "t" if word in _TRUE else "f"
    if target.type == "date":
        return _date(text)
    if target.type in ("timestamp", "timestamptz"):
        return _timestamp(text, options.timeformat)
    raise BadField(1223, f"The stand-in does not load columns of type {target.type}")


def _invalid_digit(text: str, kind: str) -> str:
    allowed = "+-.0123456789eE" if kind in ("Double", "Decimal") else "+-0123456789"
    place = next((n for n, c in enumerate(text) if c not in allowed or (c in "+-" and n)), 0)
    return f"Invalid digit, Value '{text[place : place + 1]}', Pos {place}, Type: {kind}"


def _integer(value: Json, text: str, target: Target) -> str:
    name, size = _INTEGERS[target.type]
    if isinstance(value, Number) and "." in text and "e" not in text.lower():
        whole, _, fraction = text.partition(".")
        if not fraction.strip("0"):
            text = whole  # public pipelines load 1541077528796.0 into BIGINT
    if not _INTEGER.fullmatch(text):
        raise BadField(1207, _invalid_digit(text, name))
    limit = 1 << (size * 8 - 1)
    if not -limit <= int(text) < limit:
        raise BadField(1222, f"Overflow ({name} valid range {-limit} to {limit - 1})")
    return text


def _decimal(text: str, target: Target, options: Conversion) -> str:
    if not _DECIMAL.fullmatch(text):
        raise BadField(1209, _invalid_digit(text, "Decimal"))
    rounding = ROUND_HALF_UP if options.roundec else ROUND_DOWN
    number = Decimal(text)
    if number.adjusted() >= target.precision - target.scale and number != 0:
        raise BadField(1204, f"Overflow for NUMERIC({target.precision},{target.scale})")
    return str(number.quantize(Decimal(1).scaleb(-target.scale), rounding=rounding))


def _date(text: str) -> str:
    try:
        return date.fromisoformat(text[:10]).isoformat()
    except ValueError:
        raise BadField(1205, "Invalid Date Format - length must be 10 or more") from None


def _timestamp(text: str, timeformat: str) -> str:
    if timeformat in ("epochsecs", "epochmillisecs"):
        unit = timedelta(seconds=1) if timeformat == "epochsecs" else timedelta(milliseconds=1)
        try:
            if _EPOCH.fullmatch(text):
                moment = datetime(1970, 1, 1, tzinfo=UTC) + int(text.partition(".")[0]) * unit
                return moment.replace(tzinfo=None).isoformat(sep=" ")
        except OverflowError:
            pass
        raise BadField(1206, f"Invalid timestamp format or value [{timeformat}]")
    try:
        if len(text) < len("2018-11-01"):
            raise ValueError(text)
        moment = datetime.fromisoformat(text)
    except ValueError:
        shown = "auto" if timeformat == "auto" else "YYYY-MM-DD HH24:MI:SS"
        raise BadField(1206, f"Invalid timestamp format or value [{shown}]") from None
    if moment.tzinfo:
        moment = moment.astimezone(UTC).replace(tzinfo=None)
    return moment.isoformat(sep=" ")
