"""Saving, changing and deleting: only on top of what was read, never half."""

import pytest

from archive_shared.documents import Document, Documents, mutation
from archive_shared.errors import Duplicate, Stale


@pytest.fixture
def task(documents: Documents) -> Document:
    return documents.put_new("task", {"_id": "a", "state": "queued", "number": 0})


def test_saving_raises_the_revision(documents: Documents, task: Document) -> None:
    saved = documents.save("task", task | {"state": "running"})

    assert saved == {"_id": "a", "rev": 2, "state": "running", "number": 0}
    assert documents.get("task", "a") == saved


def test_saving_replaces_the_whole_document(documents: Documents, task: Document) -> None:
    documents.save("task", {"_id": "a", "rev": 1, "kind": "scan"})

    assert documents.get("task", "a") == {"_id": "a", "rev": 2, "kind": "scan"}


def test_saving_many_times_goes_on(documents: Documents, task: Document) -> None:
    for number in range(20):
        task = documents.save("task", task | {"number": number})

    assert documents.get("task", "a") == {"_id": "a", "rev": 21, "state": "queued", "number": 19}


def test_a_stale_save_changes_nothing(documents: Documents, task: Document) -> None:
    documents.save("task", task | {"state": "running"})

    with pytest.raises(Stale):
        documents.save("task", task | {"state": "failed"})

    assert documents.get("task", "a") == {"_id": "a", "rev": 2, "state": "running", "number": 0}


def test_a_deleted_document_cannot_be_saved(documents: Documents, task: Document) -> None:
    documents.delete("task", "a")

    with pytest.raises(Stale):
        documents.save("task", task)

    assert documents.get("task", "a") is None


def test_a_unique_group_is_kept_on_saving(documents: Documents, task: Document) -> None:
    documents.put_new("task", {"_id": "b", "slug": "taken"})

    with pytest.raises(Duplicate):
        documents.save("task", task | {"slug": "taken"})

    assert documents.get("task", "a") == task


def test_a_unique_group_is_free_again_after_a_change(documents: Documents, task: Document) -> None:
    named = documents.save("task", task | {"slug": "name"})
    documents.save("task", named | {"slug": None})

    documents.put_new("task", {"_id": "b", "slug": "name"})

    assert [found["_id"] for found in documents.find("task", {"slug": "name"})] == ["b"]


def test_a_unique_group_is_free_again_after_deleting(documents: Documents) -> None:
    documents.put_new("task", {"_id": "a", "slug": "name"})
    documents.delete("task", "a")

    documents.put_new("task", {"_id": "b", "slug": "name"})

    assert documents.count("task") == 1


def test_saving_with_the_same_unique_values_is_no_duplicate(documents: Documents) -> None:
    named = documents.put_new("task", {"_id": "a", "slug": "name"})

    assert documents.save("task", named | {"number": 1})["rev"] == 2


def test_saving_refuses_what_putting_refuses(documents: Documents, task: Document) -> None:
    with pytest.raises(ValueError, match="NUL"):
        documents.save("task", task | {"state": "a\0"})

    assert documents.get("task", "a") == task


def test_several_are_saved_each_by_itself(documents: Documents, task: Document) -> None:
    others = [documents.put_new("task", {"_id": name, "number": 0}) for name in "bcd"]
    documents.save("task", others[0] | {"number": 7})
    documents.delete("task", "d")

    not_saved = documents.save_each("task", [each | {"number": 1} for each in (task, *others)])

    assert sorted(not_saved) == ["b", "d"]
    found = [(each["_id"], each["rev"], each["number"]) for each in documents.find("task")]
    assert found == [("a", 2, 1), ("b", 2, 7), ("c", 2, 1)]


def test_saving_none_of_several_is_no_error(documents: Documents) -> None:
    assert documents.save_each("task", []) == []


def test_a_unique_group_is_kept_on_saving_several(documents: Documents, task: Document) -> None:
    documents.put_new("task", {"_id": "b", "slug": "taken"})

    with pytest.raises(Duplicate):
        documents.save_each("task", [task | {"slug": "taken"}])

    assert documents.get("task", "a") == task


def test_mutate_changes_and_returns_what_is_stored(documents: Documents, task: Document) -> None:
    changed = documents.mutate("task", "a", lambda task: task | {"number": task["number"] + 1})

    assert changed == documents.get("task", "a") == {"_id": "a", "rev": 2, "state": "queued", "number": 1}


def test_mutate_tries_again_when_somebody_was_faster(documents: Documents, task: Document) -> None:
    seen: list[int] = []

    def change(task: Document) -> Document:
        seen.append(task["number"])
        if len(seen) < 4:
            documents.save("task", task | {"number": task["number"] + 10})
        return task | {"state": "done"}

    documents.mutate("task", "a", change)

    assert seen == [0, 10, 20, 30]
    assert documents.get("task", "a") == {"_id": "a", "rev": 5, "state": "done", "number": 30}


def test_mutate_gives_up_when_others_are_always_faster(
    documents: Documents, task: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mutation, "ATTEMPTS", 5)

    def change(task: Document) -> Document:
        documents.save("task", task | {"number": task["number"] + 1})
        return task | {"state": "done"}

    with pytest.raises(Stale):
        documents.mutate("task", "a", change)

    assert (documents.get("task", "a") or {})["state"] == "queued"


def test_mutate_that_returns_none_writes_nothing(documents: Documents, task: Document) -> None:
    assert documents.mutate("task", "a", lambda _: None) is None

    assert documents.get("task", "a") == task


def test_mutate_of_nothing_is_none(documents: Documents) -> None:
    assert documents.mutate("task", "nobody", lambda task: task) is None


def test_an_error_inside_mutate_writes_nothing(documents: Documents, task: Document) -> None:
    def fail(_: Document) -> Document:
        raise LookupError("as planned")

    with pytest.raises(LookupError, match="as planned"):
        documents.mutate("task", "a", fail)

    assert documents.get("task", "a") == task


def test_deleting_tells_whether_it_was_there(documents: Documents, task: Document) -> None:
    assert documents.delete("task", "a")
    assert not documents.delete("task", "a")
    assert documents.get("task", "a") is None


def test_deleting_with_another_revision_deletes_nothing(documents: Documents, task: Document) -> None:
    assert not documents.delete("task", "a", rev=7)
    assert documents.get("task", "a") == task
    assert documents.delete("task", "a", rev=1)
