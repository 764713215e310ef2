"""What clients send about webhooks and what they get back."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from marshmallow import Schema, fields

from archive_shared.clock import to_text
from feed.domain.delivery import Attempt, Delivery
from feed.domain.webhook import Webhook


class NewWebhook(Schema):
    url = fields.String(required=True)
    types = fields.List(fields.String(), load_default=list)
    archive = fields.String(load_default=None, allow_none=True)


class ChangedWebhook(Schema):
    url = fields.String()
    types = fields.List(fields.String())
    archive = fields.String(allow_none=True)
    active = fields.Boolean(truthy={True}, falsy={False})


def show_webhook(webhook: Webhook, *, url: str) -> dict[str, Any]:
    return {
        "pk": webhook.id,
        "api_url": f"{url}{webhook.id}/",
        "url": webhook.url,
        "types": list(webhook.types),
        "archive": webhook.archive,
        "active": webhook.active,
        "reason": webhook.reason,
        "created": to_text(webhook.created_at),
    }


def show_deliveries(deliveries: Sequence[Delivery]) -> list[dict[str, Any]]:
    return [show_delivery(delivery) for delivery in deliveries]


def show_delivery(delivery: Delivery) -> dict[str, Any]:
    """Return the log of a delivery; it holds nothing of what was sent."""
    waits = None if delivery.job.is_finished else delivery.job.due_at
    return {
        "pk": delivery.id,
        "event": delivery.event,
        "type": delivery.type,
        "state": delivery.job.state.value,
        "reason": delivery.job.reason,
        "created": to_text(delivery.created_at),
        "ended": _time(delivery.ended_at),
        "next_attempt": _time(waits),
        "attempts": [_attempt(attempt) for attempt in delivery.attempts],
    }


def _attempt(attempt: Attempt) -> dict[str, Any]:
    return {
        "at": to_text(attempt.at),
        "status": attempt.status,
        "duration_ms": attempt.duration_ms,
        "reason": attempt.reason,
    }


def _time(at: datetime | None) -> str | None:
    return None if at is None else to_text(at)
