"""Finding: every operator, what null means, total order, and pages that fit together."""

from collections.abc import Sequence
from typing import Any, Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archive_shared.documents import (
    Comparison,
    Documents,
    Where,
    at_least,
    at_most,
    less_than,
    more_than,
    one_of,
)
from archive_shared.documents.port import Sort, UndeclaredField
from archive_shared.identifiers import new_id

TASKS: list[dict[str, Any]] = [
    {"_id": "a", "state": "queued", "due": "2026-01-03", "number": 3, "flag": True, "input": {"sha": "1"}},
    {"_id": "b", "state": "queued", "due": "2026-01-01", "number": 1, "flag": False, "score": 0.5},
    {"_id": "c", "state": "done", "due": "2026-01-02", "number": -2, "tags": ["red", "round"]},
    {"_id": "d", "state": "done", "due": None, "number": None, "tags": ["red"], "score": 1e-9},
    {"_id": "e", "state": "Queued", "number": 0, "tags": [], "input": {"sha": "1", "readers": ["x", "y"]}},
    {"_id": "f", "due": "2026-01-04", "number": 10, "kind": "é", "tags": ["RED", "ré"], "flag": None},
]


@pytest.fixture
def tasks(documents: Documents) -> Documents:
    for task in TASKS:
        documents.put_new("task", task)
    return documents


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ((), "abcdef"),
        ({}, "abcdef"),
        ({"state": "queued"}, "ab"),
        ({"state": "nothing"}, ""),
        ({"_id": "c"}, "c"),
        ({"sha": "1"}, "ae"),
        ({"kind": "é"}, "f"),
        ({"flag": True}, "a"),
        ({"flag": False}, "b"),
        ({"number": 0}, "e"),
        ({"score": 0.5}, "b"),
        ({"state": "queued", "due": "2026-01-01"}, "b"),
        ({"state": "done", "due": "2026-01-01"}, ""),
        ({"number": less_than(1)}, "ce"),
        ({"number": at_most(1)}, "bce"),
        ({"number": more_than(1)}, "af"),
        ({"number": at_least(1)}, "abf"),
        ({"score": less_than(0.1)}, "d"),
        ({"due": at_most("2026-01-02")}, "bc"),
        ({"due": more_than("")}, "abcf"),
        ({"_id": more_than("d")}, "ef"),
        ({"state": "queued", "number": at_least(2)}, "a"),
        ({"_id": one_of(["a", "c", "z"])}, "ac"),
        ({"number": one_of([10, -2])}, "cf"),
        ({"state": one_of([])}, ""),
    ],
    ids=str,
)
def test_conditions(tasks: Documents, where: Where, expected: str) -> None:
    found = tasks.find("task", where, sort=[("_id", 1)])

    assert "".join(task["_id"] for task in found) == expected
    assert "".join(tasks.identifiers("task", where)) == expected
    assert tasks.count("task", where) == len(expected)


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ({"state": None}, "f"),
        ({"due": None}, "de"),
        ({"flag": None}, "cdef"),
        ({"sha": None}, "bcdf"),
        ({"due": one_of([None, "2026-01-01"])}, "bde"),
        ({"due": one_of([None])}, "de"),
        ({"state": "done", "number": None}, "d"),
    ],
    ids=str,
)
def test_null_and_missing_are_the_same(tasks: Documents, where: Where, expected: str) -> None:
    found = tasks.find("task", where, sort=[("_id", 1)])

    assert "".join(task["_id"] for task in found) == expected
    assert tasks.count("task", where) == len(expected)


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ({"tags": "red"}, "cd"),
        ({"tags": "ré"}, "f"),
        ({"tags": one_of(["round", "RED"])}, "cf"),
        ({"tags": at_most("RED")}, "f"),
        ({"readers": "y"}, "e"),
        ({"tags": "red", "state": "done", "number": -2}, "c"),
        ([{"tags": "round"}, {"readers": "x"}], "ce"),
    ],
    ids=str,
)
def test_a_list_meets_a_condition_with_any_element(tasks: Documents, where: Where, expected: str) -> None:
    found = tasks.find("task", where, sort=[("_id", 1)])

    assert "".join(task["_id"] for task in found) == expected
    assert tasks.count("task", where) == len(expected)


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ([], "abcdef"),
        ([{}], "abcdef"),
        ([{"state": "queued"}], "ab"),
        ([{"state": "queued"}, {"number": 10}], "abf"),
        ([{"state": "queued"}, {"due": "2026-01-01"}], "ab"),
        ([{"state": "queued", "number": 1}, {"tags": "red", "number": None}], "bd"),
        ([{"state": "nothing"}, {}], "abcdef"),
    ],
    ids=str,
)
def test_alternatives(tasks: Documents, where: Sequence[Where], expected: str) -> None:
    found = tasks.find("task", where, sort=[("_id", 1)])

    assert "".join(task["_id"] for task in found) == expected
    assert tasks.count("task", where) == len(expected)


