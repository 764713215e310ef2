"""A store that fails once, at one of the calls that are made to it: walked over, every step between two writes is met."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from archive_shared.errors import Unavailable

MOST_CALLS = 200


@dataclass
class Fault:
    """Happens at the call with this number, counted over all stores that share it, from 1.

    Parameters
    ----------
    after
        Whether the call has its effect and only its answer is lost.
    happened
        Whether there were as many calls.
    """

    number: int
    after: bool
    calls: int = 0
    happened: bool = False

    def around(self, call: Callable[[], Any]) -> Any:
        self.calls += 1
        if self.calls != self.number:
            return call()
        self.happened = True
        if self.after:
            call()
        raise Unavailable("the store does not answer")


class Failing:
    """A store with a fault in it."""

    def __init__(self, store: Any, fault: Fault) -> None:
        self._store = store
        self._fault = fault

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._store, name)
        if not callable(method):
            return method

        def called(*arguments: Any, **named: Any) -> Any:
            return self._fault.around(lambda: method(*arguments, **named))

        return called


def faults() -> Iterator[Fault]:
    """Yield faults at one call after the other, before and after its effect, until there are no more calls."""
    for number in range(1, MOST_CALLS):
        both = Fault(number, after=False), Fault(number, after=True)
        yield from both
        if not any(fault.happened for fault in both):
            return
    raise AssertionError(f"more than {MOST_CALLS} calls")
