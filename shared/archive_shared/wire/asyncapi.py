"""The AsyncAPI 3.0 description of the event bus, built from the catalogue.

Source: https://www.asyncapi.com/docs/reference/specification/v3.0.0 and its AMQP bindings 0.3.0.
"""

from typing import Any

from archive_shared.wire.catalogue import CATALOGUE, Entry
from archive_shared.wire.cloud_events import SEQUENCE_DIGITS
from archive_shared.wire.schemas import object_schema, summary

EXCHANGE = "archive.events"

HEADERS: dict[str, Any] = {
    "title": "CloudEventHeaders",
    "description": "CloudEvents 1.0 in binary mode: attributes are headers, the body is the event's data.",
    "type": "object",
    "properties": {
        "ce-specversion": {"type": "string", "const": "1.0"},
        "ce-id": {
            "type": "string",
            "format": "uuid",
            "description": "Identifies the event: the same event may be delivered twice, with the same id.",
        },
        "ce-type": {"type": "string", "description": "The event's type, equal to its routing key."},
        "ce-source": {"type": "string", "description": "The service that says it."},
        "ce-subject": {"type": "string", "description": "Identifier of the thing the event is about."},
        "ce-time": {"type": "string", "format": "date-time", "description": "When it happened, in UTC."},
        "ce-sequence": {
            "type": "string",
            "pattern": f"^[0-9]{{{SEQUENCE_DIGITS}}}$",
            "description": "Counts what the record behind the subject ever announced, from 1, with leading zeros so "
            "that text compares like numbers. What has a lower sequence than seen before is old news.",
        },
        "ce-traceparent": {"type": "string", "description": "W3C trace context of what caused it."},
    },
    "required": ["ce-specversion", "ce-id", "ce-type", "ce-source", "ce-subject", "ce-time", "ce-sequence"],
}


def asyncapi() -> dict[str, Any]:
    """Return the whole document."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Medical-image archive: events",
            "version": "1",
            "description": "Facts the services of the platform tell one another and everybody who subscribes. "
            "Delivered at least once, in order per subject as far as the broker keeps it.",
        },
        "defaultContentType": "application/json",
        "channels": {entry.event.TYPE: _channel(entry) for entry in CATALOGUE},
        "operations": {
            name: operation for entry in CATALOGUE for name, operation in _operations(entry).items()
        },
        "components": {
            "messages": {entry.event.__name__: _message(entry) for entry in CATALOGUE},
            "schemas": {"CloudEventHeaders": HEADERS},
        },
    }


def _channel(entry: Entry) -> dict[str, Any]:
    name = entry.event.__name__
    exchange = {"name": EXCHANGE, "type": "topic", "durable": True, "autoDelete": False}
    return {
        "address": entry.event.TYPE,
        "description": entry.description,
        "messages": {name: {"$ref": f"#/components/messages/{name}"}},
        "bindings": {"amqp": {"is": "routingKey", "exchange": exchange, "bindingVersion": "0.3.0"}},
    }


def _operations(entry: Entry) -> dict[str, Any]:
    sends = {f"{entry.producer}.sends.{entry.event.__name__}": _operation(entry, "send")}
    receives = {
        f"{consumer}.receives.{entry.event.__name__}": _operation(entry, "receive")
        for consumer in entry.consumers
    }
    return sends | receives


def _operation(entry: Entry, action: str) -> dict[str, Any]:
    channel = f"#/channels/{entry.event.TYPE}"
    return {
        "action": action,
        "channel": {"$ref": channel},
        "messages": [{"$ref": f"{channel}/messages/{entry.event.__name__}"}],
    }


def _message(entry: Entry) -> dict[str, Any]:
    return {
        "name": entry.event.TYPE,
        "title": entry.event.__name__,
        "summary": summary(entry.event),
        "headers": {"$ref": "#/components/schemas/CloudEventHeaders"},
        "payload": object_schema(entry.event),
    }
