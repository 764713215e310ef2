"""Publishing with confirmation; only relays do it. What is not confirmed is not published, and stays due."""

from collections.abc import Sequence
from typing import Any, Protocol

from archive_shared.messaging.connection import connecting
from archive_shared.messaging.embedded import is_embedded
from archive_shared.messaging.kombu_publisher import KombuPublisher
from archive_shared.messaging.pika_publisher import PikaPublisher
from archive_shared.messaging.published import Envelope, Published
from archive_shared.messaging.topology import platform_topology


class Publisher(Protocol):
    """A way to the bus for one thread. It connects when first used and again after every error."""

    def publish(self, envelope: Envelope) -> None:
        """Publish an event; return when it is safe.

        Raises
        ------
        Unroutable
            No queue wants it.
        Unavailable
            The broker did not confirm it; it may have arrived all the same.
        """
        ...

    def publish_all(self, envelopes: Sequence[Envelope]) -> Published:
        """Publish events whose order does not matter; return when the fate of each is known.

        They are sent in the order given, but any of them may be refused while a later one arrives.
        """
        ...

    def hint(self, queue: str, job_id: str) -> None:
        """Tell a queue's workers that a job is worth a look; raises like `publish`."""
        ...

    def keep_alive(self) -> None:
        """Do what an idle connection needs, such as heartbeats; quick, never raises."""
        ...

    def close(self) -> None: ...


def connect_publisher(url: str, *job_queues: str, **options: Any) -> Publisher:
    """Return the publisher for a broker; `job_queues` are those it will hint to, `options` as for `connect`."""
    topology = platform_topology(*job_queues)
    if is_embedded(url):
        return KombuPublisher(connecting(url, topology=topology, **options))
    return PikaPublisher(url, topology)
