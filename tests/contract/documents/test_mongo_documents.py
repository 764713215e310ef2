"""What only a server can do: die, hang, or answer when nobody listens any more."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import pymongo
import pytest
from pymongo import monitoring

from archive_shared.documents import Collection, Documents, mongo, mongo_schema
from archive_shared.documents.mongo import MongoDocuments
from archive_shared.errors import Duplicate, Stale, Unavailable
from tests.support.document_stores import TASKS, Place
from tests.support.processes import free_port
from tests.support.servers import MongoServer
from tests.support.toxic_proxy import ToxicProxy, toxic_proxy

TIMEOUT_S = 1.5
MARGIN_S = 3.0  # other tests may keep this machine busy

Call = Callable[[Documents], object]
CALLS: dict[str, Call] = {
    "put_new": lambda documents: documents.put_new("task", {"_id": "b"}),
    "get": lambda documents: documents.get("task", "a"),
    "save": lambda documents: documents.save("task", {"_id": "a", "rev": 1, "state": "done"}),
    "save_each": lambda documents: documents.save_each("task", [{"_id": "a", "rev": 1, "state": "done"}]),
    "mutate": lambda documents: documents.mutate("task", "a", lambda task: task),
    "find": lambda documents: documents.find("task", {"state": "queued"}),
    "count": lambda documents: documents.count("task"),
    "delete": lambda documents: documents.delete("task", "a"),
    "ping": lambda documents: documents.ping(),
}
every_call = pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)


@pytest.fixture
def place(mongo_server: MongoServer) -> Place:
    return Place(mongo_server.url, mongo_server.database_name())


@pytest.fixture
def proxy(place: Place) -> Iterator[ToxicProxy]:
    with toxic_proxy(urlsplit(place.address).port or 27017) as proxy:
        yield proxy


@pytest.fixture
def direct(place: Place) -> Iterator[Documents]:
    """What somebody else, who has no trouble with the network, sees and does."""
    with place.opened() as documents:
        documents.put_new("task", {"_id": "a", "state": "queued"})
        yield documents


@pytest.fixture
def troubled(proxy: ToxicProxy, place: Place, direct: Documents) -> Iterator[Documents]:
    server = urlsplit(place.address)
    account, at, _ = server.netloc.rpartition("@")
    options = "&".join([*filter(None, [server.query]), "directConnection=true"])
    url = f"mongodb://{account}{at}127.0.0.1:{proxy.port}/?{options}"
    documents = MongoDocuments(url, place.database, [TASKS], timeout_s=TIMEOUT_S)
    yield documents
    documents.close()


@every_call
def test_a_dead_server_is_unavailable_at_once(troubled: Documents, proxy: ToxicProxy, call: Call) -> None:
    proxy.refuse()

    with _takes_at_most(2 * TIMEOUT_S), pytest.raises(Unavailable):
        call(troubled)


@every_call
def test_a_silent_server_is_unavailable_within_the_limit(
    troubled: Documents, proxy: ToxicProxy, call: Call
) -> None:
    troubled.ping()
    proxy.fall_silent()

    with _takes_at_most(2 * TIMEOUT_S), pytest.raises(Unavailable):
        call(troubled)


def test_no_server_is_unavailable_from_the_start() -> None:
    with _takes_at_most(TIMEOUT_S), pytest.raises(Unavailable):
        MongoDocuments(f"mongodb://127.0.0.1:{free_port()}", "x", [TASKS], timeout_s=TIMEOUT_S)


def test_a_server_that_refuses_to_make_indexes_for_a_moment_is_asked_again(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusals, prepare = 2, mongo_schema.prepare

    def refuse_at_first(stored: Any, collection: Collection) -> None:
        nonlocal refusals
        if refusals:
            refusals -= 1
            raise pymongo.errors.OperationFailure("the database is being made")
        prepare(stored, collection)

    monkeypatch.setattr(mongo_schema, "prepare", refuse_at_first)

    with place.opened() as documents:
        documents.put_new("task", {"_id": "a", "slug": "taken"})
        with pytest.raises(Duplicate):
            documents.put_new("task", {"_id": "b", "slug": "taken"})


def test_a_server_that_never_makes_indexes_is_unavailable(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(stored: Any, collection: Collection) -> None:
        raise pymongo.errors.OperationFailure("not for you")

    monkeypatch.setattr(mongo_schema, "prepare", refuse)

    with pytest.raises(Unavailable):
        place.open()


def test_a_store_works_again_when_its_server_does(troubled: Documents, proxy: ToxicProxy) -> None:
    proxy.refuse()
    with pytest.raises(Unavailable):
        troubled.ping()

    proxy.heal()

    assert (troubled.get("task", "a") or {})["state"] == "queued"


def test_a_new_document_whose_reply_was_lost_is_settled(
    troubled: Documents, proxy: ToxicProxy, direct: Documents
) -> None:
    proxy.lose_reply_to(b"insert")

    stored = troubled.put_new("task", {"_id": "b", "slug": "name"})

    assert proxy.has_lost
    assert direct.get("task", "b") == stored


def test_a_save_whose_reply_was_lost_is_settled(
    troubled: Documents, proxy: ToxicProxy, direct: Documents
) -> None:
    proxy.lose_reply_to(b"update")

    saved = troubled.save("task", {"_id": "a", "rev": 1, "state": "done"})

    assert proxy.has_lost
    assert direct.get("task", "a") == saved


def test_saving_several_whose_reply_was_lost_is_settled(
    troubled: Documents, proxy: ToxicProxy, direct: Documents
) -> None:
    direct.put_new("task", {"_id": "b"})
    proxy.lose_reply_to(b"update")

    not_saved = troubled.save_each("task", [{"_id": name, "rev": 1, "state": "done"} for name in "ab"])

    assert proxy.has_lost
    assert not_saved == []
    assert [each["rev"] for each in direct.find("task", {"state": "done"})] == [2, 2]


def test_a_lost_reply_is_settled_though_others_wrote_since(
    troubled: Documents, proxy: ToxicProxy, direct: Documents
) -> None:
    """As the relay does: it takes the events out of the document as soon as they are there."""

    def change_on_top() -> None:
        for number in range(5):
            direct.mutate("task", "a", lambda task: task | {"number": number})  # noqa: B023 (called at once)

    proxy.lose_reply_to(b"update", meanwhile=change_on_top)

    saved = troubled.save("task", {"_id": "a", "rev": 1, "state": "done"})

    assert saved["rev"] == 2
    assert direct.get("task", "a") == {"_id": "a", "rev": 7, "state": "done", "number": 4}


def test_a_mutation_whose_reply_was_lost_is_made_once(
    troubled: Documents, proxy: ToxicProxy, direct: Documents
) -> None:
    proxy.lose_reply_to(
        b"update", meanwhile=lambda: direct.mutate("task", "a", lambda task: task | {"state": "relayed"})
    )

    troubled.mutate("task", "a", lambda task: task | {"number": task.get("number", 0) + 1})

    assert direct.get("task", "a") == {"_id": "a", "rev": 3, "state": "relayed", "number": 1}


def test_a_lost_refusal_does_not_pass_for_success(
    troubled: Documents, proxy: ToxicProxy, direct: Documents
) -> None:
    direct.save("task", {"_id": "a", "rev": 1, "state": "done"})
    proxy.lose_reply_to(b"update")

    with pytest.raises(Unavailable):
        troubled.save("task", {"_id": "a", "rev": 1, "state": "failed"})

    with pytest.raises(Stale):
        troubled.save("task", {"_id": "a", "rev": 1, "state": "failed"})


def test_a_lost_duplicate_does_not_pass_for_success(
    troubled: Documents, proxy: ToxicProxy, direct: Documents
) -> None:
    proxy.lose_reply_to(b"insert")

    with pytest.raises(Unavailable):
        troubled.put_new("task", {"_id": "a", "state": "mine"})

    with pytest.raises(Duplicate):
        troubled.put_new("task", {"_id": "a", "state": "mine"})


def test_a_deletion_whose_reply_was_lost_is_settled(
    troubled: Documents, proxy: ToxicProxy, direct: Documents
) -> None:
    proxy.lose_reply_to(b"delete")

    assert troubled.delete("task", "a", rev=1)

    assert proxy.has_lost
    assert direct.get("task", "a") is None


def test_a_deletion_that_did_not_happen_does_not_pass_for_success(
    troubled: Documents, proxy: ToxicProxy, direct: Documents
) -> None:
    proxy.lose_reply_to(b"delete")

    with pytest.raises(Unavailable):
        troubled.delete("task", "a", rev=7)

    assert direct.get("task", "a") is not None


def test_a_refusal_does_not_tell_values_or_passwords(place: Place) -> None:
    url = f"mongodb://someone:s3cret@127.0.0.1:{free_port()}"

    with pytest.raises(Unavailable) as refusal:
        MongoDocuments(url, place.database, [TASKS], timeout_s=TIMEOUT_S)

    assert "s3cret" not in str(refusal.value)


class Asked(monitoring.CommandListener):
    """Notes what the store is asked."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        self.names.append(event.command_name)

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None: ...

    def failed(self, event: monitoring.CommandFailedEvent) -> None: ...


