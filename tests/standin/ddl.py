"""CREATE TABLE, CREATE VIEW, ALTER TABLE, ANALYZE and VACUUM of Amazon Redshift, for PostgreSQL.

Distribution, sorting, encoding and backup are checked and left out. Keys are left out because Redshift does
not enforce them (Table constraints); of a primary key NOT NULL stays.
"""

from dataclasses import dataclass, field

from .refused import UNSUPPORTED_TYPES, Refused, syntax_error, unsupported_type
from .tokens import Tokens

_MAX_VARCHAR = 65535
_MAX_CHAR = 4096
_DISTSTYLES = ("auto", "even", "key", "all")


def rewrite(tokens: Tokens) -> str:
    """The statement for PostgreSQL; those that are not DDL come back as they are.

    Raises:
        Refused: a clause that Amazon Redshift would not take, or a key on a column that is not there.
    """
    first, second = tokens[0].word, tokens[1].word
    if first == "create":
        return _create(tokens)
    if first == "alter" and second == "table":
        return _alter_table(tokens)
    if first in ("analyze", "analyse"):
        return _analyze(tokens)
    if first == "vacuum":
        return _vacuum(tokens)
    return tokens.text(0, len(tokens))


def _create(tokens: Tokens) -> str:
    place = 1
    while tokens[place].word in ("temp", "temporary", "local", "or", "replace"):
        place += 1
    if tokens[place].word == "table":
        return _create_table(tokens, place + 1)
    whole = tokens.text(0, len(tokens))
    if tokens[place].word == "materialized":
        end_of_name = tokens.after_name(place + 2)
        query = tokens.find("as", start=end_of_name)
        return f"{tokens.text(0, end_of_name)} {tokens.text(query, len(tokens))}"
    binding = tokens.find("with", "no", "schema", "binding")
    if tokens[place].word == "view" and binding > 0:
        return tokens.text(0, binding)
    return whole


@dataclass
class _Table:
    """What a CREATE TABLE names: columns as they go to PostgreSQL, and the columns that keys are on."""

    columns: dict[str, str] = field(default_factory=dict)
    others: list[str] = field(default_factory=list)
    keys: list[tuple[str, str]] = field(default_factory=list)  # kind of key, column
    not_null: list[str] = field(default_factory=list)
    distkeys: int = 0

    def elements(self) -> str:
        parts = [text + (" NOT NULL" if name in self.not_null else "") for name, text in self.columns.items()]
        return ", ".join(parts + self.others)


def _create_table(tokens: Tokens, place: int) -> str:
    if tokens.words(place, "if", "not", "exists"):
        place += 3
    after_name = tokens.after_name(place)
    head = tokens.text(0, after_name)
    table = _Table()
    names_only = False
    place = after_name
    if tokens[place].word == "(":
        end = tokens.closing(place)
        names_only = tokens.find("as", start=end + 1) > 0
        if names_only:
            head += " " + tokens.text(place, end + 1)
        else:
            _read_elements(tokens, place + 1, end, table)
        place = end + 1
    place = _read_attributes(tokens, place, table)
    if tokens[place].word == "as":
        return f"{head} {tokens.text(place, len(tokens))}"
    if place < len(tokens):
        raise syntax_error(tokens, place, "this table attribute", "CREATE TABLE")
    for kind, column in table.keys:
        if table.columns and column not in table.columns and not table.others:
            raise Refused(f'column "{column}" named in {kind} does not exist', "42703")
    return f"{head} ({table.elements()})"


def _read_elements(tokens: Tokens, start: int, end: int, table: _Table) -> None:
    depth, begin = 0, start
    for index in range(start, end + 1):
        depth += (tokens[index].word == "(") - (tokens[index].word == ")")
        if index == end or (depth == 0 and tokens[index].word == ","):
            _read_element(tokens, begin, index, table)
            begin = index + 1


