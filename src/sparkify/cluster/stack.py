"""The stack: what would change, the change itself, and its end; CloudFormation does the work."""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from sparkify.cluster.aws import Aws, tag_dict
from sparkify.cluster.aws_errors import hint_for
from sparkify.cluster.plan import PROJECT_TAG, Plan
from sparkify.cluster.waiting import Waiter
from sparkify.errors import ClusterError

_CLOUDFORMATION = "cloudformation"
_ABSENT = "not there"
_VERBS = {"Add": "create", "Modify": "change", "Remove": "delete", "Dynamic": "maybe change"}
# A new one instead of these, and what the old one holds is gone.
_HOLDS_DATA = ("Cluster", "ServerlessNamespace")
_UNUSABLE = ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED", "REVIEW_IN_PROGRESS")


TEMPLATE = files("sparkify.cluster") / "warehouse.yaml"
"""The template, a file that people may read, and deploy without this project."""


def words(name: str) -> str:
    """A template's name of something, as people say it: SecurityGroup is a security group."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()


def find(aws: Aws, name: str) -> dict[str, Any]:
    """A stack as AWS describes it; {} where it is not there.

    Raises:
        ClusterError: one of that name is not this project's.
    """
    answer = aws.call(_CLOUDFORMATION, "describe_stacks", "ValidationError", StackName=name)
    stack = dict(answer["Stacks"][0]) if answer else {}
    if not stack or stack["StackStatus"] == "DELETE_COMPLETE":
        return {}
    if not is_own(stack):
        raise ClusterError(
            f"stack {name} is there already and is not this project's",
            "choose another identifier with DWH_CLUSTER_IDENTIFIER",
        )
    return stack


def resources(aws: Aws, stack_id: str) -> list[dict[str, Any]]:
    """What a stack has made, and what is still there of it."""
    made = aws.pages(_CLOUDFORMATION, "list_stack_resources", "StackResourceSummaries", StackName=stack_id)
    return [it for it in made if it["ResourceStatus"] != "DELETE_COMPLETE"]


def is_own(stack: Mapping[str, Any]) -> bool:
    """Whether a stack carries this project's tag."""
    return tag_dict(stack.get("Tags")).get(PROJECT_TAG[0]) == PROJECT_TAG[1]


def is_usable(stack: Mapping[str, Any]) -> bool:
    """Whether a stack can be changed, and need not be made anew."""
    return bool(stack) and stack["StackStatus"] not in _UNUSABLE


def is_busy(stack: Mapping[str, Any]) -> bool:
    """Whether AWS is at work on a stack."""
    state: str = stack.get("StackStatus", "")
    return state.endswith("_IN_PROGRESS") and state != "REVIEW_IN_PROGRESS"


def values(stack: Mapping[str, Any], key: str) -> dict[str, str]:
    """A stack's Parameters or Outputs by their names."""
    kind = key.removesuffix("s")
    return {it[f"{kind}Key"]: it.get(f"{kind}Value", "") for it in stack.get(key, ())}


@dataclass(frozen=True)
class ChangeSet:
    """What would change, not yet done.

    Attributes:
        arn: its address; empty where nothing would change.
        stack_id: the stack's.
        lines: each change in words.
    """

    arn: str
    stack_id: str
    lines: tuple[str, ...]


