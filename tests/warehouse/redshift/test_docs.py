"""docs/redshift.md: what it tells people to write is understood."""

import re
from pathlib import Path

import pytest

from sparkify.cluster.plan import make_plan
from sparkify.config.loading import load_settings
from sparkify.warehouse.redshift.login import login_options

PAGE = (Path(__file__).parents[3] / "docs" / "redshift.md").read_text(encoding="utf-8")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """The dwh.cfg of the page."""
    block = re.search(r"\n\n((?: {7}.*\n|\n)*? {7}\[S3\]\n(?: {7}.*\n|\n)*)", PAGE)
    assert block
    path = tmp_path / "dwh.cfg"
    path.write_text(re.sub(r"(?m)^ {7}", "", block[1]))
    return path


def test_the_configuration_is_one_that_a_cluster_can_be_made_from(config: Path) -> None:
    settings = load_settings(str(config), environment={})
    assert settings.warnings == ()
    plan = make_plan(settings, settings.aws.aws_region)
    assert plan.title == "Serverless workgroup sparkify with 8 RPU"
    given = plan.parameters
    assert given["Public"] == "true"
    assert {given[f"{name}Bucket"] for name in ("Song", "Log", "JsonPaths")} == {"udacity-dend"}
    assert (given["WorkPrefix"], given["ExportPrefix"]) == ("sparkify-work/", "sparkify-export/")


def test_with_the_address_that_create_writes_there_it_means_that_warehouse(config: Path) -> None:
    host = "sparkify.123456789012.us-west-2.redshift-serverless.amazonaws.com"
    config.write_text(f"{config.read_text()}\n[CLUSTER]\nHOST={host}\n")
    settings = load_settings(str(config), environment={})
    assert settings.database == "redshift"
    options = login_options(settings.redshift, settings.aws)
    assert (options["iam"], options["serverless_work_group"], options["host"]) == (True, "sparkify", host)


def test_the_example_configuration_means_duckdb_until_it_names_a_cluster(tmp_path: Path) -> None:
    example = (Path(__file__).parents[3] / "dwh.cfg.example").read_text(encoding="utf-8")
    path = tmp_path / "dwh.cfg"
    path.write_text(example)
    settings = load_settings(str(path), environment={})
    assert (settings.warnings, settings.database) == ((), "sparkify.duckdb")
    path.write_text(example.replace("HOST =", "HOST = dwh.abc.us-west-2.redshift.amazonaws.com"))
    assert load_settings(str(path), environment={}).database == "redshift"