@pytest.mark.parametrize("limit", [None, 150, 200, 201])
def test_a_page_of_more_documents_than_servers_begin_with_is_one_round_trip(
    place: Place, monkeypatch: pytest.MonkeyPatch, limit: int | None
) -> None:
    asked = Asked()
    monkeypatch.setattr(mongo, "MongoClient", partial(pymongo.MongoClient, event_listeners=[asked]))
    with place.opened() as documents:
        for number in range(200):
            documents.put_new("task", {"_id": f"{number:03}", "batch": "all"})
        asked.names.clear()

        found = documents.find("task", {"batch": "all"}, sort=[("number", 1)], limit=limit)

        assert len(found) == min(limit or 200, 200)
        assert asked.names == ["find"]


def test_indexes_are_declared_with_the_identifier_last_so_that_pages_come_sorted(
    place: Place, direct: Documents
) -> None:
    indexes = _indexes(place)

    assert indexes["by_state+due"] == [("doc.state", 1), ("doc.due", 1), ("_id", 1)]
    assert indexes["by_kind+input-sha"] == [("doc.kind", 1), ("doc.input.sha", 1), ("_id", 1)]
    assert indexes["list_tags_id"] == [("doc.tags", 1), ("_id", 1)]
    assert indexes["unique_slug"] == [("unique.slug", 1)]


def test_indexes_of_others_are_left_alone(place: Place, direct: Documents) -> None:
    with pymongo.MongoClient[dict[str, Any]](place.address) as client:
        client[place.database]["task"].create_index("doc.title", name="an_operators_own")

    with place.opened():
        pass

    assert "an_operators_own" in _indexes(place)


def _indexes(place: Place) -> dict[str, list[tuple[str, int]]]:
    with pymongo.MongoClient[dict[str, Any]](place.address) as client:
        information = client[place.database]["task"].index_information()
    return {name: list(index["key"]) for name, index in information.items()}


@contextmanager
def _takes_at_most(limit_s: float) -> Iterator[None]:
    begun_s = time.monotonic()
    yield
    assert time.monotonic() - begun_s < limit_s + MARGIN_S
