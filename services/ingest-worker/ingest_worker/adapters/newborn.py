"""A child that is forked before there is a task for it: a fork of a process full of imaging libraries takes milliseconds."""

import json
import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, NoReturn

from ingest_worker.adapters.child import live

NOWHERE: Final = 2
"""What the nursery sends errors to, which is nowhere."""


@dataclass(frozen=True)
class Newborn:
    """A child that waits for its task, with all that its parent had imported when it was born.

    Parameters
    ----------
    orders
        The end of a pipe that takes the task; it waits until that is closed.
    pipe
        The end of a pipe that yields what `child.live` says.
    """

    pid: int
    orders: int
    pipe: int

    @classmethod
    def forked(cls, private: Iterable[int]) -> "Newborn":
        """Return a new one, to be asked for while there is no other child: what that says is for nobody else to read.

        Parameters
        ----------
        private
            Descriptors that lead nowhere in the child: whoever took it over could hear of other tasks, and answer for them.
        """
        asking, orders = os.pipe()
        pipe, saying = os.pipe()
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            for end in (orders, pipe):
                os.close(end)
            for end in private:
                os.dup2(NOWHERE, end)
            _wait_and_live(asking, saying, parent)
        for end in (asking, saying):
            os.close(end)
        return cls(pid, orders, pipe)

    def begin(self, order: bytes) -> None:
        """Have it do the task that is told in JSON; if it is dead already, its pipe ends like that of any child that dies."""
        with suppress(BrokenPipeError), os.fdopen(self.orders, "wb") as stream:
            stream.write(order)

    def waits(self) -> bool:
        """Tell whether it is alive; one that is not is let go: memory may have been short, which is no fault of a task to come."""
        if os.waitpid(self.pid, os.WNOHANG) == (0, 0):
            return True
        self._close()
        return False

    def let_go(self) -> None:
        """End one that waits, without a task."""
        self._close()
        os.waitpid(self.pid, 0)

    def _close(self) -> None:
        os.close(self.orders)
        os.close(self.pipe)


def _wait_and_live(asking: int, saying: int, parent: int) -> NoReturn:
    """Do the task that comes, or end if none does, as when the parent has died."""
    try:
        with os.fdopen(asking, "rb") as stream:
            order = stream.read()
        if order:
            live(json.loads(order), saying, parent)
        os._exit(0)
    finally:
        os._exit(1)  # whatever went wrong, it must not go on with its parent's work
