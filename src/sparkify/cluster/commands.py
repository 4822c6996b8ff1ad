"""What the cluster commands do: in the order in which things depend on each other."""

import re
from collections.abc import Callable
from pathlib import Path

from sparkify.cluster import config_file, network, pricing, provisioned, role, serverless
from sparkify.cluster.aws import Aws
from sparkify.cluster.plan import Plan, Target
from sparkify.cluster.resources import Endpoint, Resource
from sparkify.cluster.stopping import tells_what_goes_on
from sparkify.config.dwh_cfg_keys import file_keys
from sparkify.config.loading import load_settings
from sparkify.errors import ClusterError

Confirm = Callable[[str], None]
"""Asks the user; raises where the answer is not yes."""

# A thing stands after all that depend on it.
_DELETE_ORDER = ("cluster", "workgroup", "namespace", "security group", "role")


@tells_what_goes_on(
    "run the same command again to go on from there, or remove all of it: sparkify cluster delete"
)
def create(aws: Aws, plan: Plan, address: str, config: Path, confirm: Confirm) -> Endpoint | None:
    """Make what is missing of a cluster, wait for it, and write its address to the configuration file.

    Run again, also after a failure half-way, it goes on from what is there.

    Args:
        aws: the way there.
        plan: what is wanted.
        address: the IPv4 address from which it may be reached.
        config: the configuration file.
        confirm: called with the price, before anything is changed.

    Returns:
        Where the database answers; None in a dry run that finds no cluster.

    Raises:
        ClusterError: AWS refused a call, or a name is taken by something that is not this project's.
    """
    check, ensure = (
        (serverless.check, serverless.ensure) if plan.serverless else (provisioned.check, provisioned.ensure)
    )
    check(aws, plan)
    aws.waiter.say(f"{plan.title} in {plan.region}: {pricing.describe(plan)}")
    if not plan.public:
        aws.waiter.say("not public: it can be reached from within its VPC only; --public gives it an address")
    confirm(f"Create {plan.title}?")
    role_arn = role.ensure(aws, plan)
    group_id = network.ensure(aws, plan, address)
    endpoint = ensure(aws, plan, role_arn, group_id)
    if endpoint is None and not aws.is_dry_run:
        raise ClusterError(f"{plan.title} has no address yet", "run the same command again in a minute")
    values = {"host": endpoint.host if endpoint else "<endpoint>", "iam_role_arn": role_arn}
    _write_config(aws, config, values)
    return endpoint


def _write_config(aws: Aws, config: Path, values: dict[str, str]) -> None:
    if aws.is_dry_run:
        keys = (
            f"[{section}] {key}={values[name]}" for name in values for section, key in file_keys(name)[:1]
        )
        aws.show(f"write {config}: {', '.join(keys)}")
    elif changed := config_file.set_values(config, values):
        aws.waiter.say(f"{config}: wrote {', '.join(changed)}")


def find(aws: Aws, target: Target) -> list[Resource]:
    """All that is on AWS of this project's clusters in this region, and what it costs."""
    aws.require_credentials()
    found = provisioned.find_all(aws, target.name)
    try:
        found += serverless.find_all(aws, target.name, target.namespace)
    except ClusterError as error:
        # Who works with nodes only need not be allowed to look at Serverless.
        if "denied" not in error.message:
            raise
        aws.waiter.say(f"warning: Serverless was not looked at: {error.message}")
    return found + network.find_all(aws) + role.find_all(aws)


def _find_computing(aws: Aws, target: Target) -> list[Resource]:
    there = [thing for thing in find(aws, target) if thing.cluster == target.name]
    there = [thing for thing in there if thing.kind in ("cluster", "workgroup")]
    if not there:
        raise ClusterError(
            f"there is no cluster {target.name} in {target.region}", "make it with: sparkify cluster create"
        )
    return there


