"""After ``pytest -m aws``: what was doubted, what was expected, and what was seen."""

import pytest

from tests.support.doubts import DOUBTS, table_of


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, exitstatus: int, config: pytest.Config
) -> None:
    del exitstatus
    if told := config.stash.get(DOUBTS, []):
        terminalreporter.section("what no page settles (! = not as expected)")
        terminalreporter.write_line(table_of(told))
