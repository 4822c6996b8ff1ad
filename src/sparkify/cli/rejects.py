"""What people see of records that could not be loaded."""

import sys

from sparkify.load import rejects
from sparkify.load.rejects import Selection
from sparkify.printing.output import Form, print_rows
from sparkify.printing.tables import Look
from sparkify.printing.terminal import printable, say
from sparkify.printing.wording import counted, plural
from sparkify.sources.objects import first_few
from sparkify.warehouse.contract import Session

_NAMED = 4
"""One more than ``first_few`` shows, so that it says that there are more."""

_COLUMNS = ("reason", "records", "whole_texts", "first_line", "file")


def print_groups(warehouse: Session, selection: Selection, form: Form, look: Look) -> None:
    """Print the rejects by reason and file.

    Raises:
        UsageError: no loaded file has the name that is asked for.
    """
    found = rejects.groups(warehouse, selection)
    if form != "table":
        print_rows(_COLUMNS, found, form)
        return
    if not found:
        say("no record was rejected")
        return
    print_rows(_COLUMNS, found, form, look)
    count = sum(group.records for group in found)
    say(f"{plural(count, 'record')} rejected; as lines to mend: sparkify rejects --raw > FILE")


def print_raw(warehouse: Session, selection: Selection) -> None:
    """Print the rejected records as they stand in their files, as lines to mend.

    Raises:
        UsageError: no loaded file has the name that is asked for.
    """
    is_seen = sys.stdout.isatty()
    left_out: list[str] = []
    count = 0
    for record in rejects.records(warehouse, selection):
        if record.data is None:
            count += 1
            left_out += [printable(f"{record.file}:{record.line}")] if len(left_out) < _NAMED else []
        elif is_seen:
            sys.stdout.write(printable(record.data.decode(errors="backslashreplace"), keep="\n") + "\n")
        else:
            sys.stdout.buffer.write(record.data + b"\n")
    sys.stdout.flush()
    if count:
        say(
            f"warning: {counted(count, 'record is', 'records are')} not printed, because not all of the text"
            f" is kept: {first_few(left_out)}\n"
            "  hint: take these from the files; docs/rejects.md says how much is kept",
            in_lines=True,
        )
