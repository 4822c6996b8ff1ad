"""What is said when a cluster command is stopped half-way: AWS goes on with what it was asked."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from sparkify.cluster.aws import Aws
from sparkify.errors import ClusterError
from sparkify.printing.terminal import printable
from sparkify.system import interrupts

P = ParamSpec("P")
T = TypeVar("T")
Command = Callable[Concatenate[Aws, P], T]


def tells_what_goes_on(remedy: str = "") -> Callable[[Command[P, T]], Command[P, T]]:
    """Have whoever stops a command told that AWS goes on, with what, how to watch it and what else to do.

    Where a signal is not this project's to handle, as in a notebook, the command raises ClusterError.

    Args:
        remedy: what else can be done.
    """
    hint = "; ".join(filter(None, ("see what is there and what it costs: sparkify cluster status", remedy)))

    def decorate(command: Command[P, T]) -> Command[P, T]:
        @wraps(command)
        def telling(aws: Aws, /, *args: P.args, **options: P.kwargs) -> T:
            aws.has_asked, aws.waiter.awaited = False, ""
            interrupts.leaves(lambda: "\n  hint: ".join(_left(aws, hint)))
            try:
                return command(aws, *args, **options)
            except KeyboardInterrupt:
                what, *what_to_do = _left(aws, hint)
                raise ClusterError(f"interrupted; {what}", *what_to_do) from None

        return telling

    return decorate


def _left(aws: Aws, hint: str) -> tuple[str, ...]:
    awaited = printable(aws.waiter.awaited)
    if not aws.has_asked and not awaited:
        return ("nothing was changed at AWS",)
    what = f" ({awaited})" if awaited else ""
    return f"AWS goes on with what it was asked{what}, and that may cost money", hint
