"""How far a service's replay is, kept on the broker: in a queue that holds one message."""

import json
from dataclasses import asdict, dataclass, replace
from typing import Self

from archive_subscriber.link import Link
from archive_subscriber.topology import bookmark_queue


@dataclass(frozen=True)
class Progress:
    """How far a replay is.

    Parameters
    ----------
    since
        What was asked for.
    next
        Offset in the log from which it goes on; None when it has not begun.
    until
        Offset of the last message that is the replay's; None when that is not known yet.
    """

    since: str
    next: int | None = None
    until: int | None = None

    @property
    def is_finished(self) -> bool:
        return self.next is not None and self.until is not None and self.next > self.until

    def at(self, next: int) -> Self:
        """Return the progress with everything below an offset settled."""
        return replace(self, next=max(next, self.next or 0))


class Bookmark:
    """The progress that is noted on the broker; only the instance that has the lock touches it."""

    def __init__(self, service: str) -> None:
        self._queue = bookmark_queue(service)

    def read(self, link: Link) -> Progress | None:
        """Return what was noted last, None when nothing was."""
        link.declare(self._queue)
        noted = link.take(self._queue.name)
        return Progress(**json.loads(noted)) if noted else None

    def write(self, link: Link, progress: Progress) -> None:
        """Note it in place of what was noted; return when it is safe."""
        link.publish(json.dumps(asdict(progress)).encode(), key=self._queue.name)
