"""SQL as a list of tokens, with their places in the text, and edits of that text.

sqlglot's Redshift tokenizer does the lexing, so that strings, comments and quoted names never confuse a rule.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from sqlglot.dialects.redshift import Redshift
from sqlglot.errors import TokenError
from sqlglot.tokenizer_core import TokenType

_WORD = re.compile(r"\S+")


class _Lexing(Redshift):
    """Redshift's lexing for every statement: sqlglot takes what follows some first words as one string."""

    class Tokenizer(Redshift.Tokenizer):
        COMMANDS: ClassVar[set[TokenType]] = set()
        # "($1,$2)" would begin a dollar-quoted string; only procedures have such.
        HEREDOC_STRINGS: ClassVar[list[str | tuple[str, str]]] = []


_STRINGS = {
    TokenType.STRING,
    TokenType.BYTE_STRING,
    TokenType.NATIONAL_STRING,
    TokenType.RAW_STRING,
    TokenType.HEREDOC_STRING,
    TokenType.UNICODE_STRING,
}


@dataclass(frozen=True)
class Token:
    """A token: ``word`` is lower-case for anything but strings and quoted names, and empty for those.

    Args:
        kind: ``word`` (keyword, name or sign), ``name`` (quoted name), ``string`` or ``number``.
        word: what rules compare with.
        value: a string's or a quoted name's content, else the text as written.
        start: the place of the first character.
        end: the place after the last one.
    """

    kind: str
    word: str
    value: str
    start: int
    end: int

    @property
    def is_name(self) -> bool:
        """Whether this can be an identifier."""
        return self.kind == "name" or (
            self.kind == "word" and (self.word[0].isalpha() or self.word[0] in "_#")
        )


_NOTHING = Token("end", "", "", 0, 0)


class Tokens(Sequence[Token]):
    """The tokens of one statement; reading past an end gives a token that equals nothing."""

    def __init__(self, source: str, tokens: Sequence[Token]) -> None:
        self.source = source
        self._tokens = tokens

    def __len__(self) -> int:
        return len(self._tokens)

    def __getitem__(self, index: int) -> Token:  # type: ignore[override]
        return self._tokens[index] if 0 <= index < len(self._tokens) else _NOTHING

    def __iter__(self) -> Iterator[Token]:
        return iter(self._tokens)

    def words(self, index: int, *expected: str) -> bool:
        """Whether these words stand at that place, one after the other."""
        return all(self[index + n].word == word for n, word in enumerate(expected))

    def find(self, *expected: str, start: int = 0) -> int:
        """The place of the first such sequence of words, or -1."""
        for index in range(start, len(self)):
            if self.words(index, *expected):
                return index
        return -1

    def closing(self, opening: int) -> int:
        """The place of the parenthesis that closes the one at ``opening`` (or of the last token)."""
        depth = 0
        for index in range(opening, len(self)):
            depth += (self[index].word == "(") - (self[index].word == ")")
            if depth == 0:
                return index
        return len(self) - 1

    def after_name(self, index: int) -> int:
        """The place after a possibly qualified name that begins at ``index``."""
        index += 1
        while self[index].word == "." and self[index + 1].is_name:
            index += 2
        return index

    def text(self, start: int, end: int) -> str:
        """The source from the token at ``start`` to the one before ``end``."""
        return self.source[self[start].start : self[end - 1].end] if end > start else ""


def tokenize(source: str) -> list[Tokens]:
    """Split SQL text into statements of tokens; empty ones are left out.

    Raises:
        TokenError: a string or comment does not end.
    """
    statements: list[Tokens] = []
    current: list[Token] = []
    for raw in _Lexing().tokenize(source):
        if raw.token_type == TokenType.SEMICOLON:
            statements.append(Tokens(source, current))
            current = []
            continue
        start, end = raw.start, raw.end + 1
        if raw.token_type in _STRINGS and source[start] != "$":
            current.append(Token("string", "", raw.text, start, end))
        elif raw.token_type == TokenType.IDENTIFIER:
            current.append(Token("name", "", raw.text, start, end))
        elif raw.token_type == TokenType.NUMBER:
            current.append(Token("number", "", raw.text, start, end))
        else:
            # sqlglot has some tokens of two words: ORDER BY, PRIMARY KEY, DOUBLE PRECISION …
            current += (
                Token("word", found[0].lower(), found[0], found.start(), found.end())
                for found in _WORD.finditer(source, start, end)
            )
    statements.append(Tokens(source, current))
    return [statement for statement in statements if len(statement)]


class Edits:
    """Replacements in a statement's text, made all at once."""

    def __init__(self, tokens: Tokens) -> None:
        self.tokens = tokens
        self._edits: list[tuple[int, int, str]] = []
        self._tail = ""

    def append(self, text: str) -> None:
        """Put text at the end."""
        self._tail += text

    def replace(self, first: int, last: int, text: str) -> None:
        """Put text in the place of the tokens ``first`` to ``last``, both included."""
        self._edits.append((self.tokens[first].start, self.tokens[last].end, text))

    def insert(self, index: int, text: str) -> None:
        """Put text before the token at ``index``."""
        place = self.tokens[index].start
        self._edits.append((place, place, text))

    def apply(self) -> str:
        """The statement's text with the edits."""
        place = self.tokens[0].start
        parts = []
        for start, end, text in sorted(self._edits):
            if start < place:
                continue  # inside of what another edit has replaced
            parts += [self.tokens.source[place:start], text]
            place = end
        parts.append(self.tokens.source[place : self.tokens[len(self.tokens) - 1].end])
        return "".join(parts) + self._tail


__all__ = ["Edits", "Token", "TokenError", "Tokens", "tokenize"]
