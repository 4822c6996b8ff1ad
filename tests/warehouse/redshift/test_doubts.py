"""The questions for a real account can be asked, and the stand-in answers them as the engine counts on."""

import secrets
from pathlib import Path

from redshift_connector.core import Connection

from tests.standin.fixtures import BUCKET, connect
from tests.standin.server import RedshiftStandIn
from tests.support.doubts import Asker, Doubt, table_of

OTHERWISE = {
    "duplicates of a PRIMARY KEY are found by GROUP BY": "PostgreSQL enforces keys",
    "who created the warehouse is a superuser": "the stand-in's is none, to find missing rights",
}


def ask(stand_in: RedshiftStandIn, folder: str) -> list[Doubt]:
    def put(name: str, content: bytes) -> str:
        stand_in.s3.put(folder + name, content)
        return stand_in.s3.get_with_etag(folder + name)[1]

    def opened() -> Connection:
        return connect(stand_in)

    return Asker(opened, folder, put, "DEFAULT").ask()


def test_every_doubt_can_be_asked_and_the_stand_in_answers_as_the_engine_expects(
    redshift: RedshiftStandIn,
) -> None:
    doubts = ask(redshift, f"s3://{BUCKET}/doubts/{secrets.token_hex(4)}/")
    wrong = [doubt for doubt in doubts if not doubt.is_as_expected and doubt.what not in OTHERWISE]
    assert wrong == []
    page = (Path(__file__).parents[3] / "docs" / "verify-on-aws.md").read_text(encoding="utf-8")
    assert [doubt.what for doubt in doubts if f"| {doubt.what} |" not in page] == []
    assert page.count("\n| ") == len(doubts) + 1


def test_the_table_marks_what_is_not_as_expected() -> None:
    lines = table_of(
        [("serverless", Doubt("a", r"\d", "1")), ("single-node", Doubt("b", r"\d", "x"))]
    ).splitlines()
    assert [line[0] for line in lines] == [" ", " ", "!"]
    assert lines[2].split() == ["!", "single-node", "b", r"\d", "x"]
