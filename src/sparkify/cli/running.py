"""The commands that load, and that tell what was loaded: etl, unload, status, runs, rejects."""

from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from sparkify.cli.options import Config, Database, Printed, ResultAsJson, Yes, prints_rows, settings_of
from sparkify.errors import UsageError

if TYPE_CHECKING:
    from sparkify.config.settings import Settings
    from sparkify.load.progress import Progress
    from sparkify.load.summary import Summary

app = typer.Typer()


class LogFormat(StrEnum):
    """What a run writes to stderr."""

    TEXT = "text"
    JSON = "json"


@app.command("etl")
def etl_command(
    config: Config = None,
    database: Database = None,
    song_data: Annotated[
        str | None,
        typer.Option(
            metavar="URI",
            help="The song files: a folder or s3://bucket/prefix.",
            show_default="data/song_data",
        ),
    ] = None,
    log_data: Annotated[
        str | None,
        typer.Option(
            metavar="URI", help="The log files: a folder or s3://bucket/prefix.", show_default="data/log_data"
        ),
    ] = None,
    log_jsonpath: Annotated[
        str | None,
        typer.Option(
            metavar="URI",
            help="JSONPaths file of the logs.",
            show_default="log_json_path.json beside log_data, if there",
        ),
    ] = None,
    max_reject_share: Annotated[
        float | None,
        typer.Option(
            metavar="SHARE",
            help="Fail if a larger share of the records of a source is bad, 0 to 1.",
            show_default="0.01",
        ),
    ] = None,
    follow_links: Annotated[
        bool,
        typer.Option("--follow-links", help="Follow symbolic links that lead out of the folder of a source."),
    ] = False,
    full: Annotated[bool, typer.Option("--full", help="Load everything again, from scratch.")] = False,
    reload: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Load files with this name or pattern again even if unchanged."),
    ] = None,
    drop_missing: Annotated[
        bool,
        typer.Option("--drop-missing", help="With --full: drop the rows of files that no longer exist."),
    ] = False,
    allow_shrunk: Annotated[
        bool, typer.Option("--allow-shrunk", help="Accept files that had records and are empty now.")
    ] = False,
    skip_bad_files: Annotated[
        bool, typer.Option("--skip-bad-files", help="Go on without files from which nothing can be loaded.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print which files would be loaded, but load nothing.")
    ] = False,
    require_new: Annotated[
        bool, typer.Option("--require-new", help="Fail if there is nothing new to load.")
    ] = False,
    wait: Annotated[
        float,
        typer.Option(min=0, metavar="SECONDS", help="How long to wait while others use the warehouse."),
    ] = 0,
    as_json: ResultAsJson = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print only warnings and errors.")] = False,
    log_format: Annotated[
        LogFormat, typer.Option(help="What to write to stderr: text, or one JSON object per line.")
    ] = LogFormat.TEXT,
) -> None:
    """Stage, transform and audit what is new in the source files."""
    from sparkify.cli import etl, summary
    from sparkify.cli.progress import JsonLines
    from sparkify.load import pipeline
    from sparkify.load.planning import Wanted
    from sparkify.printing.console import Console
    from sparkify.warehouse.opening import opened, opened_if_there

    wanted = Wanted(full, reload or (), allow_shrunk, skip_bad_files, drop_missing)

    def settings(warn: Callable[[str], None] | None = None) -> "Settings":
        if drop_missing and not full:
            raise UsageError("--drop-missing goes with --full", "without --full all that is loaded stays")
        if full and reload:
            raise UsageError("--full loads everything again, --reload some files", "leave one of them out")
        if dry_run and (as_json or require_new):
            raise UsageError("--dry-run goes with neither --json nor --require-new", "leave one of them out")
        return settings_of(
            config,
            warn,
            database=database,
            song_data=song_data,
            log_data=log_data,
            log_jsonpath=log_jsonpath,
            max_reject_share=max_reject_share,
            follow_links=follow_links or None,
        )

    def load(settings: "Settings", progress: "Progress", warn: Callable[[str], None]) -> "Summary":
        try:
            with opened(settings, begin=progress.step, warn=warn) as warehouse:
                return pipeline.run_etl(warehouse, settings.loading, settings.aws, progress, wanted)
        finally:
            progress.done()

    if dry_run:
        found, console = settings(), Console()
        with opened_if_there(found) as there:
            plan = pipeline.plan_etl(
                there,
                found.loading,
                found.aws,
                lambda problem: summary.warn(console, f"warning: {problem}"),
                wanted,
            )
        summary.print_plan(plan, console)
        return
    form = etl.Form(as_json, quiet, JsonLines(is_quiet=quiet) if log_format == LogFormat.JSON else None)
    etl.run(settings, load, form, require_new=require_new, wait=wait)


