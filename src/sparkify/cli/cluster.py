"""The cluster commands: parse, call, print."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sparkify.cli.options import Config, ResultAsJson, Yes
from sparkify.cli.wording import application
from sparkify.errors import ClusterError, UsageError
from sparkify.printing.terminal import printable, say
from sparkify.system import interrupts

if TYPE_CHECKING:
    from sparkify.cluster.aws import Aws
    from sparkify.cluster.found import Resource
    from sparkify.cluster.waiting import Waiter
    from sparkify.config.settings import Settings

app = application(
    "cluster", "The Redshift cluster: create it, see what it costs, pause it, and delete all of it."
)

DryRun = Annotated[bool, typer.Option("--dry-run", help="Print what would change, but change nothing.")]
Timeout = Annotated[
    int | None,
    typer.Option(metavar="MINUTES", help="How long to wait for the cluster.", show_default="60", min=0),
]


class Kind(StrEnum):
    """What computes."""

    MULTI_NODE = "multi-node"
    SINGLE_NODE = "single-node"
    SERVERLESS = "serverless"


class Format(StrEnum):
    """How rows are printed."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


@app.command()
def create(
    config: Config = None,
    kind: Annotated[
        Kind | None,
        typer.Option("--type", help="What kind of cluster to create.", show_default="multi-node"),
    ] = None,
    public: Annotated[
        bool | None,
        typer.Option(
            "--public/--not-public",
            help="Give it a public address, reachable from outside its VPC.",
            show_default="not-public",
        ),
    ] = None,
    my_ip: Annotated[
        str | None,
        typer.Option(
            "--my-ip",
            metavar="ADDRESS",
            help="The IPv4 address that may reach it.",
            show_default="yours, as checkip.amazonaws.com sees it",
        ),
    ] = None,
    timeout: Timeout = None,
    yes: Yes = False,
    dry_run: DryRun = False,
) -> None:
    """Create the role, network, work bucket and cluster, and write its address to the configuration."""
    from sparkify.cluster import commands, network
    from sparkify.cluster.plan import make_plan

    settings = _settings(
        config,
        cluster_type=kind.value if kind else None,
        publicly_accessible=public,
        cluster_timeout_minutes=timeout,
    )
    aws, waiter = _connect(settings)
    plan = make_plan(settings, aws.region)
    if dry_run:
        # A dry run asks nobody but AWS.
        address = network.own_address(my_ip) if my_ip else network.UNKNOWN_ADDRESS
        commands.rehearse(aws, waiter, plan, address, _path(config), typer.echo)
        return
    address = network.own_address(my_ip)
    made = commands.create(aws, waiter, plan, address, _path(config), _asker(yes))
    typer.echo(f"{made}/{plan.parameters.get('DbName', 'dev')}")


@app.command()
def status(
    config: Config = None,
    output: Annotated[Format, typer.Option("--format", help="How to print the rows.")] = Format.TABLE,
    as_json: ResultAsJson = False,
    dry_run: DryRun = False,  # noqa: ARG001 - as of the other commands; this one changes nothing anyway
) -> None:
    """Show everything this project has on AWS in the region, and what it costs per hour."""
    from sparkify.cli.results import cluster_result, result_of
    from sparkify.cluster.found import find
    from sparkify.cluster.plan import make_target

    if as_json and output != Format.TABLE:
        raise UsageError("--json prints an object, and --format prints rows", "choose one of them")
    with result_of("cluster status", is_wanted=as_json, about="region") as result:
        settings = _settings(config)
        aws, waiter = _connect(settings)
        result["region"] = aws.region
        said = list(settings.warnings)

        def tell(line: str) -> None:
            said.append(line)
            waiter.say(line)

        found = find(aws, tell, make_target(settings, aws.region))
        result |= cluster_result(found, said)
        if not found:
            waiter.say(f"nothing of this project is in {aws.region}")
        else:
            _print_found(found, waiter, None if as_json else output)


def _print_found(found: "list[Resource]", waiter: "Waiter", output: Format | None) -> None:
    from sparkify.printing.output import print_rows

    rows = [(it.cluster, it.kind, it.name, it.state, it.usd_per_hour, it.note) for it in found]
    if output:
        print_rows(["cluster", "kind", "name", "state", "usd_per_hour", "note"], rows, output.value)
    hourly = sum(it.usd_per_hour or 0 for it in found)
    more = (
        "Serverless while queries run or transactions are open, and storage"
        if any(it.kind == "workgroup" for it in found)
        else "storage"
    )
    waiter.say(
        f"costs about ${hourly:.2f} per hour now, plus {more}; sparkify cluster pause stops the nodes, "
        "sparkify cluster delete removes all"
    )


@app.command()
def pause(config: Config = None, timeout: Timeout = None, dry_run: DryRun = False) -> None:
    """Pause the cluster: then only storage costs money, not its nodes."""
    from sparkify.cluster import commands
    from sparkify.cluster.plan import make_target

    settings = _settings(config, cluster_timeout_minutes=timeout)
    aws, waiter = _connect(settings)
    commands.switch(aws, waiter, make_target(settings, aws.region), "pause", typer.echo if dry_run else None)


@app.command()
def resume(config: Config = None, timeout: Timeout = None, dry_run: DryRun = False) -> None:
    """Start the paused cluster again."""
    from sparkify.cluster import commands
    from sparkify.cluster.plan import make_target

    settings = _settings(config, cluster_timeout_minutes=timeout)
    aws, waiter = _connect(settings)
    commands.switch(aws, waiter, make_target(settings, aws.region), "resume", typer.echo if dry_run else None)


@app.command()
def delete(
    config: Config = None,
    final_snapshot: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Keep a snapshot of the data.", show_default="none"),
    ] = None,
    timeout: Timeout = None,
    yes: Yes = False,
    dry_run: DryRun = False,
) -> None:
    """Delete the stack and everything it created, and check that nothing is left."""
    from sparkify.cluster import commands
    from sparkify.cluster.plan import make_target

    settings = _settings(config, cluster_timeout_minutes=timeout)
    aws, waiter = _connect(settings)
    target = make_target(settings, aws.region)
    show = typer.echo if dry_run else None
    commands.delete(aws, waiter, target, _path(config), _asker(yes), final_snapshot, show)


def _connect(settings: "Settings") -> "tuple[Aws, Waiter]":
    from sparkify.cluster.aws import Aws
    from sparkify.cluster.waiting import Waiter

    return Aws(settings), Waiter(settings.cluster.cluster_timeout_minutes)


def _path(config: str | None) -> Path:
    from sparkify.config.loading import config_path

    return config_path(config)


def _settings(config: str | None, **flags: Any) -> "Settings":
    from sparkify.config.loading import load_settings

    settings = load_settings(config, **flags)
    for warning in settings.warnings:
        say(f"warning: {warning}")
    return settings


def _asker(yes: bool) -> Any:
    def ask(question: str) -> None:
        if yes:
            return
        try:
            is_agreed = typer.confirm(printable(question, keep="\n"), err=True)
        except interrupts.Stopped:
            say("")
            raise
        except typer.Abort:
            say("")
            raise UsageError("nobody answered: nothing was changed", "say --yes where nobody can") from None
        if not is_agreed:
            raise ClusterError("not confirmed: nothing was changed")

    return ask
