"""Putting and getting: what comes out is exactly what went in, or it was refused."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archive_shared.documents import Documents
from archive_shared.documents.values import LARGEST_DOCUMENT_BYTES
from archive_shared.errors import Duplicate
from archive_shared.identifiers import new_id

texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"))
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63) + 1, 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts
)
keys = st.text(st.characters(codec="utf-8", exclude_characters="\0.$"), min_size=1)
json_values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=12,
)


@given(value=json_values)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_json_comes_back_exactly(documents: Documents, value: Any) -> None:
    identifier = new_id()

    stored = documents.put_new("task", {"_id": identifier, "value": value})

    found = documents.get("task", identifier)
    assert found == stored == {"_id": identifier, "rev": 1, "value": value}
    assert _with_types(found["value"]) == _with_types(value)


@pytest.mark.parametrize("key", ["a.b", "$set", "$where", "", "é", "a b", "rev", "doc", "__proto__"])
def test_any_key_below_the_top_comes_back(documents: Documents, key: str) -> None:
    documents.put_new("task", {"_id": "a", "value": {key: 1}})

    assert documents.get("task", "a") == {"_id": "a", "rev": 1, "value": {key: 1}}


def test_a_missing_document_is_none(documents: Documents) -> None:
    assert documents.get("task", "nobody") is None


def test_documents_of_other_collections_are_not_found(documents: Documents) -> None:
    documents.put_new("note", {"_id": "a"})

    assert documents.get("task", "a") is None
    assert documents.find("task") == []


def test_what_was_given_and_what_was_returned_do_not_share_parts(documents: Documents) -> None:
    given = {"_id": "a", "tags": ["x"]}

    returned = documents.put_new("task", given)
    given["tags"].append("later")  # type: ignore[attr-defined]  # the value is a list

    assert returned["tags"] == ["x"]


def test_an_identifier_is_taken_once(documents: Documents) -> None:
    documents.put_new("task", {"_id": "a", "state": "first"})

    with pytest.raises(Duplicate):
        documents.put_new("task", {"_id": "a", "state": "second"})

    assert documents.get("task", "a") == {"_id": "a", "rev": 1, "state": "first"}


@pytest.mark.parametrize(
    "hostile",
    ["'; drop table task; --", '{"$gt": ""}', "\\u0000", "$where", "a' or '1'='1", "%", "é\u2028😀"],
)
def test_hostile_identifiers_are_just_text(documents: Documents, hostile: str) -> None:
    documents.put_new("task", {"_id": hostile, "state": hostile})

    assert documents.get("task", hostile) == {"_id": hostile, "rev": 1, "state": hostile}
    assert documents.find("task", {"_id": hostile, "state": hostile}) != []
    assert documents.delete("task", hostile)


def test_a_unique_group_is_taken_once(documents: Documents) -> None:
    documents.put_new("task", {"_id": "a", "kind": "scan", "input": {"sha": "1"}})

    with pytest.raises(Duplicate):
        documents.put_new("task", {"_id": "b", "kind": "scan", "input": {"sha": "1"}})

    assert documents.get("task", "b") is None


def test_sharing_part_of_a_unique_group_is_fine(documents: Documents) -> None:
    documents.put_new("task", {"_id": "a", "kind": "scan", "input": {"sha": "1"}})
    documents.put_new("task", {"_id": "b", "kind": "slide", "input": {"sha": "1"}})
    documents.put_new("task", {"_id": "c", "kind": "scan", "input": {"sha": "2"}})

    assert documents.count("task") == 3


@pytest.mark.parametrize("lacking", [{}, {"input": None}, {"input": {}}, {"input": {"sha": None}}])
def test_a_unique_group_with_a_missing_part_is_free(documents: Documents, lacking: dict[str, Any]) -> None:
    documents.put_new("task", {"_id": "a", "kind": "scan"} | lacking)
    documents.put_new("task", {"_id": "b", "kind": "scan"} | lacking)

    assert documents.count("task", {"kind": "scan"}) == 2


def test_values_that_only_look_alike_are_not_duplicates(documents: Documents) -> None:
    documents.put_new("task", {"_id": "a", "kind": "a", "input": {"sha": "b,c"}})
    documents.put_new("task", {"_id": "b", "kind": "a,b", "input": {"sha": "c"}})
    documents.put_new("task", {"_id": "c", "kind": 'a","b', "input": {"sha": "c"}})
    documents.put_new("task", {"_id": "d", "kind": "A", "input": {"sha": "b,c"}})

    assert documents.count("task") == 4


def test_a_duplicate_does_not_tell_the_values(documents: Documents) -> None:
    documents.put_new("task", {"_id": "a", "slug": "Jansen^Piet"})

    with pytest.raises(Duplicate) as refusal:
        documents.put_new("task", {"_id": "b", "slug": "Jansen^Piet"})

    assert "Jansen" not in str(refusal.value)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (float("nan"), "JSON compliant"),
        (float("inf"), "JSON compliant"),
        ("a\0b", "NUL"),
        ({"a\0": 1}, "NUL"),
        ("half \ud800 pair", "surrogates"),
        (2**63, "64 bits"),
        (-(2**70), "64 bits"),
        ("x" * LARGEST_DOCUMENT_BYTES, "split it up"),
    ],
    ids=["nan", "infinity", "nul", "nul in key", "surrogate", "large", "small", "too long"],
)
def test_what_not_every_database_keeps_is_refused_by_all(
    documents: Documents, value: Any, reason: str
) -> None:
    with pytest.raises(ValueError, match=reason):
        documents.put_new("task", {"_id": "a", "value": [value]})

    assert documents.get("task", "a") is None


@pytest.mark.parametrize("value", [b"bytes", {1, 2}, object()], ids=["bytes", "set", "object"])
def test_what_is_not_json_is_refused(documents: Documents, value: Any) -> None:
    with pytest.raises(TypeError):
        documents.put_new("task", {"_id": "a", "value": value})

    assert documents.get("task", "a") is None


@pytest.mark.parametrize("identifier", [7, None])
def test_an_identifier_that_is_not_text_is_refused(documents: Documents, identifier: Any) -> None:
    with pytest.raises(TypeError):
        documents.put_new("task", {"_id": identifier})


@pytest.mark.parametrize("text", ["\\u0000", "\\\\u0000", "9" * 30, "a\\"])
def test_text_that_resembles_what_is_refused_is_kept(documents: Documents, text: str) -> None:
    documents.put_new("task", {"_id": "a", "value": text})

    assert documents.get("task", "a") == {"_id": "a", "rev": 1, "value": text}


def test_a_document_of_a_megabyte_comes_back(documents: Documents) -> None:
    value = ["x" * 100] * 9_000

    documents.put_new("task", {"_id": "a", "value": value})

    assert documents.get("task", "a") == {"_id": "a", "rev": 1, "value": value}


@pytest.mark.parametrize(("element", "most"), [(1, 1_060_000), (0.0, 940_000), ("", 990_000)])
def test_lists_small_as_json_and_large_elsewhere_are_stored_or_refused(
    documents: Documents, element: Any, most: int
) -> None:
    documents.put_new("task", {"_id": "a", "value": [element] * most})

    assert (documents.get("task", "a") or {})["value"] == [element] * most
    with pytest.raises(ValueError, match="split it up"):
        documents.put_new("task", {"_id": "b", "value": [element] * int(most * 1.02)})


def test_an_open_store_answers(documents: Documents) -> None:
    documents.ping()


def _with_types(value: Any) -> Any:
    """Tell 1, 1.0 and True apart, which compare as equal."""
    if isinstance(value, dict):
        return {key: _with_types(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_with_types(each) for each in value]
    kind = next(kind for kind in (bool, int, float, str, type(None)) if isinstance(value, kind))
    return kind, repr(value) if kind in (float, str) else value
