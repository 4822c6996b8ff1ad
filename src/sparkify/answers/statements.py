"""Where one statement of what was typed ends and the next begins."""

import re

_PART = re.compile(
    r"""
    '(?:[^']|'')*' | "(?:[^"]|"")*"      # texts and names
    | --[^\n]* | /\*.*?\*/               # comments
    | ; | [^'"/;-]+ | /(?!\*) | -(?!-)   # the end of a statement, and anything else
    """,
    re.VERBOSE | re.DOTALL,
)
_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)


def split(text: str) -> tuple[list[str], str]:
    """Part a text into statements.

    Args:
        text: SQL; statements end in a semicolon that is in no text, name or comment.

    Returns:
        The statements that have ended, without their semicolons, and what follows them: empty, or a
        statement that has not ended.
    """
    statements, begin, at = [], 0, 0
    while part := _PART.match(text, at):
        at = part.end()
        if part[0] == ";":
            statements.append(text[begin : part.start()].strip())
            begin = at
    rest = text[begin:].strip()
    if at == len(text) and not _COMMENT.sub("", rest).strip():
        rest = ""
    return [each for each in statements if each], rest
