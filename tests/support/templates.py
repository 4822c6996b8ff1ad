"""A CloudFormation template with its parameters filled in, as CloudFormation evaluates it."""

import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

Attribute = Callable[[str, str], Any]
"""The value of an attribute of a resource; that of "Ref" is its name."""


class ParameterError(Exception):
    """A parameter is missing, unknown, or not one that its constraint allows."""


@cache
def template(text: str) -> dict[str, Any]:
    """A template as AWS's own linter reads it, with all functions in their long form."""
    from cfnlint.decode import cfn_yaml  # takes a while

    loaded: dict[str, Any] = cfn_yaml.loads(text)
    return loaded


def rendered(parameters: Mapping[str, str], attribute: Attribute | None = None) -> dict[str, Any]:
    """The resources of this project's template for some parameters, and the properties of each."""
    from sparkify.cluster.stack import TEMPLATE

    loaded = template(Path(str(TEMPLATE)).read_text())
    known = {"Vpc": "vpc-1", "Subnets": "subnet-1,subnet-2,subnet-3", "CallerAddress": "203.0.113.7"}
    made = Rendering(loaded, {**known, **parameters}, attribute or (lambda name, key: f"<{name} {key}>"))
    return {name: made.properties(name) for name in made.resources}


class Rendering:
    """A template for some parameters.

    Args:
        loaded: the template.
        given: its parameters.
        attribute: what is known of resources that are there.

    Raises:
        ParameterError: one can't be meant.
    """

    def __init__(self, loaded: dict[str, Any], given: Mapping[str, str], attribute: Attribute) -> None:
        self._template, self._attribute = loaded, attribute
        self._values: dict[str, Any] = {
            "AWS::Partition": "aws",
            "AWS::Region": "us-west-2",
            "AWS::AccountId": "123456789012",
        }
        if unknown := given.keys() - loaded["Parameters"].keys():
            raise ParameterError(f"Parameters: [{', '.join(unknown)}] do not exist in the template")
        for name, rules in loaded["Parameters"].items():
            if name not in given and "Default" not in rules:
                raise ParameterError(f"Parameters: [{name}] must have values")
            value = str(given.get(name, rules.get("Default")))
            allowed = [str(one) for one in rules.get("AllowedValues", [value])]
            is_good = value in allowed and re.fullmatch(rules.get("AllowedPattern", ".*"), value, re.DOTALL)
            if rules["Type"] == "Number":
                is_good = is_good and rules.get("MinValue", 0) <= int(value) <= rules.get("MaxValue", 10**9)
            if not is_good:
                raise ParameterError(f"Parameter {name} failed to satisfy constraint")
            self._values[name] = value.split(",") if rules["Type"].startswith("List") else value
        self.parameters = {
            name: str(given.get(name, rules.get("Default"))) for name, rules in loaded["Parameters"].items()
        }

    @property
    def resources(self) -> list[str]:
        """The names of those whose condition holds, each after those it refers to."""
        found = {name: it for name, it in self._template["Resources"].items() if self._is("Condition", it)}
        ordered: list[str] = []
        while len(ordered) < len(found):
            ordered += [
                name
                for name, it in found.items()
                if name not in ordered and not (self._referred(it["Properties"]) & found.keys() - {*ordered})
            ]
        return ordered

    def kind(self, name: str) -> str:
        """The type of a resource."""
        return str(self._template["Resources"][name]["Type"])

    def properties(self, name: str) -> dict[str, Any]:
        """What a resource is to be."""
        return dict(self._value(self._template["Resources"][name]["Properties"]))

    def outputs(self) -> dict[str, str]:
        """The outputs whose condition holds."""
        return {
            name: str(self._value(it["Value"]))
            for name, it in self._template["Outputs"].items()
            if self._is("Condition", it)
        }

    def _is(self, key: str, it: Mapping[str, Any]) -> bool:
        return key not in it or self._holds(self._template["Conditions"][it[key]])

    def _holds(self, rule: Mapping[str, Any]) -> bool:
        ((function, operands),) = rule.items()
        if function == "Condition":
            return self._holds(self._template["Conditions"][operands])
        if function == "Fn::Equals":
            return str(self._value(operands[0])) == str(self._value(operands[1]))
        each = [self._holds(operand) for operand in operands]
        return not each[0] if function == "Fn::Not" else any(each) if function == "Fn::Or" else all(each)

    def _referred(self, value: Any) -> set[str]:
        """What of the resources a value speaks of, in the branches that count."""
        seen: set[str] = set()

        def attribute(name: str, _: str) -> str:
            seen.add(name)
            return name

        before, self._attribute = self._attribute, attribute
        self._value(value)
        self._attribute = before
        return seen

    def _value(self, value: Any) -> Any:
        if isinstance(value, list):
            return [made for one in value if (made := self._value(one)) is not None]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            ((function, operand),) = value.items()
            if function == "Ref" or function.startswith("Fn::"):
                return self._call(function, operand)
        made = {key: self._value(one) for key, one in value.items()}
        return {key: one for key, one in made.items() if one is not None}

    def _call(self, function: str, operand: Any) -> Any:
        if function == "Ref":
            return None if operand == "AWS::NoValue" else self._named(operand)
        if function == "Fn::GetAtt":
            return self._attribute(operand[0], ".".join(operand[1:]))
        if function == "Fn::If":
            is_true = self._holds(self._template["Conditions"][operand[0]])
            return self._value(operand[1 if is_true else 2])
        if function == "Fn::Split":
            return str(self._value(operand[1])).split(operand[0])
        assert function == "Fn::Sub", function
        text, names = operand if isinstance(operand, list) else (operand, {})
        return re.sub(
            r"\$\{([^}]+)\}",
            lambda found: str(self._value(names[found[1]]) if found[1] in names else self._named(found[1])),
            text,
        )

    def _named(self, name: str) -> Any:
        if name in self._values:
            return self._values[name]
        resource, _, key = name.partition(".")
        return self._attribute(resource, key or "Ref")
