"""What became of events that were given to a publisher together."""

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

from archive_shared.errors import Unavailable
from archive_shared.messaging.errors import Unroutable

Envelope = Mapping[str, Any]
"""An event as it waits in an outbox (`archive_shared.events.envelope`)."""


@dataclass(frozen=True)
class Published:
    """Identifiers of the events whose fate is known.

    Parameters
    ----------
    confirmed
        They are safe.
    unroutable
        No queue wants them.
    trouble
        Why the others count as not published, though they may have arrived; None when there are no others.
    """

    confirmed: Set[str] = frozenset()
    unroutable: Set[str] = frozenset()
    trouble: Unavailable | None = None

    def check(self) -> None:
        """Raise `Unroutable` or `Unavailable` unless all of them are safe."""
        if self.trouble is not None:
            raise self.trouble
        if self.unroutable:
            raise Unroutable("no queue wants it")


def one_by_one(publish: Callable[[Envelope], None], envelopes: Sequence[Envelope]) -> Published:
    """Publish with a function that takes one event and raises `Unroutable` or `Unavailable`."""
    confirmed: set[str] = set()
    unroutable: set[str] = set()
    for envelope in envelopes:
        try:
            publish(envelope)
        except Unroutable:
            unroutable.add(envelope["id"])
        except Unavailable as trouble:
            return Published(confirmed, unroutable, trouble)
        else:
            confirmed.add(envelope["id"])
    return Published(confirmed, unroutable)
