"""COPY and UNLOAD as the user wrote them: read from tokens, options checked, nothing run.

Sources: the pages COPY (syntax, data source, data format, authorization, data conversion, data load
operations) and UNLOAD of the Database Developer Guide.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from .refused import Refused, syntax_error
from .tokens import Tokens

_COMPRESSIONS = ("gzip", "bzip2", "zstd", "lzop")
_MAXERROR_LIMIT = 100_000


@dataclass
class Access:
    """Whom COPY and UNLOAD act as, and where the bucket is."""

    iam_role: str = ""
    access_key: bool = False
    region: str = ""


@dataclass
class CopyCommand:
    """A COPY: defaults are Redshift's."""

    table: str
    uri: str
    columns: list[str] = field(default_factory=list)
    access: Access = field(default_factory=Access)
    json: str = ""
    manifest: bool = False
    compression: str = ""
    maxerror: int = 0
    timeformat: str = ""
    dateformat: str = ""
    truncatecolumns: bool = False
    blanksasnull: bool = False
    emptyasnull: bool = False
    acceptinvchars: str = ""
    roundec: bool = False
    explicit_ids: bool = False
    noload: bool = False


@dataclass
class UnloadCommand:
    """An UNLOAD of Parquet."""

    query: str
    uri: str
    access: Access = field(default_factory=Access)
    parquet: bool = False
    partition_by: list[str] = field(default_factory=list)
    include: bool = False
    manifest: bool = False
    verbose: bool = False
    allowoverwrite: bool = False
    cleanpath: bool = False
    parallel: bool = True
    maxfilesize: int = 0


class _Reader:
    """Tokens read from left to right."""

    def __init__(self, tokens: Tokens, place: int) -> None:
        self.tokens = tokens
        self.place = place

    @property
    def more(self) -> bool:
        return self.place < len(self.tokens)

    def accept(self, *words: str) -> bool:
        """Take the words if they come next."""
        if words and self.tokens.words(self.place, *words):
            self.place += len(words)
            return True
        return False

    def unexpected(self, what: str) -> Refused:
        return syntax_error(self.tokens, min(self.place, len(self.tokens) - 1), what, "COPY, UNLOAD")

    def string(self, what: str) -> str:
        """Take a string."""
        token = self.tokens[self.place]
        if token.kind != "string":
            raise self.unexpected(what)
        self.place += 1
        return token.value

    def string_or(self, default: str) -> str:
        """Take a string if one comes next."""
        self.accept("as")
        return self.string("") if self.tokens[self.place].kind == "string" else default

    def number(self, what: str) -> float:
        """Take a number."""
        self.accept("as")
        token = self.tokens[self.place]
        if token.kind != "number":
            raise self.unexpected(what)
        self.place += 1
        return float(token.value)

    def switch(self) -> bool:
        """Take ON, OFF, TRUE or FALSE if one comes next."""
        if self.accept("off") or self.accept("false"):
            return False
        return self.accept("on") or self.accept("true") or True

    def names(self) -> list[str]:
        """Take names in parentheses."""
        end = self.tokens.closing(self.place)
        found = [
            self.tokens[n].value.lower() for n in range(self.place + 1, end) if self.tokens[n].word != ","
        ]
        self.place = end + 1
        return found


def _s3_uri(reader: _Reader) -> str:
    uri = reader.string("a source or target other than a string")
    if not uri.startswith("s3://"):
        raise Refused("The stand-in copies from and to s3:// only", "0A000", f"Given: {uri}")
    return uri


def _read_access(reader: _Reader, access: Access) -> bool:
    """Take an authorization or region clause, if one comes next."""
    if reader.accept("iam_role"):
        access.iam_role = "default" if reader.accept("default") else reader.string("IAM_ROLE without an ARN")
    elif reader.accept("credentials") or reader.accept("with", "credentials"):
        reader.accept("as")
        given = reader.string("CREDENTIALS without a string")
        if given.startswith("aws_iam_role="):
            access.iam_role = given.removeprefix("aws_iam_role=")
        else:
            access.access_key = True
    elif reader.accept("access_key_id"):
        reader.string("ACCESS_KEY_ID without a string")
        access.access_key = True
    elif reader.accept("secret_access_key") or reader.accept("session_token"):
        reader.string("a key without a string")
    elif reader.accept("region"):
        reader.accept("as")
        access.region = reader.string("REGION without a string")
    else:
        return False
    return True


def parse_copy(tokens: Tokens) -> CopyCommand:
    """Read a COPY.

    Raises:
        Refused: a syntax error, an option with a wrong value, or one that the stand-in does not have.
    """
    after = tokens.after_name(1)
    reader = _Reader(tokens, after)
    columns = reader.names() if tokens[after].word == "(" else []
    if not reader.accept("from"):
        raise reader.unexpected("COPY without FROM")
    command = CopyCommand(table=tokens.text(1, after), columns=columns, uri=_s3_uri(reader))
    while reader.more:
        if not (_read_access(reader, command.access) or _read_format(reader, command)):
            _read_option(reader, command)
    if not command.json:
        raise Refused("The stand-in's COPY loads JSON only", "0A000")
    return command