@pytest.mark.parametrize(
    ("where", "way", "expected"),
    [
        ({"tags": "red"}, 1, "cd"),
        ({"tags": "red"}, -1, "dc"),
        ({"tags": "red", "_id": more_than("c")}, 1, "d"),
        ({"tags": "red", "_id": less_than("d")}, -1, "c"),
        ({"tags": "red", "_id": one_of(["d", "a"])}, 1, "d"),
        ({"tags": "red", "score": None}, 1, "c"),
        ({"tags": "red", "readers": "x"}, 1, ""),
        ({"tags": "red", "number": at_most(0)}, 1, "c"),
    ],
    ids=str,
)
def test_documents_with_an_element_come_in_order_of_their_identifiers(
    tasks: Documents, where: Where, way: Literal[1, -1], expected: str
) -> None:
    found = tasks.find("task", where, sort=[("_id", way)])
    first = tasks.find("task", where, sort=[("_id", way)], limit=1)
    rest = tasks.find("task", where, sort=[("_id", way)], skip=1)

    assert "".join(task["_id"] for task in found) == expected
    assert first + rest == found
    assert "".join(sorted(expected)) == "".join(tasks.identifiers("task", where))


@pytest.mark.parametrize(
    ("where", "way", "expected"),
    [
        ({"tags": "red"}, 1, "dghc"),
        ({"tags": "red"}, -1, "chgd"),
        ({"tags": "red", "due": None}, 1, "d"),
        ({"tags": "red", "due": "2026-01-01"}, 1, "gh"),
        ({"tags": "red", "due": "2026-01-01", "_id": more_than("g")}, 1, "h"),
        ({"tags": "red", "due": "2026-01-01", "_id": less_than("h")}, -1, "g"),
        ({"tags": "red", "due": more_than("2026-01-01")}, 1, "c"),
        ({"tags": "red", "due": at_least("2026-01-01"), "due_to": less_than("2026-01-02")}, -1, "hg"),
        ({"tags": "red", "state": "done"}, 1, "dc"),
        ({"tags": one_of(["red", "blue"])}, 1, "dghc"),
    ],
    ids=str,
)
def test_documents_with_an_element_come_in_order_of_the_field_of_their_list(
    tasks: Documents, where: Where, way: Literal[1, -1], expected: str
) -> None:
    for identifier in "hg":
        document = {"_id": identifier, "due": "2026-01-01", "tags": ["red", "blue"]}
        tasks.put_new("task", document)

    found = tasks.find("task", where, sort=[("due", way)])

    assert "".join(task["_id"] for task in found) == expected
    assert tasks.find("task", where, sort=[("due", way)], skip=1, limit=1) == found[1:2]


def test_a_document_changes_its_place_in_the_order_of_a_list(tasks: Documents) -> None:
    task = tasks.get("task", "c") or {}

    tasks.save("task", task | {"due": None})

    found = tasks.find("task", {"tags": "red"}, sort=[("due", -1)])
    assert [each["_id"] for each in found] == ["d", "c"]


def test_documents_with_an_element_come_in_order_of_each_field_of_their_list(tasks: Documents) -> None:
    bounds: list[Where] = [{}, {"number": more_than(-3)}, {"number": None}]

    found = [tasks.find("task", {"tags": "red", **bound}, sort=[("number", 1)]) for bound in bounds]

    assert ["".join(task["_id"] for task in each) for each in found] == ["dc", "c", "d"]


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ({"number": at_least(0), "number_to": at_most(3)}, "abe"),
        ({"number": more_than(0), "number_to": less_than(3)}, "b"),
        ({"number": at_least(4), "number_to": at_most(3)}, ""),
    ],
    ids=str,
)
def test_a_path_with_two_names_is_bound_from_both_sides(
    tasks: Documents, where: Where, expected: str
) -> None:
    found = tasks.find("task", where, sort=[("_id", 1)])

    assert "".join(task["_id"] for task in found) == expected
    assert tasks.count("task", where) == len(expected)


