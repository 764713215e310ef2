"""Messages a subscriber sends: dead letters for operators, and copies that know what was tried already."""

import uuid
from datetime import UTC, datetime
from typing import Any

from archive_subscriber.delivery import Delivery
from archive_subscriber.link import Link
from archive_subscriber.retries import History, without_history
from archive_subscriber.topology import DEAD


def send_dead_letter(link: Link, delivery: Delivery, queue: str, history: History) -> None:
    """Set a message aside with the reason, for `archivectl dead-letters` to show and to retry; return when it is safe."""
    letter = {
        "x-dead-letter-id": str(uuid.uuid4()),
        "x-dead-letter-queue": queue,
        "x-dead-letter-reason": history.reason,
        "x-dead-letter-attempts": history.tries,
        "x-dead-letter-at": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "x-dead-letter-routing-key": delivery.type,
    }
    headers = without_history(delivery.original_headers) | letter
    _publish(link, delivery, headers, exchange=DEAD, key=delivery.type)


def send_copy(link: Link, delivery: Delivery, queue: str, history: History) -> None:
    """Put a copy that knows its history into a queue, and only there; return when it is safe."""
    headers = delivery.original_headers | history.to_headers()
    _publish(link, delivery, headers, exchange="", key=queue)


def _publish(link: Link, delivery: Delivery, headers: dict[str, Any], *, exchange: str, key: str) -> None:
    link.publish(
        delivery.body,
        exchange=exchange,
        key=key,
        headers=headers,
        content_type=delivery.content_type,
        message_id=delivery.message_id or None,
    )