def _read_element(tokens: Tokens, start: int, end: int, table: _Table) -> None:
    first = tokens[start].word
    if first == "constraint":
        start += 2
        first = tokens[start].word
    if first == "like":
        for index in range(start, end):
            if tokens[index].word in ("including", "excluding") and tokens[index + 1].word != "defaults":
                raise syntax_error(tokens, index + 1, "LIKE with options other than DEFAULTS", "CREATE TABLE")
        table.others.append(tokens.text(start, end))
    elif first in ("primary", "unique", "foreign"):
        opening = tokens.find("(", start=start)
        names = _names(tokens, opening)
        table.keys += [(f"{first} key" if first != "unique" else "unique constraint", name) for name in names]
        if first == "primary":
            table.not_null += names
    else:
        name = tokens[start].value.lower()
        table.columns[name] = column_sql(tokens, start, end, table)


def _names(tokens: Tokens, opening: int) -> list[str]:
    end = tokens.closing(opening)
    return [tokens[n].value.lower() for n in range(opening + 1, end) if tokens[n].word != ","]


def _read_attributes(tokens: Tokens, place: int, table: _Table) -> int:
    """Read what follows the columns, and give the place of what comes next (Table attributes)."""
    first = place
    diststyle = ""
    while place < len(tokens):
        word, following = tokens[place].word, tokens[place + 1].word
        if word == "backup" and following in ("yes", "no"):
            if place != first:
                raise syntax_error(tokens, place, "BACKUP after other attributes", "CREATE TABLE")
            place += 2
        elif word == "diststyle" and following in _DISTSTYLES:
            diststyle = following
            place += 2
        elif (word == "encode" and following == "auto") or (word == "sortkey" and following == "auto"):
            place += 2
        elif word in ("compound", "interleaved") and following == "sortkey":
            place += 1
        elif word in ("distkey", "sortkey") and following == "(":
            table.keys += [(word.upper(), name) for name in _names(tokens, place + 1)]
            table.distkeys += word == "distkey"
            place = tokens.closing(place + 1) + 1
        else:
            break
    _check_distribution(table, diststyle)
    return place


def _check_distribution(table: _Table, diststyle: str) -> None:
    if table.distkeys > 1:
        raise Refused("Table must not have more than one DISTKEY", "42601", "CREATE TABLE: DISTKEY.")
    if table.distkeys and diststyle in ("even", "all"):
        raise Refused(
            f"Cannot specify DISTKEY with DISTSTYLE {diststyle.upper()}", "42601", "CREATE TABLE: DISTKEY."
        )
    if diststyle == "key" and not table.distkeys:
        raise Refused("DISTSTYLE KEY requires a DISTKEY column", "42601", "CREATE TABLE: DISTSTYLE.")


# Attributes of columns that change nothing here, with the tokens they take.
_IGNORED_ATTRIBUTES = {"encode": 2, "collate": 2, "distkey": 1, "sortkey": 1, "unique": 1}


def column_sql(tokens: Tokens, start: int, end: int, table: _Table | None = None) -> str:
    """A column definition for PostgreSQL: its type, default and NOT NULL, without what Redshift adds."""
    type_text, place = _type(tokens, start + 1)
    parts = [tokens.text(start, start + 1), type_text]
    while place < end:
        if table and tokens[place].word == "distkey":
            table.distkeys += 1
        text, place = _column_attribute(tokens, place)
        if text:
            parts.append(text)
    return " ".join(parts)


def _column_attribute(tokens: Tokens, place: int) -> tuple[str, int]:
    """A column's attribute for PostgreSQL, and the place after it."""
    word = tokens[place].word
    if word in _IGNORED_ATTRIBUTES:
        return "", place + _IGNORED_ATTRIBUTES[word]
    if tokens.words(place, "primary", "key"):
        return "NOT NULL", place + 2
    if word == "references":
        place = tokens.after_name(place + 1)
        return "", tokens.closing(place) + 1 if tokens[place].word == "(" else place
    if word == "identity":
        return _identity(tokens, place + 1, "ALWAYS"), tokens.closing(place + 1) + 1
    if tokens.words(place, "generated", "by", "default", "as", "identity"):
        return _identity(tokens, place + 5, "BY DEFAULT"), tokens.closing(place + 5) + 1
    if word == "generated":
        raise syntax_error(tokens, place, "GENERATED other than BY DEFAULT AS IDENTITY", "CREATE TABLE")
    return tokens.text(place, place + 1), place + 1


