"""CloudFormation, as far as the cluster commands use it: moto's has no states, no failures and no Serverless.

It evaluates the template, makes one resource each time somebody looks, and undoes what it has made when one
fails. Which change needs a new resource it knows from AWS's own schemas, which its linter brings.
"""

import datetime
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from botocore.exceptions import ClientError

from tests.support.stack_resources import Client, Resources
from tests.support.templates import ParameterError, Rendering, template

_WHEN = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)


def _refusal(code: str, message: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "Operation")


@dataclass
class Made:
    """A resource of a stack."""

    kind: str
    attributes: dict[str, Any]
    properties: dict[str, Any]
    status: str = "CREATE_COMPLETE"


@dataclass
class Stack:
    """A stack, with what it still has to do: a step each time somebody looks."""

    name: str
    number: int
    status: str = "REVIEW_IN_PROGRESS"
    text: str = ""
    parameters: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    made: dict[str, Made] = field(default_factory=dict)
    outputs: dict[str, str] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)
    steps: list[Callable[[], None]] = field(default_factory=list)
    goes_when_failed: bool = False

    @property
    def arn(self) -> str:
        return f"arn:aws:cloudformation:us-west-2:123456789012:stack/{self.name}/{self.number:08}"


@dataclass
class ChangeSet:
    """A change that is not made yet."""

    arn: str
    stack: Stack
    text: str
    parameters: dict[str, str]
    tags: dict[str, str]
    changes: list[dict[str, Any]]
    goes_when_failed: bool
    reason: str = ""


