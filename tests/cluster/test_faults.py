"""A failure at any call, and of any resource; two people at once; the next run makes it whole."""

from collections.abc import Callable

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from tests.support.aws_account import CONFIG, EMPTY, MY_IP, PROVISIONED, REGION, SERVERLESS, Call, Run, World

WHOLE = {"multi-node": PROVISIONED, "serverless": SERVERLESS}
RESOURCES = {
    "multi-node": ("Bucket", "Role", "SecurityGroup", "ParameterGroup", "Cluster"),
    "serverless": ("ServerlessNamespace", "ServerlessWorkgroup"),
}


def whole(contents: dict[str, list[str]]) -> dict[str, list[str]]:
    """What is there, with a word for the bucket: CloudFormation makes its name up."""
    return {**contents, "bucket": [name.rpartition("-")[0] for name in contents["bucket"]]}


class FailOnce:
    """Fails at the first call of an operation that did not fail before, and never again."""

    def __init__(self, before: set[str], moment: str, error: BaseException) -> None:
        self._before, self._moment, self._error = before, moment, error
        self.failed_at = ""

    def __call__(self, call: Call, moment: str) -> None:
        # After a call that only looks, all is as it is before the next one.
        is_meant = moment == "before" or call.is_change or call.operation == "CreateChangeSet"
        if moment == self._moment and is_meant and not self.failed_at and call.operation not in self._before:
            self.failed_at = call.operation
            raise self._error


# These are raised above botocore's own retries, so each reaches the command.
ERRORS: dict[str, BaseException] = {
    "before": ClientError({"Error": {"Code": "ServiceUnavailable", "Message": "try later"}}, "Call"),
    "after": EndpointConnectionError(endpoint_url="https://aws.invalid"),
}


def fail_at_each_call(
    world: World,
    moment: str,
    prepare: Callable[[], object],
    command: Callable[[], Run],
    wanted: dict[str, list[str]],
) -> set[str]:
    """Run a command with a failure at one of its calls, then at another …; each time, run it again."""
    failed: set[str] = set()
    while True:
        prepare()
        world.fault = fault = FailOnce(failed, moment, ERRORS[moment])
        run = command()
        world.fault = None
        if not fault.failed_at:
            assert (run.code, whole(world.contents())) == (0, whole(wanted))
            return failed
        failed.add(fault.failed_at)
        assert (run.code, run.err.count("error: "), "unexpected" in run.err) == (1, 1, False), run.err
        again = command()
        assert (again.code, whole(world.contents())) == (0, whole(wanted)), (fault.failed_at, again.err)


FAULTS = [
    pytest.param(
        kind, moment, marks=() if (kind == "serverless") == (moment == "after") else pytest.mark.long
    )
    for kind in WHOLE
    for moment in ERRORS
]
"""Each kind with one moment; both moments of both take half a minute."""


@pytest.mark.thorough
@pytest.mark.parametrize(("kind", "moment"), FAULTS)
def test_create_run_again_after_a_failure_at_any_call_makes_one_whole_cluster(
    world: World, kind: str, moment: str
) -> None:
    def prepare() -> None:
        world.delete()
        assert world.contents() == EMPTY
        world.config.write_text(CONFIG.format(type=kind))

    failed = fail_at_each_call(world, moment, prepare, world.create, WHOLE[kind])
    assert {"CreateChangeSet", "ExecuteChangeSet"} <= failed
    assert world.open_to() == [f"{MY_IP}/32:5439"]
    assert "HOST=music." in world.config.read_text()


@pytest.mark.thorough
@pytest.mark.parametrize(("kind", "moment"), FAULTS)
def test_delete_run_again_after_a_failure_at_any_call_leaves_nothing(
    world: World, kind: str, moment: str
) -> None:
    world.config.write_text(CONFIG.format(type=kind))

    def prepare() -> None:
        assert world.create().code == 0
        (bucket,) = world.contents()["bucket"]
        world.client("s3").put_object(Bucket=bucket, Key="work/part", Body=b"x")

    failed = fail_at_each_call(world, moment, prepare, world.delete, EMPTY)
    assert {"DeleteStack", "DeleteObjects"} <= failed
    assert world.config.read_text() == CONFIG.format(type=kind)


@pytest.mark.forms(1)
@pytest.mark.parametrize(("kind", "resource"), [(kind, one) for kind in WHOLE for one in RESOURCES[kind]])
def test_what_fails_half_way_is_undone_and_the_next_run_makes_it_whole(
    world: World, kind: str, resource: str
) -> None:
    world.config.write_text(CONFIG.format(type=kind))
    world.cloudformation.refused[resource] = "no more of these"
    run = world.create()
    assert (run.code, world.contents(), run.out) == (1, EMPTY, "")
    assert "failed; AWS has removed what it had made: " in run.err
    assert run.err.splitlines()[-2].endswith(": no more of these")
    assert world.config.read_text() == CONFIG.format(type=kind)
    world.cloudformation.refused.clear()
    assert world.create().code == 0
    assert whole(world.contents()) == whole(WHOLE[kind])