def prepare(
    aws: Aws, waiter: Waiter, plan: Plan, parameters: Mapping[str, str], *, is_new: bool
) -> ChangeSet:
    """Have AWS work out what would change; the password of a stack that is there stays.

    Raises:
        ClusterError: AWS refuses the change, or it would lose data.
    """
    # What others have changed by hand is put right, too; a failed creation leaves nothing.
    how = {"OnStackFailure": "DELETE"} if is_new else {"DeploymentMode": "REVERT_DRIFT"}
    given = [{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()]
    if not is_new:
        given = [it for it in given if it["ParameterKey"] != "DbPassword"]
        given.append({"ParameterKey": "DbPassword", "UsePreviousValue": True})  # type: ignore[dict-item]
    made = aws.call(
        _CLOUDFORMATION,
        "create_change_set",
        StackName=plan.stack,
        ChangeSetName=f"sparkify-{secrets.token_hex(6)}",
        ChangeSetType="CREATE" if is_new else "UPDATE",
        TemplateBody=TEMPLATE.read_text(encoding="utf-8"),
        Parameters=given,
        Capabilities=["CAPABILITY_NAMED_IAM"],
        Tags=[{"Key": key, "Value": value} for key, value in plan.tags.items()],
        **how,
    )
    change_set = ChangeSet(made["Id"], made["StackId"], ())
    try:
        answer: dict[str, Any] = {}

        def state() -> str:
            answer.update(aws.call(_CLOUDFORMATION, "describe_change_set", ChangeSetName=change_set.arn))
            is_same = re.search(r"didn't contain changes|No updates", answer.get("StatusReason", ""))
            names = {"CREATE_COMPLETE": "ready", "FAILED": "nothing to change" if is_same else "refused"}
            return names.get(answer["Status"], "")

        ended = waiter.until(f"change set of stack {plan.stack}", state, bool)
        if ended == "refused":
            raise ClusterError(
                f"AWS refuses stack {plan.stack}: {answer.get('StatusReason')}",
                hint_for(answer.get("StatusReason", "")),
            )
        if ended != "ready":
            withdraw(aws, change_set)
            return ChangeSet("", change_set.stack_id, ())
        changes = [it["ResourceChange"] for it in answer["Changes"] if "ResourceChange" in it]
        return ChangeSet(change_set.arn, change_set.stack_id, tuple(filter(None, map(_in_words, changes))))
    except BaseException:
        withdraw(aws, change_set)
        raise


def _in_words(change: Mapping[str, Any]) -> str:
    name, action = change["LogicalResourceId"], change["Action"]
    if action not in _VERBS:  # CloudFormation's own books alone
        return ""
    is_replaced = action == "Modify" and change.get("Replacement", "False") != "False"
    if name in _HOLDS_DATA and (is_replaced or action == "Remove"):
        raise ClusterError(
            f"this would replace the {words(name)}, and its data would be lost",
            "undo what was changed of it in the configuration, or delete it first: sparkify cluster delete",
        )
    what = sorted(
        {it["Target"]["Name"] for it in change.get("Details", ()) if "Name" in it.get("Target", {})}
    )
    verb = "replace" if is_replaced else _VERBS[action]
    return f"{verb} the {words(name)} ({change['ResourceType']}){': ' if what else ''}{', '.join(what)}"


def withdraw(aws: Aws, change_set: ChangeSet) -> None:
    """Remove a change set that is not wanted, and the empty stack that it has made, if any."""
    aws.call(_CLOUDFORMATION, "delete_change_set", "ChangeSetNotFound", ChangeSetName=change_set.arn)
    stack = find(aws, change_set.stack_id)
    if stack.get("StackStatus") == "REVIEW_IN_PROGRESS":
        others = aws.pages(_CLOUDFORMATION, "list_change_sets", "Summaries", StackName=change_set.stack_id)
        if all(it["ChangeSetId"] == change_set.arn for it in others):
            had_asked = aws.has_asked
            aws.call(_CLOUDFORMATION, "delete_stack", StackName=change_set.stack_id)
            aws.has_asked = had_asked


def execute(aws: Aws, waiter: Waiter, plan: Plan, change_set: ChangeSet) -> None:
    """Do what a change set says, and wait until it is done.

    Raises:
        ClusterError: it failed, and AWS has undone it; or somebody else was faster.
    """
    try:
        aws.call(_CLOUDFORMATION, "execute_change_set", ChangeSetName=change_set.arn)
    except ClusterError as error:
        if error.code not in ("InvalidChangeSetStatus", "ChangeSetNotFound"):
            raise
        raise ClusterError(
            f"somebody else is changing stack {plan.stack}: this change was not made",
            "watch it with: sparkify cluster status; run this again when it has settled",
        ) from None
    state, reasons = follow(aws, waiter, plan.stack, change_set.stack_id)
    if state not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
        undone = "; AWS has undone it" if state != _ABSENT and "FAILED" not in state else ""
        undone = "; AWS has removed what it had made" if state in (_ABSENT, "DELETE_COMPLETE") else undone
        raise ClusterError(f"stack {plan.stack} failed{undone}: {reasons or state}", hint_for(reasons))


def follow(aws: Aws, waiter: Waiter, name: str, stack_id: str) -> tuple[str, str]:
    """Wait until AWS is done with a stack, telling each resource's state; and why something failed."""
    seen: set[str] = set()
    reasons: list[str] = []
    waiter.awaited = f"stack {name}"

    def events() -> list[dict[str, Any]]:
        made = aws.call(_CLOUDFORMATION, "describe_stack_events", "ValidationError", StackName=stack_id)
        return [it for it in reversed(made.get("StackEvents", [])) if it["EventId"] not in seen]

    def state() -> str:
        # Asked first: whatever led to that state is among the events then.
        found = aws.call(_CLOUDFORMATION, "describe_stacks", "ValidationError", StackName=stack_id)
        for it in events():
            seen.add(it["EventId"])
            status, reason = it["ResourceStatus"], it.get("ResourceStatusReason", "")
            if it["ResourceType"] == "AWS::CloudFormation::Stack":
                continue
            waiter.say(f"  {words(it['LogicalResourceId'])}: {words(status).replace('_', ' ')}")
            if status.endswith("FAILED") and "cancelled" not in reason:
                reasons.append(f"{words(it['LogicalResourceId'])}: {reason}")
        return str(found["Stacks"][0]["StackStatus"]) if found else _ABSENT

    seen |= {it["EventId"] for it in events()}
    done = waiter.until(f"stack {name}", state, lambda it: not it.endswith("_IN_PROGRESS"))
    return done, "; ".join(reasons)
