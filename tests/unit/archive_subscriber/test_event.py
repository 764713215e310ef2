"""Reading events from messages: exactly what the platform writes, and a reason for everything else."""

from datetime import UTC, datetime
from typing import Any

import pytest

from archive_shared.wire.cloud_events import encode
from archive_subscriber import Event, Undecodable
from archive_subscriber.event import Receipt, read_event
from tests.support.bus import an_item, waiting

JSON = "application/json"


def headers(**changed: Any) -> dict[str, Any]:
    good = {
        "ce-specversion": "1.0",
        "ce-id": "1",
        "ce-type": "archive.item.created.v1",
        "ce-source": "archive-api",
        "ce-subject": "item-1",
        "ce-sequence": "00000000000000000003",
        "ce-time": "2026-11-23T10:00:00.250000Z",
    }
    return {name: value for name, value in (good | changed).items() if value is not None}


def an_event(receipt: Receipt) -> Event:
    return read_event(headers(), JSON, b"{}", receipt=receipt)


class Reports(list[Exception | None]):
    """What a receipt was told."""

    @property
    def receipt(self) -> Receipt:
        return Receipt(self.append)


def test_what_the_platform_writes_is_read() -> None:
    envelope = waiting(an_item(1, title="Kopf ä"), sequence=7)
    message = encode(envelope)

    event = read_event(message.headers, message.content_type, message.body)

    assert (event.id, event.type, event.subject) == (envelope["id"], envelope["type"], "item-1")
    assert (event.sequence, event.data["title"]) == (7, "Kopf ä")
    assert event.traceparent == envelope["traceparent"]


def test_times_are_aware() -> None:
    assert read_event(headers(), JSON, b"{}").at == datetime(2026, 11, 23, 10, 0, 0, 250_000, tzinfo=UTC)


def test_a_charset_does_no_harm() -> None:
    assert read_event(headers(), "application/json; charset=utf-8", b'{"a": 1}').data == {"a": 1}


def test_what_events_say_of_patients_does_not_get_into_logs_by_printing_them() -> None:
    assert "DOE" not in repr(read_event(headers(), JSON, b'{"patient_name": "DOE^JANE"}'))


@pytest.mark.parametrize("name", ["id", "type", "source", "subject", "sequence", "time"])
@pytest.mark.parametrize("value", [None, "", 5])
def test_every_attribute_must_be_there_as_text(name: str, value: object) -> None:
    with pytest.raises(Undecodable, match=f"ce-{name} is missing"):
        read_event(headers(**{f"ce-{name}": value}), JSON, b"{}")


@pytest.mark.parametrize("sequence", ["x", "-1", "1.5", "²"])
def test_a_sequence_must_be_a_number(sequence: str) -> None:
    with pytest.raises(Undecodable, match="is not a number"):
        read_event(headers(**{"ce-sequence": sequence}), JSON, b"{}")


@pytest.mark.parametrize(
    ("time", "reason"), [("noon", "no.* instant"), ("2026-11-23T10:00:00", "no time zone")]
)
def test_a_time_must_be_an_instant(time: str, reason: str) -> None:
    with pytest.raises(Undecodable, match=reason):
        read_event(headers(**{"ce-time": time}), JSON, b"{}")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "not JSON"),
        (b"\xff", "not JSON"),
        (b"[]", "not a JSON object"),
        (b"null", "not a JSON object"),
        (b"[" * 200_000, "not JSON"),
    ],
)
def test_a_body_must_be_a_json_object(body: bytes, reason: str) -> None:
    with pytest.raises(Undecodable, match=reason):
        read_event(headers(), JSON, body)


@pytest.mark.parametrize("content_type", [None, "text/plain", "application/cloudevents+json"])
def test_other_content_types_are_refused(content_type: str | None) -> None:
    with pytest.raises(Undecodable, match="content type"):
        read_event(headers(), content_type, b"{}")


# --- Receipts ------------------------------------------------------------------------------------------------------------


def test_a_block_that_ends_well_acknowledges() -> None:
    reports = Reports()

    with an_event(reports.receipt):
        pass

    assert reports == [None]


def test_an_exception_does_not_get_out_of_a_block() -> None:
    reports = Reports()
    error = ValueError("no")

    with an_event(reports.receipt):
        raise error

    assert reports == [error]


def test_an_interrupt_gets_out_of_a_block_and_settles_nothing() -> None:
    reports = Reports()

    with pytest.raises(KeyboardInterrupt), an_event(reports.receipt):
        raise KeyboardInterrupt

    assert reports == []


def test_only_the_first_word_counts() -> None:
    reports = Reports()
    event = an_event(reports.receipt)

    event.acknowledge()
    event.acknowledge()
    event.receipt.give(ValueError("too late"))

    assert reports == [None]


def test_handlers_can_be_tested_with_events_made_by_hand() -> None:
    event = read_event(headers(), JSON, b"{}")

    event.acknowledge()

    assert event.receipt.is_given