def _read_format(reader: _Reader, command: CopyCommand) -> bool:
    word = reader.tokens[reader.place].word
    if word == "format":
        reader.place += 1
        reader.accept("as")
        word = reader.tokens[reader.place].word
    elif word != "json":
        return False
    if word != "json":
        raise Refused("The stand-in's COPY loads JSON only", "0A000", f"Given: {word.upper()}")
    reader.place += 1
    command.json = reader.string_or("auto")
    if command.json == "noshred" or not (
        command.json.startswith("s3://") or command.json in ("auto", "auto ignorecase")
    ):
        raise Refused(
            f"Invalid JSON option '{command.json}'",
            "XX000",
            "COPY from JSON format: 'auto', 'auto ignorecase', or the S3 path of a JSONPaths file.",
        )
    return True


def _maxerror(reader: _Reader) -> int:
    value = int(reader.number("MAXERROR without a number"))
    if not 0 <= value <= _MAXERROR_LIMIT:
        raise Refused("MAXERROR must be between 0 and 100000", "22023", "COPY: MAXERROR.")
    return value


def _timeformat(reader: _Reader) -> str:
    given = reader.string_or("")
    if not given:
        raise reader.unexpected("TIMEFORMAT without a format")
    return given


def _replacement(reader: _Reader) -> str:
    given = reader.string_or("?")
    if len(given) != 1 or not given.isascii():
        raise Refused(
            "ACCEPTINVCHARS replacement must be a single ASCII character", "22023", "COPY: ACCEPTINVCHARS."
        )
    return given


_COPY_VALUES: dict[str, Callable[[_Reader], object]] = {
    "maxerror": _maxerror,
    "timeformat": _timeformat,
    "dateformat": lambda reader: reader.string_or("auto"),
    "acceptinvchars": _replacement,
}
_COPY_FLAGS = (
    "manifest",
    "truncatecolumns",
    "blanksasnull",
    "emptyasnull",
    "roundec",
    "explicit_ids",
    "noload",
)
# Accepted, without effect on what is loaded.
_COPY_SWITCHES = ("compupdate", "statupdate", "ssh", "encrypted")


def _read_option(reader: _Reader, command: CopyCommand) -> None:
    word = reader.tokens[reader.place].word
    if word in _COPY_FLAGS:
        reader.place += 1
        setattr(command, word, True)
    elif word in _COPY_VALUES:
        reader.place += 1
        setattr(command, word, _COPY_VALUES[word](reader))
    elif word in _COMPRESSIONS:
        reader.place += 1
        command.compression = word
    elif word in ("compupdate", "statupdate"):
        reader.place += 1
        reader.accept("preset") or reader.switch()
    elif word == "comprows":
        reader.place += 1
        reader.number("COMPROWS without a number")
    elif word == "encoding":
        reader.place += 1
        if reader.string_or("utf8").lower() not in ("utf8", "utf-8"):
            raise Refused("The stand-in's COPY reads UTF8 only", "0A000")
    else:
        raise reader.unexpected("this COPY option")


def parse_unload(tokens: Tokens) -> UnloadCommand:
    """Read an UNLOAD.

    Raises:
        Refused: a syntax error, or a format other than Parquet.
    """
    reader = _Reader(tokens, 1)
    if not reader.accept("("):
        raise reader.unexpected("UNLOAD without a query in parentheses")
    query = reader.string("UNLOAD's query as anything but a string")
    if not reader.accept(")") or not reader.accept("to"):
        raise reader.unexpected("UNLOAD without TO")
    command = UnloadCommand(query=query, uri=_s3_uri(reader))
    while reader.more:
        if not _read_access(reader, command.access):
            _read_unload_option(reader, command)
    if not command.parquet:
        raise Refused("The stand-in's UNLOAD writes Parquet only", "0A000")
    if command.cleanpath and command.allowoverwrite:
        raise Refused(
            "CLEANPATH and ALLOWOVERWRITE cannot be specified together", "0A000", "UNLOAD: CLEANPATH."
        )
    return command


def _read_unload_option(reader: _Reader, command: UnloadCommand) -> None:
    if (
        reader.accept("format", "as", "parquet")
        or reader.accept("format", "parquet")
        or reader.accept("parquet")
    ):
        command.parquet = True
    elif reader.accept("partition", "by"):
        command.partition_by = reader.names()
        command.include = reader.accept("include")
    elif reader.accept("manifest"):
        command.manifest = True
        command.verbose = reader.accept("verbose")
    elif reader.accept("allowoverwrite"):
        command.allowoverwrite = True
    elif reader.accept("cleanpath"):
        command.cleanpath = True
    elif reader.accept("parallel"):
        command.parallel = reader.switch()
    elif reader.accept("maxfilesize"):
        size = reader.number("MAXFILESIZE without a number")
        factor = 1024**3 if reader.accept("gb") else 1024**2
        reader.accept("mb")
        command.maxfilesize = int(size * factor)
        if not 5 * 1024**2 <= command.maxfilesize <= 6.2 * 1024**3:
            raise Refused("MAXFILESIZE must be between 5 MB and 6.2 GB", "22023", "UNLOAD: MAXFILESIZE.")
    else:
        raise reader.unexpected("this UNLOAD option")
