"""docs/cluster.md says what is true."""

import json
import re
from pathlib import Path

import pytest
from typer.main import get_command

from sparkify.cluster.cli import app
from sparkify.cluster.pricing import USD_PER_NODE_HOUR
from sparkify.config import load_settings
from tests.cluster_support import CONFIG, MY_IP, World

PAGE = (Path(__file__).resolve().parents[1] / "docs" / "cluster.md").read_text()


def documented_actions() -> set[str]:
    (policy,) = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    return {action for statement in json.loads(policy)["Statement"] for action in statement["Action"]}


@pytest.mark.parametrize("kind", ["multi-node", "serverless"])
def test_every_call_that_is_made_is_in_the_documented_permissions(world: World, kind: str) -> None:
    world.config.write_text(CONFIG.format(type=kind))
    world.create()
    world.run("create", "--yes", "--my-ip", MY_IP.replace("7", "8"))
    for command in ("status", "pause", "resume"):
        world.run(command)
    world.delete()
    made = {f"{call.service}:{call.operation}" for call in world.calls}
    assert len(made) > 15
    assert made <= documented_actions()


def test_every_command_is_documented_and_every_variable_named_there_exists() -> None:
    commands = getattr(get_command(app), "commands")  # noqa: B009 - a group's, which the type does not say
    for name in commands:
        assert f"sparkify cluster {name}" in PAGE
    for variable in set(re.findall(r"SPARKIFY_[A-Z_]+", PAGE)):
        settings = load_settings(environment={variable: "1"})
        assert not settings.warnings, variable


def test_the_prices_are_those_that_are_shown() -> None:
    for node_type, price in USD_PER_NODE_HOUR.items():
        assert f"| {node_type}, per node | ${price} |" in PAGE
