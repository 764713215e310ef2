"""JSON from outside: only what every part can keep and write again."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive_shared.errors import Invalid
from archive_shared.json_text import DEEPEST, NoJson, read_json, read_json_or_text


def nested(depth: int) -> str:
    return "[" * depth + "1" + "]" * depth


@pytest.mark.parametrize("text", ["", "{", "NaN", "[Infinity]", "-Infinity", b"\xff\xfe[", "1" * 5000])
def test_what_is_no_json_is_told_apart(text: str | bytes) -> None:
    with pytest.raises(NoJson):
        read_json(text)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('{"values": [{"value": 1e999}]}', "rows.values.0.value"),
        ('{"values": [{"value": -1e999}]}', "rows.values.0.value"),
        ('{"title": "a\\u0000"}', "rows.title"),
        ('{"a\\ud800": 1}', "rows"),
        (nested(DEEPEST + 1), "rows.0.0.0.0.0.0.0"),
        ("[" * 100_000, "rows"),
    ],
    ids=["infinity", "minus infinity", "nul", "half a pair", "deep", "too deep to look at"],
)
def test_json_that_cannot_be_kept_is_refused_by_its_place(text: str, place: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_json(text, field="rows")

    assert list(refused.value.errors) == [place]


def test_json_as_deep_as_it_may_be_is_read() -> None:
    assert read_json(nested(DEEPEST)) == json.loads(nested(DEEPEST))


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False),
        lambda inner: st.lists(inner) | st.dictionaries(st.text("abc"), inner),
    )
)
def test_everything_else_comes_as_it_was_sent(value: Any) -> None:
    assert read_json(json.dumps(value)) == value


def test_what_is_no_json_may_stand_for_itself() -> None:
    assert [read_json_or_text(text) for text in ("2", "benign", "NaN", '"2"')] == [2, "benign", "NaN", "2"]
