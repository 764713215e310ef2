"""Events as subscribers see them, and how they are read from messages.

The wire format is CloudEvents 1.0 in binary mode: attributes in headers `ce-…`, the data as JSON in the body
(https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md; docs/contracts/events.md lists all types).
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import TracebackType
from typing import Any, Self

from archive_subscriber.problems import Undecodable

_CONTENT_TYPE = "application/json"

_Kind = type[BaseException] | None  # has a name because events have a field called type


class Receipt:
    """Says once what became of an event: None when it was handled, else the error."""

    def __init__(self, report: Callable[[Exception | None], None] = lambda _: None) -> None:
        self._report = report
        self.is_given = False

    def give(self, error: Exception | None = None) -> None:
        """Say it; saying more later changes nothing."""
        if not self.is_given:
            self.is_given = True
            self._report(error)


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that happened in the archive.

    `with event:` acknowledges it at the end of the block. An `Exception` in the block does not get out of it: it is
    logged, and the event is tried again later, or becomes a dead letter with the exception as its reason.

    Parameters
    ----------
    id
        The same whenever this event is delivered again.
    type
        Such as `archive.item.created.v1`.
    source
        The part of the platform that said it.
    subject
        Identifier of what it is about.
    sequence
        Number of this event among all about its subject from its source: the higher one is the newer one.
    at
        When it happened.
    data
        The fields docs/contracts/events.md lists, and perhaps more, which are to be ignored.
    traceparent
        The W3C trace it belongs to.
    attempt
        1 when it was never tried before, as far as anybody knows.
    offset
        Where it is in the log; None unless it is being replayed.
    """

    id: str
    type: str
    source: str
    subject: str
    sequence: int
    at: datetime
    data: Mapping[str, Any] = field(repr=False)  # some events name patients, who must not get into logs
    traceparent: str | None = None
    attempt: int = 1
    offset: int | None = None
    receipt: Receipt = field(default_factory=Receipt, repr=False, compare=False)

    def acknowledge(self) -> None:
        """Say that it was handled, before the loop moves on; doing it again changes nothing."""
        self.receipt.give()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: _Kind, error: BaseException | None, traceback: TracebackType | None) -> bool:
        if error is None or isinstance(error, Exception):
            self.receipt.give(error)
        return isinstance(error, Exception)


def read_event(
    headers: Mapping[str, Any], content_type: str | None, body: bytes, **particulars: Any
) -> Event:
    """Read a message; raise `Undecodable` when it is no event.

    Parameters
    ----------
    particulars
        Fields of the event that the message does not have.
    """
    if content_type is None or content_type.partition(";")[0].strip() != _CONTENT_TYPE:
        raise Undecodable(f"the content type is {content_type}, not {_CONTENT_TYPE}")
    return Event(
        id=_attribute(headers, "id"),
        type=_attribute(headers, "type"),
        source=_attribute(headers, "source"),
        subject=_attribute(headers, "subject"),
        sequence=_number(_attribute(headers, "sequence")),
        at=_instant(_attribute(headers, "time")),
        data=_object(body),
        traceparent=headers.get("ce-traceparent"),
        **particulars,
    )


def _attribute(headers: Mapping[str, Any], name: str) -> str:
    value = headers.get(f"ce-{name}")
    if not isinstance(value, str) or not value:
        raise Undecodable(f"the header ce-{name} is missing or not text")
    return value


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise Undecodable(f"the sequence {text!r} is not a number")
    return int(text)


def _instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise Undecodable(f"the time {text!r} is not an instant") from error
    if instant.tzinfo is None:
        raise Undecodable(f"the time {text!r} has no time zone")
    return instant


def _object(body: bytes) -> dict[str, Any]:
    try:
        data = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Undecodable(f"the body is not JSON: {type(error).__name__}") from error
    if not isinstance(data, dict):
        raise Undecodable("the body is not a JSON object")
    return data
