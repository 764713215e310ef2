"""Declared collections: created by many at once, and changed over documents that are already there."""

from dataclasses import replace

import pytest

from archive_shared.documents import Collection, Documents, more_than
from archive_shared.errors import Duplicate
from tests.support.document_stores import NOTES, TASKS, Place, open_and_put, workers

BARE = Collection("task")


def test_many_processes_may_start_on_an_empty_place(place: Place) -> None:
    with workers(6) as pool:
        list(pool.map(open_and_put, [place] * 6, [f"task-{number}" for number in range(6)]))

    with place.opened() as documents:
        assert documents.count("task", {"tags": "new"}) == 6


def test_opening_again_finds_everything(place: Place) -> None:
    with place.opened() as documents:
        stored = documents.put_new("task", {"_id": "a", "slug": "name", "tags": ["red"]})

    with place.opened() as documents:
        assert documents.find("task", {"slug": "name", "tags": "red"}) == [stored]


def test_a_new_index_serves_old_documents(place: Place) -> None:
    with place.opened([BARE]) as documents:
        documents.put_new("task", {"_id": "a", "batch": "x", "number": 1})

    with place.opened() as documents:
        assert documents.count("task", {"batch": "x", "number": more_than(0)}) == 1


def test_a_new_list_knows_old_documents(place: Place) -> None:
    with place.opened([BARE]) as documents:
        documents.put_new("task", {"_id": "a", "tags": ["red"]})
        documents.put_new("task", {"_id": "b"})

    with place.opened() as documents:
        assert [task["_id"] for task in documents.find("task", {"tags": "red"})] == ["a"]


def test_a_list_that_is_ordered_by_now_knows_old_documents(place: Place) -> None:
    with place.opened([replace(TASKS, ordered={})]) as documents:
        documents.put_new("task", {"_id": "a", "tags": ["red"], "due": "2026-01-02"})
        documents.put_new("task", {"_id": "b", "tags": ["red"], "due": "2026-01-01"})

    with place.opened() as documents:
        found = documents.find("task", {"tags": "red"}, sort=[("due", 1)])
        assert [task["_id"] for task in found] == ["b", "a"]


def test_a_list_on_another_path_knows_old_documents(place: Place) -> None:
    with place.opened() as documents:
        documents.put_new("task", {"_id": "a", "tags": ["red"], "labels": ["blue"]})

    with place.opened([replace(TASKS, lists={"tags": "labels"}, ordered={})]) as documents:
        assert documents.count("task", {"tags": "red"}) == 0
        assert documents.count("task", {"tags": "blue"}) == 1


def test_a_new_unique_group_counts_old_documents(place: Place) -> None:
    with place.opened([BARE]) as documents:
        documents.put_new("task", {"_id": "a", "slug": "name"})
        documents.put_new("task", {"_id": "b"})
        documents.put_new("task", {"_id": "c"})

    with place.opened() as documents, pytest.raises(Duplicate):
        documents.put_new("task", {"_id": "d", "slug": "name"})


def test_a_unique_group_that_old_documents_break_is_refused(place: Place) -> None:
    with place.opened([BARE]) as documents:
        documents.put_new("task", {"_id": "a", "slug": "name"})
        documents.put_new("task", {"_id": "b", "slug": "name"})

    with pytest.raises(Duplicate), place.opened():
        pass

    with place.opened([BARE]) as documents:
        assert documents.count("task") == 2


def test_a_unique_group_declared_no_more_is_kept_no_more(place: Place) -> None:
    with place.opened() as documents:
        documents.put_new("task", {"_id": "a", "slug": "name"})

    with place.opened([BARE]) as documents:
        documents.put_new("task", {"_id": "b", "slug": "name"})
        documents.put_new("task", {"_id": "c"})

        assert documents.count("task") == 3


def test_processes_may_declare_different_collections_of_one_place(place: Place) -> None:
    with place.opened([TASKS]) as first, place.opened([NOTES]) as second, place.opened([TASKS]) as third:
        first.put_new("task", {"_id": "a", "slug": "name", "tags": ["red"]})
        second.put_new("note", {"_id": "a"})

        assert third.count("task", {"tags": "red"}) == 1
        with pytest.raises(Duplicate):
            third.put_new("task", {"_id": "b", "slug": "name"})


def test_an_undeclared_collection_is_a_programming_error(documents: Documents) -> None:
    with pytest.raises(KeyError):
        documents.get("sqlite_master", "a")