@tells_what_goes_on()
def pause(aws: Aws, target: Target) -> None:
    """Pause the cluster: nodes cost nothing then, what is stored does.

    Raises:
        ClusterError: there is none.
    """
    for thing in _find_computing(aws, target):
        if thing.kind == "cluster":
            provisioned.pause(aws, thing.name)
        else:
            aws.waiter.say(f"workgroup {thing.name}: needs no pause, it costs nothing while no query runs")


@tells_what_goes_on()
def resume(aws: Aws, target: Target) -> None:
    """Start a paused cluster again.

    Raises:
        ClusterError: there is none.
    """
    for thing in _find_computing(aws, target):
        if thing.kind == "cluster":
            provisioned.resume(aws, thing.name)
        else:
            aws.waiter.say(f"workgroup {thing.name}: starts by itself with the next query")


@tells_what_goes_on("run the same command again to remove the rest")
def delete(aws: Aws, target: Target, config: Path, confirm: Confirm, final_snapshot: str | None) -> None:
    """Remove all of a cluster, found by its tags, and see that nothing is left.

    Args:
        aws: the way there.
        target: which cluster.
        config: the configuration file, out of which its address and its role are taken.
        confirm: called with what will be removed, before anything is.
        final_snapshot: the name of a snapshot to keep; without one the data is lost.

    Raises:
        ClusterError: AWS refused a call, or something is still there.
    """
    there = _find_own(aws, target)
    doomed = [thing for thing in there if thing.kind in _DELETE_ORDER]
    for thing in there:
        if thing.kind == "snapshot":
            aws.waiter.say(f"snapshot {thing.name}: {thing.note}")
    if doomed:
        for thing in doomed:
            aws.waiter.say(f"{thing.kind} {thing.name} {thing.state}".rstrip())
        kept = f"snapshot {final_snapshot} is kept" if final_snapshot else "its data is lost"
        confirm(f"Delete all of this? {kept[0].upper()}{kept[1:]}.")
        for thing in sorted(doomed, key=lambda thing: _DELETE_ORDER.index(thing.kind)):
            _delete_one(aws, thing, final_snapshot)
    else:
        aws.waiter.say(f"nothing of cluster {target.name} is in {target.region}")
    if not aws.is_dry_run:
        left = [thing for thing in _find_own(aws, target) if thing.kind in _DELETE_ORDER]
        if left:
            names = ", ".join(f"{thing.kind} {thing.name}" for thing in left)
            raise ClusterError(f"still there: {names}", "run the same command again in a minute")
    _forget(aws, target, config)


def _find_own(aws: Aws, target: Target) -> list[Resource]:
    return [thing for thing in find(aws, target) if thing.cluster == target.name]


def _delete_one(aws: Aws, thing: Resource, final_snapshot: str | None) -> None:
    if thing.kind == "cluster":
        provisioned.delete(aws, thing.name, final_snapshot)
    elif thing.kind == "workgroup":
        serverless.delete_workgroup(aws, thing.name)
    elif thing.kind == "namespace":
        serverless.delete_namespace(aws, thing.name, final_snapshot)
    elif thing.kind == "security group":
        network.delete(aws, thing.name)
    else:
        role.delete(aws, thing.name)


def _forget(aws: Aws, target: Target, config: Path) -> None:
    """Take the address and the role of what is gone out of the configuration file; those of others stay."""
    if not config.exists():
        return
    settings = load_settings(str(config), environment={})
    host, arn = settings.redshift.host, settings.redshift.iam_role_arn
    name = f"({re.escape(target.name)}|{re.escape(target.workgroup)})"
    values = {}
    if re.match(rf"{name}\.[^.]+\.{re.escape(target.region)}\.redshift", host):
        values["host"] = ""
    if arn.endswith(f":role{role.PATH}{settings.cluster.iam_role_name}"):
        values["iam_role_arn"] = ""
    if values:
        _write_config(aws, config, values)
