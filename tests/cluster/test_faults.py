"""A failure at any call, before or after AWS has done what was asked; the next run makes it whole."""

from collections.abc import Callable

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from tests.support.aws_account import CONFIG, EMPTY, MY_IP, PROVISIONED, SERVERLESS, Call, Run, World

WHOLE = {"multi-node": PROVISIONED, "serverless": SERVERLESS}


class FailOnce:
    """Fails at one call, counted from the first, and never again."""

    def __init__(self, number: int, moment: str, error: BaseException) -> None:
        self._number, self._moment, self._error = number, moment, error
        self._seen = -1
        self.failed_at = ""

    def __call__(self, call: Call, moment: str) -> None:
        # After a call that only looks, all is as it is before the next one.
        if moment == self._moment and (moment == "before" or call.is_change):
            self._seen += 1
            if self._seen == self._number:
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
    whole: dict[str, list[str]],
) -> list[str]:
    """Run a command with a failure at its first call, then at its second …; each time, run it again."""
    failed: list[str] = []
    is_prepared = False
    while True:
        if not is_prepared:
            prepare()
        world.changes()
        world.fault = fault = FailOnce(len(failed), moment, ERRORS[moment])
        run = command()
        world.fault = None
        if not fault.failed_at:
            assert (run.code, world.contents()) == (0, whole)
            return failed
        failed.append(fault.failed_at)
        assert (run.code, run.err.count("error: "), "unexpected" in run.err) == (1, 1, False), run.err
        done = world.changes()
        # As long as nothing was changed, the next run is the first one anew.
        is_prepared = moment == "before" and len(done) <= (f".{fault.failed_at}" in "".join(done[-1:]))
        if not is_prepared:
            again = command()
            assert (again.code, world.contents()) == (0, whole), (fault.failed_at, again.err)


@pytest.mark.parametrize("moment", ERRORS)
@pytest.mark.parametrize("kind", WHOLE)
def test_create_run_again_after_a_failure_at_any_call_makes_one_whole_cluster(
    world: World, kind: str, moment: str
) -> None:
    def prepare() -> None:
        world.delete()
        assert world.contents() == EMPTY
        world.config.write_text(CONFIG.format(type=kind))

    failed = fail_at_each_call(world, moment, prepare, world.create, WHOLE[kind])
    created = {"CreateRole", "PutRolePolicy", "CreateSecurityGroup", "AuthorizeSecurityGroupIngress"}
    assert created <= set(failed)
    assert {"CreateCluster", "CreateWorkgroup"} & set(failed)
    assert world.open_to() == [f"{MY_IP}/32:5439"]
    assert "HOST=music." in world.config.read_text()


@pytest.mark.parametrize("moment", ERRORS)
@pytest.mark.parametrize("kind", WHOLE)
def test_delete_run_again_after_a_failure_at_any_call_leaves_nothing(
    world: World, kind: str, moment: str
) -> None:
    world.config.write_text(CONFIG.format(type=kind))

    def prepare() -> None:
        assert world.create().code == 0

    failed = fail_at_each_call(world, moment, prepare, world.delete, EMPTY)
    assert {"DeleteSecurityGroup", "DeleteRolePolicy", "DeleteRole"} <= set(failed)
    assert {"DeleteCluster", "DeleteNamespace"} & set(failed)
    assert world.config.read_text() == CONFIG.format(type=kind)


@pytest.mark.parametrize(
    ("moment", "said"),
    [("before", "nothing was changed at AWS"), ("after", "AWS goes on with what it was asked")],
)
def test_an_interrupt_that_python_raises_as_in_a_notebook_says_whether_aws_goes_on(
    world: World, moment: str, said: str
) -> None:
    world.fault = FailOnce(0, moment, KeyboardInterrupt())
    run = world.create()
    assert (run.code, f"error: interrupted; {said}" in run.err) == (1, True)
