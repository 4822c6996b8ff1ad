"""What the cluster commands do: each flow on one screen."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sparkify.cluster import compute, network, stack
from sparkify.cluster.aws import Aws, tag_dict
from sparkify.cluster.found import DELETED, find
from sparkify.cluster.plan import CLUSTER_TAG, Plan, Target
from sparkify.cluster.waiting import Waiter, tells_what_goes_on
from sparkify.config import writing
from sparkify.config.loading import load_settings
from sparkify.errors import ClusterError

Confirm = Callable[[str], None]
"""Asks the user; raises where the answer is not yes."""

Show = Callable[[str], None]
"""Prints a line of a dry run."""

_SWITCHED = {"pause": ("paused", "pausing"), "resume": ("available", "resuming")}
# States that a cluster does not leave by itself (Redshift Management Guide, "Cluster status").
_FAILED = ("hardware-failure", "incompatible-", "not there")


@tells_what_goes_on(
    "run the same command again to go on from there, or remove all of it: sparkify cluster delete"
)
def create(aws: Aws, waiter: Waiter, plan: Plan, address: str, config: Path, confirm: Confirm) -> str:
    """Make the stack, or correct it, and write its address to the configuration file.

    Run again, also after a failure half-way, it goes on from what is there. Before anything is changed, that
    is told with its price, and ``confirm`` is called.

    Returns:
        Where the database answers, with its port.

    Raises:
        ClusterError: AWS refused it, or a name is taken by something that is not this project's.
    """
    there = _settled(aws, waiter, plan)
    change_set, parameters = _prepare(aws, waiter, plan, address, there)
    if change_set.arn:
        try:
            for line in change_set.lines:
                waiter.say(f"  {line}")
            confirm(f"{'Change' if there else 'Create'} {plan.title}?")
        except BaseException:
            stack.withdraw(aws, change_set)
            raise
        if any(line.startswith("delete the bucket") for line in change_set.lines):
            _empty_bucket(aws, there)
        stack.execute(aws, waiter, plan, change_set)
        there = stack.find(aws, plan.stack)
    else:
        waiter.say(f"stack {plan.stack}: is as it must be")
    outputs = stack.values(there, "Outputs")
    ready = compute.ready(aws, waiter, parameters, outputs["Role"])
    if ready and ready.state == "paused":
        waiter.say(f"{ready.title}: is paused; start it with: sparkify cluster resume")
    if ready and ready.secret:
        user = parameters.get("DbUser", "awsuser")
        waiter.say(f"{ready.title}: AWS keeps the password of {user} in Secrets Manager: {ready.secret}")
    values = {"host": outputs["Address"], "iam_role_arn": outputs["Role"]}
    if bucket := outputs.get("WorkPrefix"):
        values["work_prefix"] = bucket
    _write(waiter, config, values)
    return f"{outputs['Address']}:{parameters.get('Port', '5439')}"


def rehearse(aws: Aws, waiter: Waiter, plan: Plan, address: str, config: Path, show: Show) -> None:
    """Show what ``create`` would do, in words: AWS works it out, and nothing is changed."""
    show(f"stack {plan.stack} from {stack.TEMPLATE}")
    there: dict[str, Any] = {}
    parameters = {**plan.parameters, "CallerAddress": address}
    if aws.has_credentials():
        there = stack.find(aws, plan.stack)
        if stack.is_busy(there) or (there and not stack.is_usable(there)):
            show(f"is {there['StackStatus']}: wait for its end, or delete it, and make it anew")
        else:
            change_set, parameters = _prepare(aws, waiter, plan, address, there)
            for line in change_set.lines or ("change nothing",):
                show(line)
            if change_set.arn:
                stack.withdraw(aws, change_set)
    else:
        waiter.say("no AWS credentials: this is what AWS would be told to make a new stack of")
    for name, value in parameters.items():
        show(f"  {name}: {'***' if name == 'DbPassword' else value}")
    show(f"write {config}: [CLUSTER] HOST, [IAM_ROLE] ARN, [S3] WORK_PREFIX")


def _settled(aws: Aws, waiter: Waiter, plan: Plan) -> dict[str, Any]:
    """The stack, once AWS is not at work on it; {} where it is to be made anew."""
    there = stack.find(aws, plan.stack)
    if stack.is_busy(there):  # with what an earlier run has asked for, or somebody else
        stack.follow(aws, waiter, plan.stack, there["StackId"])
        there = stack.find(aws, plan.stack)
    if stack.is_usable(there):
        return there
    if there and there["StackStatus"] != "REVIEW_IN_PROGRESS":
        waiter.say(f"stack {plan.stack} is {there['StackStatus']}: what is left of it is deleted first")
        _delete_stack(aws, waiter, plan, there, None)
    return {}


def _prepare(
    aws: Aws, waiter: Waiter, plan: Plan, address: str, there: dict[str, Any]
) -> tuple[stack.ChangeSet, dict[str, str]]:
    parameters, notes = network.default_network(aws, is_serverless=plan.is_serverless)
    parameters |= {**plan.parameters, "CallerAddress": address}
    if there:
        parameters, more = compute.kept(aws, plan, there, parameters)
        notes += more
    else:
        _refuse_taken_names(aws, plan, parameters["Vpc"])
        if parameters.get("WorkBucket", "").startswith(f"{plan.stack}-bucket-"):
            # Of a stack that is gone: somebody else has deleted it, and dwh.cfg still names its bucket.
            del parameters["WorkBucket"], parameters["WorkPrefix"]
    for note in notes:
        waiter.say(note)
    waiter.say(f"{plan.title} in {plan.region}: {plan.price}")
    if plan.parameters["Public"] == "false":
        waiter.say("not public: it can be reached from within its VPC only; --public gives it an address")
    return stack.prepare(aws, waiter, plan, parameters, is_new=not there), parameters


def _refuse_taken_names(aws: Aws, plan: Plan, vpc: str) -> None:
    name = plan.parameters["RoleName"]
    role = {}
    if "RoleArn" not in plan.parameters:
        role = aws.call("iam", "get_role", "NoSuchEntity", RoleName=name).get("Role", {})
    owner = tag_dict(role.get("Tags")).get(CLUSTER_TAG)
    filters = [{"Name": "group-name", "Values": [plan.stack]}, {"Name": "vpc-id", "Values": [vpc]}]
    if found := compute.look(aws, plan.parameters):
        taken = f"{found.title} is there already and is not this stack's"
        hint = "choose another identifier with DWH_CLUSTER_IDENTIFIER"
    elif role:
        whose = f"belongs to cluster {owner}" if owner else "is not this stack's"
        taken = f"role {name} is there already and {whose}"
        hint = (
            "name another with DWH_IAM_ROLE_NAME, or use that one as it is: set its ARN as [IAM_ROLE] ARN, "
            "and another DWH_IAM_ROLE_NAME"
        )
    elif aws.call("ec2", "describe_security_groups", Filters=filters)["SecurityGroups"]:
        taken = f"security group {plan.stack} is there already and is not this stack's"
        hint = "delete it, or choose another identifier"
    else:
        return
    raise ClusterError(taken, hint)


def _write(waiter: Waiter, config: Path, values: dict[str, str]) -> None:
    if changed := writing.set_values(config, values):
        waiter.say(f"{config}: wrote {', '.join(changed)}")


def _computing(aws: Aws, target: Target) -> tuple[dict[str, str], compute.Compute]:
    there = stack.find(aws, target.stack)
    parameters = stack.values(there, "Parameters")
    found = compute.look(aws, parameters) if parameters else None
    if not found:
        raise ClusterError(
            f"there is no cluster {target.name} in {target.region}", "make it with: sparkify cluster create"
        )
    return parameters, found


@tells_what_goes_on()
def switch(aws: Aws, waiter: Waiter, target: Target, verb: str, show: Show | None = None) -> None:
    """Pause the cluster, whose nodes cost nothing then (what is stored does), or resume it.

    Raises:
        ClusterError: there is none, or it can't get there.
    """
    states = _SWITCHED[verb]
    parameters, found = _computing(aws, target)
    if parameters["Kind"] == "serverless":
        why = {"pause": "needs no pause: it costs nothing while no query runs and no transaction is open"}
        waiter.say(f"{found.title}: {why.get(verb, 'starts by itself with the next query')}")
    elif show:
        show(f"{verb} {found.title}" if found.state not in states else f"{found.title} is {found.state}")
    else:
        if found.state not in states:
            aws.call("redshift", f"{verb}_cluster", ClusterIdentifier=target.name)

        def state() -> str:
            now = compute.look(aws, parameters)
            return now.state if now else "not there"

        reached = waiter.until(found.title, state, lambda it: it == states[0] or it.startswith(_FAILED))
        if reached != states[0]:
            raise ClusterError(f"{found.title} is {reached}", "see it in the console of AWS")


@tells_what_goes_on("run the same command again to remove the rest")
def delete(
    aws: Aws,
    waiter: Waiter,
    target: Target,
    config: Path,
    confirm: Confirm,
    final_snapshot: str | None = None,
    show: Show | None = None,
) -> None:
    """Delete the stack, what is in its work bucket and the logs, and see that nothing is left.

    Its address, role and work prefix are taken out of the configuration file. With ``final_snapshot``, a
    snapshot of that name is kept; with ``show``, nothing is changed, and what would go is shown.

    Raises:
        ClusterError: AWS refused a call, or something is still there.
    """
    there = stack.find(aws, target.stack)
    outputs = stack.values(there, "Outputs")
    own = [it for it in find(aws, waiter.say, target) if it.cluster == target.name]
    for it in own:
        is_doomed = it.kind in DELETED
        line = f"{it.kind} {it.name} {it.state if is_doomed else it.note}".rstrip()
        (show if show and is_doomed else waiter.say)(f"{'delete ' if show and is_doomed else ''}{line}")
    if show:
        return
    if any(it.kind in DELETED for it in own):
        kept = f"snapshot {final_snapshot} is kept" if final_snapshot else "its data is lost"
        confirm(f"Delete all of this? {kept[0].upper()}{kept[1:]}.")
        if there:
            _delete_stack(aws, waiter, target, there, final_snapshot)
        for it in own:
            if it.kind == "log group":
                aws.call("logs", "delete_log_group", "ResourceNotFoundException", logGroupName=it.name)
    else:
        waiter.say(f"nothing of cluster {target.name} is in {target.region}")
    left = [it for it in find(aws, waiter.say, target) if it.cluster == target.name and it.kind in DELETED]
    if left:
        names = ", ".join(f"{it.kind} {it.name}" for it in left)
        raise ClusterError(f"still there: {names}", "run the same command again in a minute")
    _forget(waiter, target, config, outputs)


def _delete_stack(
    aws: Aws, waiter: Waiter, target: Target, there: dict[str, Any], final_snapshot: str | None
) -> None:
    if final_snapshot:
        _keep_snapshot(aws, waiter, stack.values(there, "Parameters"), final_snapshot)
    if there["StackStatus"].startswith("UPDATE") and stack.is_busy(there):
        stack.follow(aws, waiter, target.stack, there["StackId"])  # AWS deletes none that it updates
    for _ in range(3):  # what a cluster held, above all Serverless, is freed only after some minutes
        _empty_bucket(aws, there)
        aws.call("cloudformation", "delete_stack", StackName=there["StackId"])
        state, reasons = stack.follow(aws, waiter, target.stack, there["StackId"])
        if state == "DELETE_COMPLETE":
            return
    raise ClusterError(
        f"stack {target.stack} can't be deleted: {reasons or state}", "run the same command again in a minute"
    )


def _empty_bucket(aws: Aws, there: dict[str, Any]) -> None:
    for it in stack.resources(aws, there["StackId"]):
        if it["ResourceType"] == "AWS::S3::Bucket":
            aws.empty(it["PhysicalResourceId"])


def _keep_snapshot(aws: Aws, waiter: Waiter, parameters: dict[str, str], name: str) -> None:
    if parameters["Kind"] == "serverless":
        service, key = "redshift-serverless", "snapshot"
        given = {"snapshotName": name, "namespaceName": parameters["Namespace"]}
    else:
        service, key = "redshift", "cluster_snapshot"
        given = {"SnapshotIdentifier": name, "ClusterIdentifier": parameters["Name"]}
    aws.call(service, f"create_{key}", **given)

    def state() -> str:
        if service == "redshift":
            made = aws.call(service, "describe_cluster_snapshots", SnapshotIdentifier=name)["Snapshots"][0]
            return str(made["Status"])
        return str(aws.call(service, "get_snapshot", snapshotName=name)["snapshot"]["status"]).lower()

    if waiter.until(f"snapshot {name}", state, lambda it: it in ("available", "failed")) == "failed":
        raise ClusterError(f"snapshot {name} has failed: nothing was deleted", "run the same command again")


def _forget(waiter: Waiter, target: Target, config: Path, outputs: dict[str, str]) -> None:
    """Take out of the configuration file what create has written there; what belongs to others stays."""
    if not config.exists():
        return
    settings = load_settings(str(config), environment={})
    name = f"({re.escape(target.name)}|{re.escape(target.workgroup)})"
    # The names of buckets that CloudFormation makes up begin so.
    prefix = outputs.get("WorkPrefix", f"s3://{target.stack}-bucket-")
    gone = {
        "host": re.match(rf"{name}\.[^.]+\.{re.escape(target.region)}\.redshift", settings.redshift.host),
        "iam_role_arn": settings.redshift.iam_role_arn.endswith(
            f":role/sparkify/{settings.cluster.iam_role_name}"
        ),
        "work_prefix": settings.redshift.work_prefix.startswith(prefix),
    }
    _write(waiter, config, {name: "" for name, is_gone in gone.items() if is_gone})
