"""What ``etl`` says while it runs and when it ends, in each of the forms that can be asked for."""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sparkify.cli import summary as text
from sparkify.cli.process import exit_code_of
from sparkify.cli.progress import JsonLines, on_console
from sparkify.cli.results import audit_results, no_run_result, result_of, run_result, step_results
from sparkify.errors import AuditError, NothingNewError, SparkifyError
from sparkify.load.progress import NullProgress, Progress, Timed
from sparkify.load.retries import with_patience
from sparkify.printing.console import Console
from sparkify.printing.terminal import say
from sparkify.system import interrupts

if TYPE_CHECKING:
    from sparkify.config.settings import Settings
    from sparkify.load.summary import Summary


@dataclass(frozen=True)
class Form:
    """How a run is told of.

    Attributes:
        as_json: whether its result goes to stdout as a JSON object.
        is_quiet: whether only warnings and errors are said.
        lines: writes JSON on stderr; None for text.
    """

    as_json: bool = False
    is_quiet: bool = False
    lines: JsonLines | None = None

    def progress(self, console: Console) -> Progress:
        """Shows what is being done."""
        if self.lines:
            return self.lines
        return NullProgress() if self.is_quiet else on_console(console)

    def warn(self, warning: str, event: str = "warning") -> None:
        """Say what is to be said beside what a run says."""
        if self.lines:
            self.lines.say("warning", event, message=warning)
        else:
            say(f"warning: {warning}")

    def tell(self, summary: "Summary", location: str, seconds: float, console: Console) -> None:
        """Say what a run did."""
        if self.lines:
            _log(summary, seconds, self.lines, is_quiet=self.is_quiet)
        elif self.is_quiet:
            text.print_concerns(summary, console)
        else:
            text.print_summary(summary, location, seconds, console)


def _log(summary: "Summary", seconds: float, lines: JsonLines, *, is_quiet: bool) -> None:
    for file, line, reason in summary.rejects:
        lines.say("warning", "reject", file=file, line=line, reason=reason)
    for severity, message in summary.said:
        if severity == "warning" or not is_quiet:
            lines.say("warning" if severity == "warning" else "info", severity, message=message)
    if not is_quiet:
        done = run_result(summary)
        kept = ("outcome", "sources", "tables", "events", "matched_plays")
        lines.say("info", "end", **{name: done[name] for name in kept}, seconds=round(seconds, 3))


def run(
    load_settings: "Callable[[Callable[[str], None]], Settings]",
    load: "Callable[[Settings, Progress, Callable[[str], None]], Summary]",
    form: Form,
    *,
    require_new: bool,
    wait: float,
) -> None:
    """Run, and tell of it.

    Args:
        load_settings: gives the settings, and says to whom it is given what is to be said about them.
        load: loads what is new; told to whom to say what is to be said beside what the run says.
        form: how the run is told of.
        require_new: whether it fails if there is nothing new.
        wait: how many seconds to wait for others to let go of the warehouse.

    Raises:
        SparkifyError: the run failed, or found nothing new.
        SystemExit: it failed, and that has been told already.
    """
    console, clock = Console(), time.perf_counter()
    timed = Timed(form.progress(console))
    warnings: list[str] = []

    def warn(warning: str, event: str = "warning") -> None:
        warnings.append(warning)
        form.warn(warning, event)

    try:
        with result_of("etl", is_wanted=form.as_json) as result:
            result |= {"started": datetime.now(UTC), "seconds": 0.0} | no_run_result()
            try:
                settings = load_settings(lambda warning: warn(warning, "configuration"))
                result["database"] = settings.database
                summary = with_patience(
                    lambda: load(settings, timed, warn), wait, lambda who: timed.step(f"wait: {who}")
                )
                result |= run_result(summary)
                form.tell(summary, settings.database, time.perf_counter() - clock, console)
                if require_new and summary.outcome == "nothing new":
                    raise NothingNewError(
                        f"{settings.database}: nothing new",
                        "look whether new files arrive; without --require-new this is no failure",
                    )
            except SparkifyError as error:
                result["run"] = result["run"] or error.run_id
                if isinstance(error, AuditError):
                    result["audits"] = audit_results(error.results)
                raise
            finally:
                result["seconds"] = round(time.perf_counter() - clock, 3)
                result["steps"] = step_results(timed.steps)
                result["warnings"] = warnings + result["warnings"]
    except (SparkifyError, interrupts.Stopped) as error:
        if not form.lines:
            raise
        if isinstance(error, SparkifyError) and error.run_id:
            form.lines.begin_run(error.run_id)
        hint = {"hint": error.hint} if isinstance(error, SparkifyError) else {}
        message = error.message if isinstance(error, SparkifyError) else interrupts.message(error.number)
        form.lines.say("error", "failed", message=message, **hint)
        sys.exit(exit_code_of(error))