def test_changing_a_list_changes_what_is_found(tasks: Documents) -> None:
    task = tasks.get("task", "c") or {}

    tasks.save("task", task | {"tags": ["green", "green"]})

    assert [each["_id"] for each in tasks.find("task", {"tags": "red"})] == ["d"]
    assert [each["_id"] for each in tasks.find("task", {"tags": "green"})] == ["c"]


def test_a_removed_list_is_not_found(tasks: Documents) -> None:
    task = tasks.get("task", "c") or {}

    del task["tags"]
    tasks.save("task", task)

    assert tasks.count("task", {"tags": one_of(["red", "round"])}) == 1


def test_a_deleted_document_leaves_no_list_to_another_with_its_identifier(tasks: Documents) -> None:
    tasks.delete("task", "c")

    tasks.put_new("task", {"_id": "c", "tags": ["green"]})

    assert [each["_id"] for each in tasks.find("task", {"tags": "red"})] == ["d"]
    assert [each["_id"] for each in tasks.find("task", {"tags": "green"})] == ["c"]


def test_one_of_thousands(documents: Documents) -> None:
    for number in range(5):
        documents.put_new("task", {"_id": f"task-{number}", "tags": [f"tag-{number}"]})

    wanted = [f"task-{number}" for number in range(0, 4000, 2)]
    by_identifier = documents.find("task", {"_id": one_of(wanted)}, sort=[("_id", 1)])
    by_tag = documents.count("task", {"tags": one_of([f"tag-{number}" for number in range(1, 4001, 2)])})

    assert len(wanted) == 2_000
    assert [task["_id"] for task in by_identifier] == ["task-0", "task-2", "task-4"]
    assert by_tag == 2


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ([], "abcdef"),
        ([("_id", -1)], "fedcba"),
        ([("number", 1)], "dcebaf"),
        ([("number", -1)], "fabecd"),
        ([("due", 1)], "debcaf"),
        ([("state", 1)], "fecdab"),
        ([("state", -1)], "badcef"),
        ([("state", 1), ("number", -1)], "fecdab"),
        ([("flag", 1), ("_id", -1)], "fedcba"),
    ],
    ids=str,
)
def test_orders_are_total_and_null_comes_first(tasks: Documents, sort: Sort, expected: str) -> None:
    found = tasks.find("task", sort=sort)

    assert "".join(task["_id"] for task in found) == expected


@pytest.mark.parametrize(
    ("skip", "limit", "expected"),
    [
        (0, 2, "ab"),
        (2, 2, "cd"),
        (5, 2, "f"),
        (6, 2, ""),
        (99, None, ""),
        (4, None, "ef"),
        (0, 0, ""),
        (3, 0, ""),
    ],
)
def test_pages(tasks: Documents, skip: int, limit: int | None, expected: str) -> None:
    found = tasks.find("task", sort=[("_id", 1)], skip=skip, limit=limit)

    assert "".join(task["_id"] for task in found) == expected


ways: st.SearchStrategy[Literal[1, -1]] = st.sampled_from([1, -1])
some_tasks = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "state": st.none() | st.sampled_from(["", "A", "a", "b", "é"]),
            "number": st.none() | st.integers(-2, 2),
        },
    ),
    max_size=12,
)


