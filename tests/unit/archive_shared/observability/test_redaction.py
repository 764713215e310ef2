"""Which fields, texts and errors may be logged, and what of them."""

import json
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive_shared.errors import Invalid, Unavailable
from archive_shared.redaction import LONGEST_TEXT, describe_error, redact, redact_text

CANARY = "JansenPiet"

PRIVATE = [
    *(
        "patient",
        "patients",
        "patient_id",
        "patient_name",
        "PatientName",
        "patientBirthDate",
        "patientid",
        "birth_date",
    ),
    *(
        "study_description",
        "StudyInstanceUID",
        "studies",
        "series_description",
        "SeriesInstanceUID",
        "accession_number",
    ),
    *(
        "file",
        "files",
        "file_name",
        "filename",
        "fileName",
        "original_name",
        "name",
        "title",
        "item_title",
        "sources",
    ),
    *("image_name", "upload_name", "description", "body", "payload", "data", "headers", "names"),
    *(
        "token",
        "api_token",
        "Authorization",
        "x_service_token",
        "X-Service-Token",
        "password",
        "secret",
        "SECRET_KEY",
    ),
    *(
        "cookie",
        "Set-Cookie",
        "signature",
        "X-Amz-Signature",
        "credentials",
        "api_key",
        "apiKey",
        "blobs_access_key",
    ),
]
HARMLESS = {
    "archive": "a1",
    "token_id": "t1",
    "size_bytes": 7,
    "files": 3,
    "queue_name": "tiler.images",
    "process": "tiler-worker",
    "source": "archive-api",
    "elapsed_ms": 1.5,
    "ready": True,
    "key": "images/a/b.mha",
    "owner": None,
}


@pytest.mark.parametrize("key", PRIVATE)
def test_private_fields_are_removed(key: str) -> None:
    assert redact({key: CANARY}) == {key: "[removed]"}


@given(
    key=st.sampled_from(PRIVATE),
    value=st.recursive(
        st.just(CANARY),
        lambda inner: st.lists(inner, min_size=1, max_size=2) | st.fixed_dictionaries({"x": inner}),
        max_leaves=4,
    ),
)
def test_private_fields_are_removed_however_deep_they_are_and_whatever_they_hold(
    key: str, value: Any
) -> None:
    fields = {"outer": [{"inner": {key: value, "harmless": 1}}]}

    assert CANARY not in json.dumps(redact(fields))


def test_harmless_fields_pass() -> None:
    assert redact(HARMLESS) == HARMLESS


def test_values_become_json() -> None:
    class Color(Enum):
        RED = "red"

    at = datetime(2026, 11, 23, 1, 2, 3, tzinfo=UTC)

    assert redact({"at": at, "color": Color.RED, "ids": ("a", "b")}) == {
        "at": "2026-11-23T01:02:03.000000Z",
        "color": "red",
        "ids": ["a", "b"],
    }


def test_objects_do_not_show_themselves() -> None:
    @dataclass
    class Card:
        holder: str

    shown = redact({"card": Card(CANARY), "raw": CANARY.encode(), "cards": [Card(CANARY)], "kind": Card})

    assert shown == {"card": "<Card>", "raw": "<bytes>", "cards": ["<Card>"], "kind": "<type>"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Authorization: Bearer abc.def-123456", "Authorization: Bearer [removed]"),
        ("sent map_0123456789abcdefXYZ-_ along", "sent [removed] along"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln", "[removed]"),
        ("amqp://me:pass@broker:5672/x", "amqp://[removed]@broker:5672/x"),
        ("GET /api/v1/cases/images/?patient_id=7 failed", "GET /api/v1/cases/images/?[removed] failed"),
        ("http://s3/b/k?X-Amz-Signature=abc", "http://s3/b/k?[removed]"),
        ("one\ntwo\x1b[31m", "one\\ntwo\\x1b[31m"),
        ("nothing special: 100 % é", "nothing special: 100 % é"),
        ("is it? yes", "is it? yes"),
    ],
)
def test_text_loses_what_looks_like_a_secret_or_would_forge_a_line(text: str, expected: str) -> None:
    assert redact_text(text) == expected


def test_text_is_cut() -> None:
    assert len(redact_text("x" * 100_000)) == LONGEST_TEXT + 1


@pytest.mark.parametrize("part", ["x", "/", "a://", "://", "eyJa.", "bearer ", "map_", "/?", "a+b?"])
def test_long_text_is_searched_quickly(part: str) -> None:
    begun_s = time.perf_counter()

    redact_text(part * 1_000_000)

    assert time.perf_counter() - begun_s < 1


def test_an_error_tells_types_causes_and_places_but_not_what_it_quotes() -> None:
    described = describe_error(_raised(ValueError(CANARY), KeyError(CANARY)))

    assert described["error"] == "KeyError from ValueError"
    assert described["frames"][-1].endswith("in _raise_from")
    assert CANARY not in json.dumps(described)


def test_an_error_for_operators_speaks() -> None:
    described = describe_error(_raised(OSError(CANARY), Unavailable("amqp://me:pass@broker does not answer")))

    assert described["error"] == (
        "archive_shared.errors.Unavailable: amqp://[removed]@broker does not answer from OSError"
    )


def test_an_error_about_input_does_not_quote_it() -> None:
    described = describe_error(_raised(ValueError("x"), Invalid({"title": [CANARY]})))

    assert CANARY not in json.dumps(described)


def test_an_error_that_causes_itself_ends() -> None:
    error = ValueError("a")
    error.__context__ = TypeError("b")
    error.__context__.__context__ = error

    assert describe_error(error)["error"] == "ValueError from TypeError"


def _raised(cause: Exception, error: Exception) -> Exception:
    try:
        _raise_from(cause, error)
    except type(error) as raised:
        return raised
    raise AssertionError("it was raised")


def _raise_from(cause: Exception, error: Exception) -> None:
    try:
        raise cause
    except type(cause) as caught:
        raise error from caught
