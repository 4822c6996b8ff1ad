"""What users are told when something goes wrong, and with which exit code.

    SparkifyError            exit 1: the run failed; the message names the thing, the hint the remedy
    ├── UsageError           exit 2: the command line or the configuration is wrong
    ├── SourceError          a folder, bucket or object can't be listed or read
    │   ├── SourceMissingError   a file that is asked for by name is not there
    │   ├── SourceChangedError   an object is not the version that was listed
    │   ├── BadFileError         a file is not JSON, or damaged as a whole
    │   └── UnusableFilesError   some files are one of these two
    ├── WarehouseError       the database can't be opened, is locked, or refused a statement
    │   ├── BusyError            someone else is writing to it, or has it open
    │   ├── StatementError       … which it can't carry out for what it says
    │   └── ConflictError        someone else wrote to the same tables at the same time
    ├── ClusterError         AWS refused a call for the cluster, or it is not as it must be
    ├── TooManyRejectsError  more bad records than the configured share
    ├── AuditError           the new star schema failed an audit; the old one is still there
    ├── NothingNewError      a run that was to load something found nothing new
    ├── StaleError           the newest event is older than it may be
    ├── DiagnosisError       something was found that will keep commands from working
    └── CheckError           an answer is not the expected one, or an audit finds bad rows

Everything a user can cause is one of these. Anything else that reaches ``cli.main`` is a bug, and says so.
"""

from collections.abc import Mapping, Sequence
from typing import Any


class SparkifyError(Exception):
    """A failure to be shown to the user as one clear line.

    Args:
        message: what happened, naming the file, table, key or address concerned.
        hint: what to do about it.

    Attributes:
        run_id: the number under which the failed run is in the table of runs, if it is.
    """

    exit_code = 1
    run_id: int | None = None

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n{self.hint}" if self.hint else self.message


class UsageError(SparkifyError):
    """The command line or the configuration asks for something that can't be."""

    exit_code = 2


class SourceError(SparkifyError):
    """A source folder, bucket or object can't be listed or read."""


class SourceMissingError(SourceError):
    """A file that was asked for by name is not there.

    Args:
        message: what happened.
        hint: what to do about it.
        is_certain: whether it is known that it is not there; S3 refuses to say so to those who may not list.
    """

    def __init__(self, message: str, hint: str = "", *, is_certain: bool = True) -> None:
        super().__init__(message, hint)
        self.is_certain = is_certain


class SourceChangedError(SourceError):
    """An object changed, or went away, between being listed and being read."""

    def __init__(self, uri: str) -> None:
        super().__init__(
            f"{uri}: changed or disappeared while being loaded",
            "run again once it has been written completely",
        )


class BadFileError(SourceError):
    """A file of which nothing can be loaded.

    Args:
        uri: the file.
        problem: what it looks like, or why nothing in it can be loaded.
        hint: what to do about it.
    """

    def __init__(self, uri: str, problem: str, hint: str = "") -> None:
        super().__init__(
            f"{uri}: {problem}; nothing was changed",
            f"{hint or 'replace it or remove it from the folder'};"
            " to load the others without it: sparkify etl --skip-bad-files",
        )
        self.uri = uri
        self.problem = problem


class UnusableFilesError(SourceError):
    """Some of the files of a run can't be loaded; the others may be, without them.

    Args:
        bad: those of which nothing can be loaded.
        changed: by URI, those that changed while they were read, with the versions that were listed.
        notes: what else people should know.
    """

    def __init__(
        self, bad: list[BadFileError], changed: Mapping[str, str], notes: Sequence[str] = ()
    ) -> None:
        first: SourceError = bad[0] if bad else SourceChangedError(next(iter(changed)))
        others = len(bad) - 1 if bad else len(changed) - 1
        also = f"; {others:,} more file{'s' * (others != 1)} can't be loaded" if others else ""
        super().__init__("\n  ".join([first.message + also, *notes]), first.hint)
        self.bad = bad
        self.changed = changed
        self.notes = notes


class WarehouseError(SparkifyError):
    """The database can't be opened, is in use, or refused what it was asked."""


class BusyError(WarehouseError):
    """Someone else is writing to the database, or has it open; later it may be free."""


class StatementError(WarehouseError):
    """The database refused a statement for what it says.

    Args:
        message: what it said.
        users_hint: what to do about it where the statement is the user's own.
        details: what else it said: suggestions, and the place in the statement.
        position: the place as a number of characters, from 1; 0 where the details have it, or nobody knows.
    """

    def __init__(self, message: str, users_hint: str = "", *, details: str = "", position: int = 0) -> None:
        super().__init__(
            message,
            "if someone has changed the tables, recreate them with: sparkify create-tables; otherwise this"
            " is a bug in sparkify: please report it",
        )
        self.users_hint = users_hint
        self.details = details
        self.position = position


class ConflictError(WarehouseError):
    """Another transaction wrote to the same tables meanwhile; the same run may succeed if tried again."""


class ClusterError(SparkifyError):
    """The Redshift cluster, its role or its network can't be made, found, changed or removed.

    Args:
        message: what happened.
        hint: what to do about it.
        code: AWS's code of the error, where it was AWS that refused.
    """

    def __init__(self, message: str, hint: str = "", code: str = "") -> None:
        super().__init__(message, hint)
        self.code = code


class TooManyRejectsError(SparkifyError):
    """More of a source's records are bad than ``max_reject_share`` or ``max_rejects`` allows."""

    BEYOND_MAX_REJECTS = (
        "fix the files, or, if so many bad records are acceptable, raise [WAREHOUSE] MAX_REJECTS"
    )


class AuditError(SparkifyError):
    """An audit found bad rows in the new star schema; nothing was changed.

    Args:
        message: what was found.
        hint: what to do about it.
        results: of all audits.
    """

    def __init__(self, message: str, hint: str = "", results: Sequence[Any] = ()) -> None:
        super().__init__(message, hint)
        self.results = results


class NothingNewError(SparkifyError):
    """A run that was to load something found nothing new."""


class StaleError(SparkifyError):
    """The newest event in the warehouse is older than it may be."""


class DiagnosisError(SparkifyError):
    """Something was found that will keep commands from working."""


class CheckError(SparkifyError):
    """A question's answer is not the expected one, or an audit finds bad rows."""