@app.command()
def unload(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE…", help="Names of loaded files, their last parts, or patterns: '2018-11-05*'."
        ),
    ],
    config: Config = None,
    database: Database = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print which files would be unloaded, but unload nothing.")
    ] = False,
    yes: Yes = False,
) -> None:
    """Remove the rows of files, as if they had never been loaded; asks first."""
    from sparkify.cli.asking import change_if_agreed, require_agreement
    from sparkify.cli.summary import print_chosen
    from sparkify.load import unload as unloading

    change_if_agreed(
        settings_of(config, database=database),
        lambda warehouse: unloading.choose(warehouse, files),
        print_chosen,
        lambda chosen: require_agreement(
            f"{chosen.location}: this unloads {chosen.described()}", "Take their rows out?"
        ),
        lambda warehouse, progress, agreed: unloading.unload(warehouse, files, progress, agreed),
        dry_run=dry_run,
        yes=yes,
    )


@app.command()
def status(
    config: Config = None,
    database: Database = None,
    max_age: Annotated[
        str | None,
        typer.Option(metavar="AGE", help="Fail if the newest event is older: 90m, 26h or 2d."),
    ] = None,
    as_json: ResultAsJson = False,
) -> None:
    """Show what the warehouse holds, and the runs that loaded it."""
    from sparkify.cli.results import place_of, result_of
    from sparkify.cli.status import age_of, print_status, require_fresh, status_of
    from sparkify.printing.console import Console
    from sparkify.warehouse.opening import opened

    with result_of("status", is_wanted=as_json) as result:
        allowed = None if max_age is None else age_of(max_age)
        with opened(settings_of(config, database=database), read_only=True) as warehouse:
            result |= place_of(warehouse)
            found = status_of(warehouse)
        result |= found
        if not as_json:
            print_status(found, Console())
        if allowed is not None:
            require_fresh(warehouse.location, found["newest_event"], allowed)


@app.command()
@prints_rows
def runs(
    run_id: Annotated[
        int | None,
        typer.Argument(metavar="RUN", help="The number of a run.", show_default="list the last ones"),
    ] = None,
    config: Config = None,
    database: Database = None,
    *,
    printed: Printed,
    limit: Annotated[int, typer.Option(min=1, metavar="N", help="List at most N runs.")] = 20,
) -> None:
    """List the last runs, including failed ones and those that found nothing new, or show one run."""
    from sparkify.answers.questions import require_tables
    from sparkify.cli.history import print_run, print_runs
    from sparkify.warehouse.opening import opened

    form, look = printed.form, printed.look(is_prose=True)
    with opened(settings_of(config, database=database), read_only=True) as warehouse:
        require_tables(warehouse, ("runs", "run_notes", "audit_results"))
        if run_id is None:
            print_runs(warehouse, limit, form, look)
        else:
            print_run(warehouse, run_id, form, look)


@app.command()
@prints_rows
def rejects(
    config: Config = None,
    database: Database = None,
    file: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="Only from files with this name, or matching a pattern: '2018-11-*'."
        ),
    ] = None,
    reason: Annotated[
        str, typer.Option(metavar="TEXT", help="Only records whose reason contains this.")
    ] = "",
    run: Annotated[
        int | None, typer.Option("--run", metavar="RUN", help="Only from files that this run loaded.")
    ] = None,
    raw: Annotated[
        bool, typer.Option("--raw", help="Print the records as they are in the files, to be fixed.")
    ] = False,
    *,
    printed: Printed,
) -> None:
    """Show which records could not be loaded, by reason and file; or print them."""
    from sparkify.answers.questions import require_tables
    from sparkify.cli.rejects import print_groups, print_raw
    from sparkify.load.rejects import Selection
    from sparkify.warehouse.opening import opened

    if raw and printed.form != "table":
        raise UsageError("--raw prints records as they are, and no CSV or JSON", "leave one of them out")
    selection = Selection(file, reason, run)
    with opened(settings_of(config, database=database), read_only=True) as warehouse:
        require_tables(warehouse, ("staging_rejects",))
        if raw:
            print_raw(warehouse, selection)
        else:
            print_groups(warehouse, selection, printed.form, printed.look(is_prose=True))
