"""What AWS has made is written to dwh.cfg, and not a character more."""

import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparkify.config.loading import load_settings
from sparkify.config.writing import set_values
from sparkify.errors import ClusterError

VALUES = {"host": "music.abc.us-west-2.redshift.amazonaws.com", "iam_role_arn": "arn:aws:iam::1:role/r"}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("[CLUSTER]\nHOST = 'old' \n", "[CLUSTER]\nHOST = 'new' \n"),
        ('[CLUSTER]\nhost: "old"\n', '[CLUSTER]\nhost: "new"\n'),
        ("[CLUSTER]\r\nHOST=old\r\n", "[CLUSTER]\r\nHOST=new\r\n"),
        ("[CLUSTER]\nHOST\n", "[CLUSTER]\nHOST=new\n"),
        ("[CLUSTER]\nHOST=old", "[CLUSTER]\nHOST=new"),
        ("\ufeff[CLUSTER]\nHOST=\n", "\ufeff[CLUSTER]\nHOST=new\n"),
        ("[CLUSTER]\nDB_PORT=5439", "[CLUSTER]\nHOST=new\nDB_PORT=5439"),
        ("[S3]\nSONG_DATA=x", "[S3]\nSONG_DATA=x\n\n[CLUSTER]\nHOST=new\n"),
        ("# HOST=no\n[CLUSTER]\n#HOST=no\nHOST=old\n", "# HOST=no\n[CLUSTER]\n#HOST=no\nHOST=new\n"),
        ("[CLUSTER]\nDB_PASSWORD=a%b#c;d=e\nHOST=\n", "[CLUSTER]\nDB_PASSWORD=a%b#c;d=e\nHOST=new\n"),
        ("", "[CLUSTER]\nHOST=new\n"),
    ],
)
def test_only_the_value_changes(tmp_path: Path, before: str, after: str) -> None:
    path = tmp_path / "dwh.cfg"
    path.write_bytes(before.encode())
    assert set_values(path, {"host": "new"}) == ["[CLUSTER] HOST"]
    assert path.read_bytes().decode() == after


def test_the_other_name_of_a_key_is_used_where_the_file_has_it(tmp_path: Path) -> None:
    path = tmp_path / "dwh.cfg"
    path.write_text("[IAM_ROLE]\nDWH_ARN=old\n")
    assert set_values(path, {"iam_role_arn": "new"}) == ["[IAM_ROLE] DWH_ARN"]
    assert path.read_text() == "[IAM_ROLE]\nDWH_ARN=new\n"


def test_permissions_and_a_link_are_kept_and_nothing_is_left_beside(tmp_path: Path) -> None:
    target = tmp_path / "real.cfg"
    target.write_text("[CLUSTER]\nHOST=\n")
    target.chmod(0o640)
    link = tmp_path / "dwh.cfg"
    link.symlink_to(target)
    set_values(link, VALUES)
    assert link.is_symlink()
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    assert sorted(path.name for path in tmp_path.iterdir()) == ["dwh.cfg", "real.cfg"]


def test_the_file_is_replaced_in_one_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "dwh.cfg"
    path.write_text("[CLUSTER]\nHOST=old\n")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(ClusterError, match=r"No space left[\s\S]*set there by hand: \[CLUSTER\] HOST=new"):
        set_values(path, {"host": "new"})
    assert path.read_text() == "[CLUSTER]\nHOST=old\n"
    assert [entry.name for entry in tmp_path.iterdir()] == ["dwh.cfg"]


def test_a_value_over_several_lines_is_refused_rather_than_broken(tmp_path: Path) -> None:
    path = tmp_path / "dwh.cfg"
    before = "[CLUSTER]\nHOST=old\n  and more\n"
    path.write_text(before)
    with pytest.raises(ClusterError, match="does not let a line be changed safely"):
        set_values(path, {"host": "new"})
    assert path.read_text() == before


LINES = st.lists(
    st.sampled_from(
        ["# comment", "; another", "", "DB_NAME=dwh", "DB_USER='u'", 'DB_PASSWORD="p%#;="', "  # indented"]
    ),
    max_size=5,
    unique=True,
)


@given(
    LINES, LINES, st.sampled_from(["HOST=", "host : 'x'", 'Host="x"', ""]), st.sampled_from(["\n", "\r\n"])
)
def test_whatever_stands_around_it_stays_and_the_value_reads_back(
    tmp_path_factory: pytest.TempPathFactory, above: list[str], below: list[str], host: str, eol: str
) -> None:
    path = tmp_path_factory.mktemp("config") / "dwh.cfg"
    below = [line for line in below if line not in above or "=" not in line]
    lines = ["[CLUSTER]", *above, *([host] if host else []), *below, "[S3]", "SONG_DATA=s3://b/x"]
    path.write_bytes(eol.join(lines).encode())
    set_values(path, {"host": "new.example"})
    assert load_settings(str(path), environment={}).redshift.host == "new.example"
    written = path.read_bytes().decode().split(eol)
    assert [line for line in written if not line.lower().startswith("host")] == [
        line for line in lines if line != host or not host
    ]
