"""Events on the wire: back as they went, and refused with a reason when they are not what they say."""

import json
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import UTC, datetime
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

import pytest

from archive_shared.events import Event, ImageDescription, ImageFile, ImageImported, envelope
from archive_shared.wire.catalogue import CATALOGUE
from archive_shared.wire.cloud_events import EncodedEvent, Undecodable, decode, encode

AT = datetime(2026, 11, 23, 22, 15, 0, 123456, tzinfo=UTC)
IMAGE = ImageImported(
    image="image-1",
    session="session-1",
    creator="user-1",
    archive=None,
    item="item-1",
    socket="medical-image",
    name="Schädel.mha",
    sources=["a.dcm", "b.dcm"],
    pixels_sha256="0" * 64,
    files=[ImageFile(id="f", type="MHD", name="x.mha", key="k", size_bytes=7, sha256="1" * 64)],
    description=ImageDescription(width=2, height=3, voxel_width_mm=0.5, segments=[1, 2]),
)


def encoded(event: Event = IMAGE, *, sequence: int = 3) -> EncodedEvent:
    return encode(envelope(event, source="ingest-worker", sequence=sequence, at=AT))


def decoded(
    message: EncodedEvent, *, headers: Mapping[str, Any] | None = None, body: bytes | None = None
) -> Any:
    return decode(
        {**message.headers, **(headers or {})},
        message.content_type,
        message.body if body is None else body,
    )


def with_data(**changes: Any) -> bytes:
    data = json.loads(encoded().body) | changes
    return json.dumps({name: value for name, value in data.items() if value is not MISSING}).encode()


def test_an_event_is_the_same_after_the_journey() -> None:
    received = decoded(encoded())

    assert received.event == IMAGE
    assert (received.type, received.source, received.subject) == (IMAGE.TYPE, "ingest-worker", "image-1")
    assert (received.sequence, received.at, received.at.tzinfo) == (3, AT, UTC)


def test_the_message_is_a_cloud_event_in_binary_mode() -> None:
    told = envelope(IMAGE, source="ingest-worker", sequence=12, at=AT)

    message = encode(told)

    assert message.headers == {
        "ce-specversion": "1.0",
        "ce-id": told["id"],
        "ce-type": "archive.image.imported.v1",
        "ce-source": "ingest-worker",
        "ce-subject": "image-1",
        "ce-time": "2026-11-23T22:15:00.123456Z",
        "ce-sequence": "00000000000000000012",
        "ce-traceparent": told["traceparent"],
    }
    assert (message.id, message.type, message.content_type) == (told["id"], IMAGE.TYPE, "application/json")
    assert json.loads(message.body)["name"] == "Schädel.mha"


def test_sequences_compare_as_text() -> None:
    texts = [encoded(sequence=number).headers["ce-sequence"] for number in (9, 10, 100, 10**12)]

    assert texts == sorted(texts)


@pytest.mark.parametrize("kind", [entry.event for entry in CATALOGUE], ids=lambda kind: kind.TYPE)
def test_every_event_of_the_catalogue_makes_the_journey(kind: type[Event]) -> None:
    event = example(kind)

    assert decoded(encoded(event)).event == event


def example(kind: Any) -> Any:
    """Fill every field of a dataclass with something of its type."""
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        return kind(**{each.name: example(hints[each.name]) for each in fields(kind)})  # type: ignore[operator]  # it is a class
    if get_origin(kind) is list:
        return [example(get_args(kind)[0])] * 2
    if get_origin(kind) is UnionType:
        return example(get_args(kind)[0])
    return {str: "text", int: 3, float: 0.5, bool: True}[kind]


def test_what_a_later_version_adds_is_ignored() -> None:
    assert decoded(encoded(), body=with_data(added_later={"a": 1})).event == IMAGE


def test_what_an_earlier_version_lacked_has_its_default() -> None:
    description = {"width": 2, "height": 3}

    received = decoded(encoded(), body=with_data(description=description))

    assert received.event.description == ImageDescription(width=2, height=3)


def test_whole_numbers_are_numbers() -> None:
    description = {"width": 2, "height": 3, "voxel_width_mm": 1}

    received = decoded(encoded(), body=with_data(description=description))

    assert received.event.description.voxel_width_mm == 1.0


@pytest.mark.parametrize(
    "changes",
    [
        {"name": MISSING},
        {"name": None},
        {"name": 5},
        {"sources": "a.dcm"},
        {"sources": {"a.dcm": 1}},
        {"sources": [1]},
        {"item": 7},
        {"files": [{"id": "f"}]},
        {"files": None},
        {"description": []},
        {"description": {"width": 2.5, "height": 3}},
        {"description": {"width": "2", "height": 3}},
        {"description": {"width": True, "height": 3}},
        {"description": {"width": 2, "height": 3, "voxel_width_mm": "wide"}},
    ],
)
def test_wrong_data_is_refused_with_its_type(changes: dict[str, Any]) -> None:
    with pytest.raises(Undecodable, match="the data is no ImageImported"):
        decoded(encoded(), body=with_data(**changes))


@pytest.mark.parametrize(
    "body", [b"", b"\xff\xfe", b"[1]", b"null", b'"text"', b"{", b"[" * 100_000], ids=len
)
def test_a_body_that_is_no_object_is_refused(body: bytes) -> None:
    with pytest.raises(Undecodable, match="JSON object"):
        decoded(encoded(), body=body)


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({"ce-id": None}, "ce-id"),
        ({"ce-id": 5}, "ce-id"),
        ({"ce-id": ""}, "id"),
        ({"ce-time": "yesterday"}, "CloudEvent"),
        ({"ce-time": "2026-11-23T22:15:00"}, "CloudEvent"),
        ({"ce-specversion": "0.3"}, "CloudEvent"),
        ({"ce-specversion": 1}, "ce-specversion"),
        ({"ce-sequence": "-1"}, "sequence"),
        ({"ce-sequence": "²"}, "sequence"),
        ({"ce-sequence": "9" * 5000}, "sequence"),
        ({"ce-type": "archive.image.imported.v2"}, "archive.image.imported.v2"),
        ({"ce-subject": None}, "ce-subject"),
    ],
)
def test_wrong_attributes_are_refused_by_name(headers: dict[str, Any], reason: str) -> None:
    with pytest.raises(Undecodable, match=reason):
        decoded(encoded(), headers=headers)


@pytest.mark.parametrize("content_type", [None, "", "text/plain", "application/cloudevents+json"])
def test_other_content_types_are_refused(content_type: str | None) -> None:
    message = encoded()

    with pytest.raises(Undecodable, match="content type"):
        decode(message.headers, content_type, message.body)


def test_a_content_type_may_have_parameters() -> None:
    message = encoded()

    assert decode(message.headers, "application/json; charset=utf-8", message.body).event == IMAGE


def test_a_trace_may_be_missing() -> None:
    message = encoded()
    headers = {name: value for name, value in message.headers.items() if name != "ce-traceparent"}

    assert decode(headers, message.content_type, message.body).traceparent is None
