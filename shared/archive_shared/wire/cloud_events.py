"""Events on the wire: CloudEvents 1.0 in AMQP binary mode, the attributes in headers `ce-…`, the data in the body.

Publishers encode the envelopes that wait in outboxes; consumers decode what they receive. Sources:
https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md and the RabbitMQ binding of the CloudEvents SDK;
`sequence` and `traceparent` are registered extensions (extensions/sequence.md, extensions/distributed-tracing.md).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, get_origin

import cattrs
from cloudevents.core.bindings import rabbitmq
from cloudevents.core.exceptions import BaseCloudEventException
from cloudevents.core.v1.event import CloudEvent

from archive_shared.clock import from_text
from archive_shared.errors import ArchiveSystemError
from archive_shared.events import Event
from archive_shared.wire.catalogue import event_class

CONTENT_TYPE = "application/json"
SEQUENCE_DIGITS = 20  # so that sequences compare as text, as the extension wants it

_REQUIRED = ("specversion", "id", "type", "source", "subject", "sequence", "time")


class Undecodable(ArchiveSystemError):
    """The message is not an event we know; the reason is shown to operators."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class EncodedEvent:
    """An event as a message; `id` is the message's identifier and `type` its routing key."""

    id: str
    type: str
    headers: Mapping[str, str]
    content_type: str
    body: bytes


@dataclass(frozen=True, kw_only=True)
class ReceivedEvent:
    """An event as it arrived.

    Parameters
    ----------
    id
        The same whenever this event is delivered again.
    source
        Name of the service that said it.
    sequence
        Number of this event among all about its subject from this source, from 1; it tells old from new.
    """

    id: str
    type: str
    source: str
    subject: str
    sequence: int
    at: datetime
    traceparent: str | None
    event: Event


def encode(envelope: Mapping[str, Any]) -> EncodedEvent:
    """Write an envelope (see `archive_shared.events.envelope`) as a message."""
    attributes = {
        "specversion": "1.0",
        "datacontenttype": CONTENT_TYPE,
        "id": envelope["id"],
        "type": envelope["type"],
        "source": envelope["source"],
        "subject": envelope["subject"],
        "time": from_text(envelope["time"]),
        "sequence": str(envelope["sequence"]).zfill(SEQUENCE_DIGITS),
        "traceparent": envelope["traceparent"],
    }
    message = rabbitmq.to_binary_event(CloudEvent(attributes, envelope["data"]))
    return EncodedEvent(envelope["id"], envelope["type"], message.headers, CONTENT_TYPE, message.body)


def decode(headers: Mapping[str, Any], content_type: str | None, body: bytes) -> ReceivedEvent:
    """Read a message; raise `Undecodable` unless it is an event of the catalogue with all its data."""
    received = _read(headers, content_type, body)
    attributes = received.get_attributes()
    return ReceivedEvent(
        id=attributes["id"],
        type=attributes["type"],
        source=attributes["source"],
        subject=attributes["subject"],
        sequence=_sequence(attributes["sequence"]),
        at=attributes["time"].astimezone(UTC),
        traceparent=attributes.get("traceparent"),
        event=_event(attributes["type"], received.get_data()),
    )


def _read(headers: Mapping[str, Any], content_type: str | None, body: bytes) -> CloudEvent:
    if content_type is None or content_type.partition(";")[0].strip() != CONTENT_TYPE:
        raise Undecodable(f"the content type is {content_type}, not {CONTENT_TYPE}")
    ours = {name.lower(): value for name, value in headers.items() if name.lower().startswith("ce-")}
    for name in _REQUIRED:  # the SDK would make up an id and a time
        if not isinstance(ours.get(f"ce-{name}"), str):
            raise Undecodable(f"the header ce-{name} is missing or not text")
    try:
        return rabbitmq.from_binary_event(rabbitmq.RabbitMQMessage(ours, CONTENT_TYPE, body))
    except RecursionError as error:
        raise Undecodable("the body is not a JSON object: it is nested too deeply") from error
    except (BaseCloudEventException, ValueError) as error:
        raise Undecodable(f"it is not a CloudEvent: {error}") from error


def _sequence(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= SEQUENCE_DIGITS):
        raise Undecodable(f"the sequence {text[: SEQUENCE_DIGITS + 1]!r} is not a number")
    return int(text)


def _event(type: str, data: Any) -> Event:
    kind = event_class(type)
    if kind is None:
        raise Undecodable(f"no event of type {type} is known here")
    if not isinstance(data, dict):
        raise Undecodable("the body is not a JSON object")
    try:
        return _STRICT.structure(data, kind)
    except (KeyError, TypeError, ValueError) as error:
        reason = f"{error} is missing" if isinstance(error, KeyError) else error
        raise Undecodable(f"the data is no {kind.__name__}: {reason}") from error


def _strict_converter() -> cattrs.Converter:
    """Return a converter that takes JSON values as they are: no number from text, no list from a word."""
    converter = cattrs.Converter(forbid_extra_keys=False, detailed_validation=False)
    for scalar in (str, int, bool):
        converter.register_structure_hook(scalar, _exactly(scalar))
    converter.register_structure_hook(float, _number)
    converter.register_structure_hook_factory(_is_list, lambda kind: _list_of(kind.__args__[0], converter))
    return converter


def _exactly(kind: type[Any]) -> Callable[[Any, Any], Any]:
    def structure(value: Any, _: Any) -> Any:
        if type(value) is not kind:
            raise TypeError(f"{kind.__name__} expected, not {type(value).__name__}")
        return value

    return structure


def _number(value: Any, _: Any) -> float:
    if type(value) not in (int, float):
        raise TypeError(f"number expected, not {type(value).__name__}")
    return float(value)


def _is_list(kind: Any) -> bool:
    return get_origin(kind) is list


def _list_of(element: Any, converter: cattrs.Converter) -> Callable[[Any, Any], list[Any]]:
    def structure(value: Any, _: Any) -> list[Any]:
        if not isinstance(value, list):
            raise TypeError(f"list expected, not {type(value).__name__}")
        return [converter.structure(each, element) for each in value]

    return structure


_STRICT = _strict_converter()
