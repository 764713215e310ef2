"""Ctrl-C and SIGTERM as values to look at: once means stop, twice means at once."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopping:
    """Counts the requests to stop. A plain number, because signal handlers must not take locks."""

    def __init__(self) -> None:
        self._requests = 0

    @property
    def asked(self) -> bool:
        """Whether somebody wants everything to end."""
        return self._requests > 0

    @property
    def urgent(self) -> bool:
        """Whether they said so again: nobody waits for anybody any more."""
        return self._requests > 1

    def ask(self) -> None:
        self._requests += 1


@contextmanager
def stopped_by_signals(stopping: Stopping) -> Iterator[None]:
    """Turn signals into requests to stop for the length of a `with` block."""

    def handle(_number: int, _frame: FrameType | None) -> None:
        stopping.ask()

    previous = {number: signal.signal(number, handle) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
