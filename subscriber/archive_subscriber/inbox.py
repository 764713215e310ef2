"""What the courier's thread puts down for the thread that iterates."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from queue import Empty, SimpleQueue

from archive_subscriber.event import Event


@dataclass(frozen=True)
class Ended:
    """Nothing more will come, because of this error if there is one."""

    error: Exception | None = None


class Inbox:
    """Events in the order in which they are to be handled; all methods may be called by any thread and signal handler."""

    def __init__(self) -> None:
        self._items: SimpleQueue[Event | Ended] = SimpleQueue()  # the one queue signal handlers may put into

    def put(self, item: Event | Ended) -> None:
        self._items.put(item)

    def get(self) -> Event | Ended:
        """Wait for the next item."""
        return self._items.get()

    def retain(self, wanted: Callable[[Event], bool]) -> None:
        """Take out the events that are not wanted."""
        for item in list(self._taken()):
            if isinstance(item, Ended) or wanted(item):
                self.put(item)

    def _taken(self) -> Iterator[Event | Ended]:
        while True:
            try:
                yield self._items.get_nowait()
            except Empty:
                return