@dataclass
class CloudFormation:
    """The service of an account.

    Attributes:
        refused: by the name of a resource in the template, why it can't be made, changed or removed.
        is_stuck: whether it never gets on.
        steps_a_look: how far a stack gets between two looks, between which people wait.
    """

    client: Client
    serverless: Callable[[str, dict[str, Any]], Any]
    stacks: list[Stack] = field(default_factory=list)
    change_sets: dict[str, ChangeSet] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    is_stuck: bool = False
    steps_a_look: int = 1
    _numbers: Any = field(default_factory=lambda: itertools.count(1))

    def do(self, operation: str, asked: dict[str, Any]) -> dict[str, Any]:
        """Answer a call."""
        return dict(getattr(self, f"_do_{operation}")(**asked))

    # Looking

    def _do_DescribeStacks(self, StackName: str = "") -> dict[str, Any]:  # noqa: N802, N803 - as AWS calls them
        found = (
            [self._get(StackName)]
            if StackName
            else [it for it in self.stacks if it.status != "DELETE_COMPLETE"]
        )
        for stack in found:
            for step in [] if self.is_stuck else stack.steps[: self.steps_a_look]:
                stack.steps.remove(step)
                step()
        return {"Stacks": [self._view(it) for it in found]}

    def _view(self, stack: Stack) -> dict[str, Any]:
        hidden = template(stack.text)["Parameters"] if stack.text else {}
        return {
            "StackId": stack.arn,
            "StackName": stack.name,
            "CreationTime": _WHEN,
            "StackStatus": stack.status,
            "Parameters": [
                {"ParameterKey": key, "ParameterValue": "****" if hidden[key].get("NoEcho") else value}
                for key, value in stack.parameters.items()
            ],
            "Outputs": [{"OutputKey": key, "OutputValue": value} for key, value in stack.outputs.items()],
            "Tags": [{"Key": key, "Value": value} for key, value in stack.tags.items()],
        }

    def _get(self, name: str) -> Stack:
        for stack in reversed(self.stacks):
            if name == stack.arn or (name == stack.name and stack.status != "DELETE_COMPLETE"):
                return stack
        raise _refusal("ValidationError", f"Stack with id {name} does not exist")

    def _do_DescribeStackEvents(self, StackName: str) -> dict[str, Any]:  # noqa: N802, N803
        return {"StackEvents": self._get(StackName).events[::-1]}

    def _do_ListStackResources(self, StackName: str) -> dict[str, Any]:  # noqa: N802, N803
        return {
            "StackResourceSummaries": [
                {
                    "LogicalResourceId": name,
                    "PhysicalResourceId": it.attributes["Ref"],
                    "ResourceType": it.kind,
                    "LastUpdatedTimestamp": _WHEN,
                    "ResourceStatus": it.status,
                }
                for name, it in self._get(StackName).made.items()
            ]
        }

    # Change sets

    def _do_CreateChangeSet(  # noqa: N802
        self,
        StackName: str,  # noqa: N803
        ChangeSetName: str,  # noqa: N803
        ChangeSetType: str,  # noqa: N803
        TemplateBody: str,  # noqa: N803
        Parameters: list[dict[str, Any]],  # noqa: N803
        Capabilities: list[str],  # noqa: N803
        Tags: list[dict[str, str]],  # noqa: N803
        OnStackFailure: str = "ROLLBACK",  # noqa: N803
        DeploymentMode: str = "",  # noqa: N803
    ) -> dict[str, Any]:
        assert Capabilities == ["CAPABILITY_NAMED_IAM"]
        there = [it for it in self.stacks if it.name == StackName and it.status != "DELETE_COMPLETE"]
        if ChangeSetType == "CREATE" and there and there[0].status != "REVIEW_IN_PROGRESS":
            raise _refusal(
                "ValidationError", f"Stack [{StackName}] already exists and cannot be created again"
            )
        stack = there[0] if there else Stack(StackName, next(self._numbers))
        if ChangeSetType == "UPDATE" and not stack.status.endswith(
            ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE")
        ):
            message = f"Stack:{stack.arn} is in {stack.status} state and can not be updated."
            raise _refusal("ValidationError", message)
        given = {
            it["ParameterKey"]: stack.parameters[it["ParameterKey"]]
            if it.get("UsePreviousValue")
            else it["ParameterValue"]
            for it in Parameters
        }
        tags = {it["Key"]: it["Value"] for it in Tags}
        try:
            wanted = Rendering(template(TemplateBody), given, self._known(stack))
        except ParameterError as error:
            raise _refusal("ValidationError", str(error)) from None
        if not there:
            stack.tags = tags
            self.stacks.append(stack)
        arn = stack.arn.partition(":stack/")[0] + f":changeSet/{ChangeSetName}/{next(self._numbers):08}"
        changes = self._changes(stack, wanted, tags, sees_drift=DeploymentMode == "REVERT_DRIFT")
        reason = "" if changes else "The submitted information didn't contain changes."
        self.change_sets[arn] = ChangeSet(
            arn, stack, TemplateBody, wanted.parameters, tags, changes, OnStackFailure == "DELETE", reason
        )
        return {"Id": arn, "StackId": stack.arn}

    def _changes(
        self, stack: Stack, wanted: Rendering, tags: dict[str, str], *, sees_drift: bool
    ) -> list[dict[str, Any]]:
        changes = []
        for name in wanted.resources:
            kind = wanted.kind(name)
            change: dict[str, Any] = {"LogicalResourceId": name, "ResourceType": wanted.kind(name)}
            if name not in stack.made:
                changes.append({**change, "Action": "Add"})
                continue
            made = stack.made[name]
            now, then = made.properties, wanted.properties(name)
            if sees_drift:
                now = {**now, **self._resources(stack).actual(kind, made.attributes["Ref"], now)}
            differing = sorted(key for key in {*now, *then} if now.get(key) != then.get(key))
            if differing or stack.tags != tags:
                details = [{"Target": {"Attribute": "Properties", "Name": key}} for key in differing]
                replacement = "True" if set(differing) & _fixed(kind) else "False"
                changes.append({**change, "Action": "Modify", "Replacement": replacement, "Details": details})
        gone = [name for name in stack.made if name not in wanted.resources]
        changes += [
            {"LogicalResourceId": name, "ResourceType": stack.made[name].kind, "Action": "Remove"}
            for name in gone
        ]
        return changes

    def _do_DescribeChangeSet(self, ChangeSetName: str) -> dict[str, Any]:  # noqa: N802, N803
        it = self._change_set(ChangeSetName)
        changes = [{"Type": "Resource", "ResourceChange": change} for change in it.changes]
        status = (
            {"Status": "FAILED", "StatusReason": it.reason} if it.reason else {"Status": "CREATE_COMPLETE"}
        )
        return {"ChangeSetId": it.arn, "StackId": it.stack.arn, "Changes": changes, **status}

    def _change_set(self, arn: str) -> ChangeSet:
        if arn not in self.change_sets:
            raise _refusal("ChangeSetNotFound", f"ChangeSet [{arn}] does not exist")
        return self.change_sets[arn]

    def _do_DeleteChangeSet(self, ChangeSetName: str) -> dict[str, Any]:  # noqa: N802, N803
        self.change_sets.pop(ChangeSetName, None)
        return {}

    def _do_ListChangeSets(self, StackName: str) -> dict[str, Any]:  # noqa: N802, N803
        own = [it for it in self.change_sets.values() if it.stack.arn == StackName]
        return {"Summaries": [{"ChangeSetId": it.arn} for it in own]}

    def _do_ExecuteChangeSet(self, ChangeSetName: str) -> dict[str, Any]:  # noqa: N802, N803
        it = self._change_set(ChangeSetName)
        stack = it.stack
        if stack.status.endswith("_IN_PROGRESS") and stack.status != "REVIEW_IN_PROGRESS":
            raise _refusal(
                "InvalidChangeSetStatus", f"{it.arn} cannot be executed in its current status of [OBSOLETE]"
            )
        self.change_sets = {arn: one for arn, one in self.change_sets.items() if one.stack is not stack}
        verb = "UPDATE" if stack.text else "CREATE"
        before = (stack.text, stack.parameters, stack.tags)
        stack.text, stack.parameters, stack.tags = it.text, it.parameters, it.tags
        stack.goes_when_failed, stack.status = it.goes_when_failed, f"{verb}_IN_PROGRESS"
        stack.steps = [self._step(stack, verb, change, before) for change in it.changes]
        stack.steps.append(lambda: self._finish(stack, verb))
        return {}

    # Doing

    def _known(self, stack: Stack) -> Callable[[str, str], Any]:
        def attribute(name: str, key: str) -> Any:
            return stack.made[name].attributes[key] if name in stack.made else f"<{name} {key}>"

        return attribute

    def _resources(self, stack: Stack) -> Resources:
        return Resources(self.client, self.serverless, stack.tags)

    def _event(self, stack: Stack, name: str, status: str, reason: str = "") -> None:
        kind = (
            stack.made[name].kind if name in stack.made else template(stack.text)["Resources"][name]["Type"]
        )
        event = {
            "StackId": stack.arn,
            "StackName": stack.name,
            "EventId": f"{len(stack.events)}",
            "LogicalResourceId": name,
            "ResourceType": kind,
            "Timestamp": _WHEN,
            "ResourceStatus": status,
        }
        stack.events.append(event | ({"ResourceStatusReason": reason} if reason else {}))

    def _step(
        self,
        stack: Stack,
        verb: str,
        change: dict[str, Any],
        before: tuple[str, dict[str, str], dict[str, str]],
    ) -> Callable[[], None]:
        name, done = (
            change["LogicalResourceId"],
            {"Add": "CREATE", "Modify": "UPDATE", "Remove": "DELETE"}[change["Action"]],
        )

        def step() -> None:
            self._event(stack, name, f"{done}_IN_PROGRESS")
            try:
                if name in self.refused:
                    raise _refusal("Refused", self.refused[name])
                self._apply(stack, name, done)
            except ClientError as error:
                self._event(stack, name, f"{done}_FAILED", error.response["Error"]["Message"])
                self._undo(stack, verb, before)
            else:
                self._event(stack, name, f"{done}_COMPLETE")

        return step

    def _apply(self, stack: Stack, name: str, done: str) -> None:
        if done == "DELETE":
            made = stack.made[name]
            self._resources(stack).delete(made.kind, made.attributes["Ref"])
            del stack.made[name]
            return
        wanted = Rendering(template(stack.text), stack.parameters, self._known(stack))
        kind, properties = wanted.kind(name), wanted.properties(name)
        if done == "UPDATE" and not (_fixed(kind) & _differing(stack.made[name].properties, properties)):
            made = stack.made[name]
            actual = self._resources(stack).actual(kind, made.attributes["Ref"], made.properties)
            if actual != properties:
                self._resources(stack).update(kind, made.attributes["Ref"], actual, properties)
            made.properties = properties
            return
        old = stack.made.get(name)
        physical = f"{stack.name}-{name}-{stack.number:04}abcd"
        attributes = self._resources(stack).create(kind, physical, properties)
        stack.made[name] = Made(kind, attributes, properties)
        if old:
            stack.steps.insert(-1, lambda: self._resources(stack).delete(kind, old.attributes["Ref"]))

    def _finish(self, stack: Stack, verb: str) -> None:
        stack.status = f"{verb}_COMPLETE"
        stack.outputs = Rendering(template(stack.text), stack.parameters, self._known(stack)).outputs()

    def _undo(self, stack: Stack, verb: str, before: tuple[str, dict[str, str], dict[str, str]]) -> None:
        if verb == "CREATE":
            stack.status = "ROLLBACK_IN_PROGRESS"
            stack.steps = [self._removal(stack, name) for name in reversed([*stack.made])]
            end = "DELETE_COMPLETE" if stack.goes_when_failed else "ROLLBACK_COMPLETE"
        else:
            stack.status, end = "UPDATE_ROLLBACK_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE"
            stack.text, stack.parameters, stack.tags = before
            old = Rendering(template(stack.text), stack.parameters, self._known(stack))
            changes = self._changes(stack, old, stack.tags, sees_drift=False)
            stack.steps = [self._step(stack, verb, change, before) for change in changes]
        stack.steps.append(lambda: setattr(stack, "status", end))

    def _removal(self, stack: Stack, name: str) -> Callable[[], None]:
        def remove() -> None:
            made = stack.made[name]
            self._event(stack, name, "DELETE_IN_PROGRESS")
            try:
                if f"delete {name}" in self.refused:
                    raise _refusal("Refused", self.refused[f"delete {name}"])
                self._resources(stack).delete(made.kind, made.attributes["Ref"])
            except ClientError as error:
                made.status = "DELETE_FAILED"
                self._event(stack, name, "DELETE_FAILED", error.response["Error"]["Message"])
                stack.status, stack.steps = "DELETE_FAILED", []
            else:
                made.status = "DELETE_COMPLETE"
                self._event(stack, name, "DELETE_COMPLETE")

        return remove

    def _do_DeleteStack(self, StackName: str) -> dict[str, Any]:  # noqa: N802, N803
        try:
            stack = self._get(StackName)
        except ClientError:
            return {}  # AWS says nothing either
        if stack.status.startswith("UPDATE") and stack.status.endswith("IN_PROGRESS"):
            raise _refusal(
                "ValidationError", f"Stack [{stack.name}] cannot be deleted while in {stack.status}"
            )
        left = [name for name, it in reversed(stack.made.items()) if it.status != "DELETE_COMPLETE"]
        stack.status = "DELETE_IN_PROGRESS" if stack.text else "DELETE_COMPLETE"
        stack.steps = [self._removal(stack, name) for name in left]
        stack.steps.append(lambda: setattr(stack, "status", "DELETE_COMPLETE"))
        self.change_sets = {arn: it for arn, it in self.change_sets.items() if it.stack is not stack}
        return {}


def _differing(now: dict[str, Any], then: dict[str, Any]) -> set[str]:
    return {key for key in {*now, *then} if now.get(key) != then.get(key)}


@cache
def _fixed(kind: str) -> set[str]:
    """The properties of which another value needs a new resource."""
    from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-west-2", kind).schema
    return {path.rpartition("/")[2] for path in schema.get("createOnlyProperties", ())}
