"""Where a statement that was typed ends."""

import pytest

from sparkify.answers.statements import split


@pytest.mark.parametrize(
    ("text", "statements", "rest"),
    [
        ("SELECT 1", [], "SELECT 1"),
        ("SELECT 1;", ["SELECT 1"], ""),
        ("SELECT 1; SELECT\n2 ;\n", ["SELECT 1", "SELECT\n2"], ""),
        ("SELECT 1; SELECT", ["SELECT 1"], "SELECT"),
        (" ;;", [], ""),
        ("SELECT ';''' AS \";\";", ["SELECT ';''' AS \";\""], ""),
        ("SELECT ';", [], "SELECT ';"),
        ('SELECT "a;', [], 'SELECT "a;'),
        ("SELECT 4 / 2 - 1 -- ;\n;", ["SELECT 4 / 2 - 1 -- ;"], ""),
        ("SELECT 1 /* ; */;", ["SELECT 1 /* ; */"], ""),
        ("SELECT 1 /* ;", [], "SELECT 1 /* ;"),
        ("SELECT 1; -- done", ["SELECT 1"], ""),
        ("SELECT 'a'';", [], "SELECT 'a'';"),
    ],
)
def test_a_semicolon_ends_a_statement_unless_a_text_name_or_comment_holds_it(
    text: str, statements: list[str], rest: str
) -> None:
    assert split(text) == (statements, rest)