@given(
    tasks=some_tasks,
    sort=st.lists(
        st.tuples(st.sampled_from(["state", "number", "_id"]), ways), max_size=3, unique_by=lambda key: key[0]
    ),
    limit=st.integers(1, 5),
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_pages_put_together_are_the_whole_in_the_order_of_the_port(
    documents: Documents, tasks: list[dict[str, Any]], sort: list[tuple[str, Literal[1, -1]]], limit: int
) -> None:
    batch = new_id()
    stored = [documents.put_new("task", task | {"_id": new_id(), "batch": batch}) for task in tasks]

    pages = [
        documents.find("task", {"batch": batch}, sort=sort, skip=skip, limit=limit)
        for skip in range(0, len(stored) + 1, limit)
    ]

    assert [task for page in pages for task in page] == _in_order(stored, sort)


@given(
    tasks=some_tasks,
    where=st.fixed_dictionaries(
        {},
        optional={
            "state": st.sampled_from(
                ["a", "é", None, one_of(["A", "b"]), one_of([None, "a"]), less_than("b")]
            ),
            "number": st.sampled_from([0, None, at_most(0), more_than(-2), one_of([-1, 1]), at_least(1)]),
        },
    ),
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_found_and_counted_is_what_meets_the_condition(
    documents: Documents, tasks: list[dict[str, Any]], where: dict[str, Any]
) -> None:
    batch = new_id()
    stored = [documents.put_new("task", task | {"_id": new_id(), "batch": batch}) for task in tasks]

    found = documents.find("task", where | {"batch": batch})

    expected = [
        task for task in stored if all(_meets(task.get(name), wanted) for name, wanted in where.items())
    ]
    assert found == _in_order(expected, [])
    assert documents.count("task", where | {"batch": batch}) == len(expected)


@pytest.mark.parametrize("name", ["title", "input.sha", "doc", "rev", "", "state' or 1=1 --", "$where"])
def test_an_undeclared_field_is_refused(documents: Documents, name: str) -> None:
    with pytest.raises(UndeclaredField):
        documents.find("task", {name: 1})
    with pytest.raises(UndeclaredField):
        documents.find("task", sort=[(name, 1)], limit=0)
    with pytest.raises(UndeclaredField):
        documents.count("task", {name: 1})


def test_lists_cannot_be_sorted_by(documents: Documents) -> None:
    with pytest.raises(UndeclaredField):
        documents.find("task", sort=[("tags", 1)])


def test_lists_cannot_be_asked_for_null(documents: Documents) -> None:
    with pytest.raises(TypeError):
        documents.find("task", {"tags": None})


@pytest.mark.parametrize(
    "hostile",
    [
        "' or '1'='1",
        '"; drop table task; --',
        "a\0",
        "\0",
        "%",
        "_",
        "*",
        "$ne",
        "{'$ne': 1}",
        "null",
        "[1]",
        "0",
    ],
)
def test_a_hostile_value_finds_nothing_it_does_not_equal(tasks: Documents, hostile: str) -> None:
    for wanted in (hostile, one_of([hostile]), one_of([hostile, "no"])):
        assert tasks.find("task", {"state": wanted}) == []
        assert tasks.find("task", {"tags": wanted}) == []
        assert tasks.find("task", {"_id": wanted}) == []
    assert tasks.count("task") == len(TASKS)


@pytest.mark.parametrize(("limit", "counted"), [(0, 0), (1, 1), (2, 2), (3, 2), (None, 2)])
def test_counting_stops_at_a_limit(tasks: Documents, limit: int | None, counted: int) -> None:
    assert tasks.count("task", {"state": "queued"}, limit=limit) == counted


@pytest.mark.parametrize(
    "hostile", [{"$gt": ""}, {"$ne": None}, ["a"], b"a", {}, Comparison("in", [{"$gt": ""}])], ids=str
)
def test_what_is_not_a_scalar_cannot_be_asked_for(tasks: Documents, hostile: Any) -> None:
    with pytest.raises(TypeError):
        tasks.find("task", {"state": hostile})
    with pytest.raises(TypeError):
        tasks.count("task", [{"state": "queued"}, {"tags": hostile}])


def _in_order(tasks: list[dict[str, Any]], sort: Sort) -> list[dict[str, Any]]:
    last = sort[-1][1] if sort else 1
    for name, way in [("_id", last), *reversed(sort)]:
        tasks = sorted(tasks, key=lambda task: _null_first(task.get(name)), reverse=way < 0)
    return tasks


def _null_first(value: Any) -> tuple[bool, Any]:
    return value is not None, value if value is not None else 0


def _meets(value: Any, wanted: Any) -> bool:
    if not isinstance(wanted, Comparison):
        return bool(value == wanted)
    if wanted.operator == "in":
        return value in wanted.value
    if value is None:
        return False
    answers: dict[str, bool] = {
        "lt": value < wanted.value,
        "lte": value <= wanted.value,
        "gt": value > wanted.value,
        "gte": value >= wanted.value,
    }
    return answers[wanted.operator]