def _identity(tokens: Tokens, opening: int, kind: str) -> str:
    numbers = tokens.text(opening + 1, tokens.closing(opening)).split(",")
    if len(numbers) != 2:
        raise syntax_error(tokens, opening, "IDENTITY without seed and step", "CREATE TABLE")
    seed, step = (int(number) for number in numbers)
    low = "MINVALUE" if step > 0 else "MAXVALUE"
    return f"GENERATED {kind} AS IDENTITY (START WITH {seed} INCREMENT BY {step} {low} {seed})"


def _type(tokens: Tokens, place: int) -> tuple[str, int]:
    """A column's type for PostgreSQL, and the place after it (Character types: storage and ranges)."""
    word = tokens[place].word
    if word in UNSUPPORTED_TYPES:
        raise unsupported_type(word)
    if word == "character" and tokens[place + 1].word == "varying":
        place, word = place + 1, "varchar"
    after = place + 1
    size = ""
    if tokens[after].word == "(":
        after = tokens.closing(after) + 1
        size = tokens.text(place + 2, after - 1)
    if word in ("varchar", "text", "char", "character", "bpchar"):
        return _character_type(word, size), after
    if word in ("decimal", "numeric") and not size:
        return f"{word}(18,0)", after  # the default precision and scale (Numeric types)
    while tokens[after].word in ("precision", "with", "without", "time", "zone"):
        after += 1
    return tokens.text(place, after), after


def _character_type(word: str, size: str) -> str:
    """VARCHAR and CHAR with their lengths in bytes."""
    varying = word in ("varchar", "text")
    if word in ("text", "bpchar") or (varying and not size):
        size = "256"
    limit = _MAX_VARCHAR if varying else _MAX_CHAR
    if int(size or 1) > limit:
        name = "character varying" if varying else "character"
        raise Refused(f"length for type {name} cannot exceed {limit}", "22023", "Character types.")
    return f"{'varchar' if varying else 'char'}({size or 1})"


def _alter_table(tokens: Tokens) -> str:
    after = tokens.after_name(2)
    head = tokens.text(0, after)
    action, then = tokens[after].word, tokens[after + 1].word
    if action == "add" and then in ("constraint", "primary", "unique", "foreign"):
        return f"{head} SET WITHOUT CLUSTER"  # changes nothing, yet the table must be there
    if action == "drop" and then == "constraint":
        return f"{head} SET WITHOUT CLUSTER"
    if action == "alter":
        start = after + 2 if then == "column" else after + 1
        if (
            then in ("diststyle", "distkey", "sortkey", "compound", "encode")
            or tokens[start + 1].word == "encode"
        ):
            return f"{head} SET WITHOUT CLUSTER"
        type_text, _ = _type(tokens, start + 2)
        return f"{head} ALTER COLUMN {tokens.text(start, start + 1)} TYPE {type_text}"
    if action == "add":
        start = after + 2 if then == "column" else after + 1
        text = column_sql(tokens, start, len(tokens))
        if "not null" in text.lower() and tokens.find("default") < 0:
            raise Refused(
                "ALTER TABLE ADD COLUMN defined as NOT NULL must have a non-null default expression",
                "0A000",
                "ALTER TABLE: ADD COLUMN.",
            )
        return f"{head} ADD COLUMN {text}"
    return tokens.text(0, len(tokens))


def _analyze(tokens: Tokens) -> str:
    """ANALYZE [VERBOSE] [table [(columns)]] [PREDICATE COLUMNS | ALL COLUMNS]."""
    end = len(tokens)
    for words in (("predicate", "columns"), ("all", "columns")):
        place = tokens.find(*words)
        if place > 0:
            end = place
    if tokens[1].word == "compression":
        raise Refused("ANALYZE COMPRESSION is not built into the stand-in", "0A000")
    return tokens.text(0, end)


def _vacuum(tokens: Tokens) -> str:
    """VACUUM [FULL | SORT ONLY | DELETE ONLY | REINDEX | RECLUSTER] [table [TO n PERCENT] [BOOST]]."""
    place = 1
    while tokens[place].word in ("full", "sort", "delete", "only", "reindex", "recluster"):
        place += 1
    name = tokens.text(place, tokens.after_name(place)) if place < len(tokens) else ""
    return f"VACUUM {name}"