def test_a_change_that_fails_is_undone_and_the_cluster_is_as_it_was(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.create()
    monkeypatch.setenv("SPARKIFY_SONG_DATA", "s3://songs-and-logs/catalogue/")
    world.cloudformation.refused["Role"] = "not today"
    run = world.run("create", "--yes", "--my-ip", "198.51.100.9")
    assert (run.code, world.contents()) == (1, PROVISIONED)
    assert "error: stack music-redshift failed; AWS has undone it: role: not today" in run.err
    assert world.open_to() == [f"{MY_IP}/32:5439"]
    world.cloudformation.refused.clear()
    assert world.create().code == 0


@pytest.mark.forms(1)
@pytest.mark.parametrize("state", ["ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED"])
def test_over_a_stack_that_has_failed_a_new_one_is_made(world: World, state: str) -> None:
    world.create()
    world.cloudformation.stacks[-1].status = state  # as the console leaves it, or a deletion that failed
    run = world.create()
    assert (run.code, whole(world.contents())) == (0, whole(PROVISIONED))
    assert f"stack music-redshift is {state}: what is left of it is deleted first\n" in run.err


def test_an_empty_stack_that_somebody_has_left_in_review_is_used(world: World) -> None:
    def fault(call: Call, moment: str) -> None:
        if call.operation in ("DescribeChangeSet", "DeleteChangeSet") and moment == "before":
            raise ERRORS["after"]

    world.fault = fault
    assert world.create().code == 1
    world.fault = None
    assert world.cloudformation.stacks[-1].status == "REVIEW_IN_PROGRESS"
    assert (world.create().code, whole(world.contents())) == (0, whole(PROVISIONED))


def test_delete_takes_a_stack_in_review_away_too(world: World) -> None:
    def fault(call: Call, moment: str) -> None:
        if call.operation in ("DescribeChangeSet", "DeleteChangeSet") and moment == "before":
            raise ERRORS["after"]

    world.fault = fault
    world.create()
    world.fault = None
    assert world.contents() == {**EMPTY, "stack": ["music-redshift"]}
    assert (world.delete().code, world.contents()) == (0, EMPTY)


@pytest.mark.thorough
def test_who_creates_while_somebody_else_does_waits_for_the_same_stack(world: World) -> None:
    world.cloudformation.is_stuck = True
    assert world.create("--timeout", "1").code == 1
    world.cloudformation.is_stuck = False
    run = world.create()
    assert (run.code, world.contents()) == (0, PROVISIONED)
    assert "stack music-redshift: is as it must be\n" in run.err


def test_of_two_who_agree_to_the_price_at_once_one_creates_and_the_other_is_told(world: World) -> None:
    other: list[Run] = []

    def fault(call: Call, moment: str) -> None:
        if call.operation == "ExecuteChangeSet" and moment == "before" and not other:
            world.fault = None
            world.cloudformation.is_stuck = True
            other.append(world.create("--timeout", "1"))
            world.cloudformation.is_stuck = False

    world.fault = fault
    run = world.create()
    assert other[0].err.splitlines()[-2].startswith("error: stack music-redshift is still CREATE_IN_PROGRESS")
    assert (run.code, run.err.splitlines()[-2:]) == (
        1,
        [
            "error: somebody else is changing stack music-redshift: this change was not made",
            "  hint: watch it with: sparkify cluster status; run this again when it has settled",
        ],
    )
    assert (world.create().code, world.contents()) == (0, PROVISIONED)


def test_two_who_delete_at_once_both_see_it_gone(world: World) -> None:
    world.create()
    other: list[Run] = []

    def fault(call: Call, moment: str) -> None:
        if call.operation == "DeleteStack" and moment == "before":
            world.fault = None
            other.append(world.delete())

    world.fault = fault
    run = world.delete()
    assert (run.code, other[0].code, world.contents()) == (0, 0, EMPTY)


def test_a_change_under_way_is_waited_for_before_the_stack_is_deleted(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.create()
    monkeypatch.setenv("SPARKIFY_SONG_DATA", "s3://songs-and-logs/catalogue/")
    world.cloudformation.is_stuck = True
    world.create("--timeout", "1")
    world.cloudformation.is_stuck = False
    assert (world.delete().code, world.contents()) == (0, EMPTY)


@pytest.mark.thorough
def test_another_region_is_another_cluster(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.create()
    monkeypatch.setenv("SPARKIFY_AWS_REGION", "eu-west-1")
    run = world.run("status", "--format", "csv")
    assert "music-redshift" not in run.out  # whose tag names the region
    assert REGION not in run.err


@pytest.mark.forms(1)
@pytest.mark.parametrize(
    ("operation", "moment", "said"),
    [
        ("DescribeStacks", "before", "nothing was changed at AWS"),
        ("CreateChangeSet", "after", "nothing was changed at AWS"),
        ("ExecuteChangeSet", "after", "AWS goes on with what it was asked"),
        ("DescribeStackEvents", "after", "AWS goes on with what it was asked (stack music-redshift"),
    ],
)
def test_an_interrupt_that_python_raises_as_in_a_notebook_says_whether_aws_goes_on(
    world: World, operation: str, moment: str, said: str
) -> None:
    def fault(call: Call, now: str) -> None:
        if call.operation == operation and now == moment and world.fault:
            is_early = operation == "DescribeStackEvents" and "ExecuteChangeSet" not in world.changes_so_far()
            if not is_early:
                world.fault = None
                raise KeyboardInterrupt

    world.fault = fault
    run = world.create()
    assert (run.code, f"error: interrupted; {said}" in run.err) == (1, True), run.err
    assert world.create().code == 0
