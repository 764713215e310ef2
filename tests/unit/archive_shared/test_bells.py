"""Whoever waits is woken by who puts a message into a queue or writes a document; a ring too many or too few does no harm."""

import os
import resource
import select
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from archive_shared.bells import Bell, Bells, wait_for_any
from archive_shared.documents import Collection, Document, Documents
from archive_shared.documents.connect import changes_of, connect_documents
from archive_shared.messaging.broker_file import BrokerFile

FD_SETSIZE = 1024
FAR_TOO_MANY = 70_000  # a pipe holds 65,536 bytes


@pytest.fixture
def bells(tmp_path: Path) -> Bells:
    return Bells(tmp_path / "bus.db")


@pytest.fixture
def bell(bells: Bells) -> Iterator[Bell]:
    bell = bells.listen("work")
    yield bell
    bell.close()


def is_rung(bell: Bell) -> bool:
    looking = select.poll()
    looking.register(bell, select.POLLIN)
    return bool(looking.poll(0))


def test_a_ring_wakes_one_who_waits_and_is_taken_by_that(bells: Bells, bell: Bell) -> None:
    waiting = threading.Thread(target=wait_for_any, args=([bell], 300))
    waiting.start()

    bells.ring("work")
    waiting.join(60)

    assert not waiting.is_alive()
    assert not is_rung(bell)


def test_of_several_who_listen_each_hears_of_a_message_of_its_own(bells: Bells, bell: Bell) -> None:
    another = bells.listen("work")
    for _ in range(2):
        bells.ring("work")

    wait_for_any([bell], 60)

    assert is_rung(another)
    wait_for_any([another], 60)
    assert not is_rung(bell)
    another.close()


def test_nobody_is_woken_for_another_queue(bells: Bells, bell: Bell) -> None:
    other = bells.listen("../other/work")
    bells.ring("../other/work")

    assert is_rung(other)
    assert not is_rung(bell)
    other.close()


def test_a_ring_nobody_listens_to_is_lost(bells: Bells) -> None:
    bells.ring("work")
    bells.listen("work").close()
    bells.ring("work")

    bell = bells.listen("work")

    assert not is_rung(bell)
    bell.close()


def test_who_rings_never_waits_for_those_who_do_not_hear(bells: Bells, bell: Bell) -> None:
    for _ in range(FAR_TOO_MANY):
        bells.ring("work")

    assert is_rung(bell)


def test_without_a_ring_the_time_runs_out(bell: Bell) -> None:
    wait_for_any([bell], 0.01)
    wait_for_any([], 0.01)


def test_a_process_with_more_files_than_select_knows_hears_too(bells: Bells) -> None:
    with ExitStack() as closing:
        _allow_open_files(2 * FD_SETSIZE, closing)
        for _ in range(FD_SETSIZE):
            closing.enter_context(Path(os.devnull).open("rb"))
        bell = bells.listen("work")
        closing.callback(bell.close)
        bells.ring("work")

        wait_for_any([bell], 60)

        assert bell.fileno() >= FD_SETSIZE
        assert not is_rung(bell)


def _allow_open_files(number: int, closing: ExitStack) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < number:
        resource.setrlimit(resource.RLIMIT_NOFILE, (number, hard))
        closing.callback(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))


def test_a_message_rings_for_every_queue_it_is_put_into(tmp_path: Path) -> None:
    broker = BrokerFile(tmp_path / "bus.db")
    broker.declare_exchange("events", "topic")
    for queue, key in (("one", "a.#"), ("two", "a.b"), ("three", "c")):
        broker.declare_queue(queue, {})
        broker.bind(queue, "events", key)
    with ExitStack() as closing:
        listening = {queue: broker.bells.listen(queue) for queue in ("one", "two", "three")}
        for bell in listening.values():
            closing.callback(bell.close)

        broker.publish("events", "a.b", {})

        assert {queue for queue, bell in listening.items() if is_rung(bell)} == {"one", "two"}
    broker.close()


def test_whoever_looks_at_everything_takes_all_rings_at_once(bells: Bells, bell: Bell) -> None:
    for _ in range(3):
        bells.ring("work")

    bell.take_all_rings()

    assert not is_rung(bell)


@pytest.fixture
def changes(tmp_path: Path) -> Iterator[Bell]:
    bell = changes_of(f"sqlite:///{tmp_path}", "tests")
    assert bell is not None
    yield bell
    bell.close()


@pytest.fixture
def documents(tmp_path: Path) -> Iterator[Documents]:
    with closing(connect_documents(f"sqlite:///{tmp_path}", "tests", [Collection("things")])) as documents:
        yield documents


EVENT_WAITS: Document = {"outbox": [{"id": "1"}]}
HINT_IS_DUE: Document = {"outbox": [], "job": {"hint_at": "2026-01-01T00:00:00.000000Z"}}


@pytest.mark.parametrize("content", [EVENT_WAITS, HINT_IS_DUE])
def test_a_document_with_work_for_the_relay_rings_when_it_is_written(
    documents: Documents, changes: Bell, content: Document
) -> None:
    assert heard_while_writing(documents, changes, content) == [True, True, True]

    documents.get("things", "a")

    assert not is_rung(changes)


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"outbox": []},
        {"outbox": [], "job": {"hint_at": None}},
        {"outbox": [], "job": {"hint_at": "9999-01-01T00:00:00.000000Z"}},
    ],
)
def test_a_document_without_work_for_the_relay_lets_it_sleep(
    documents: Documents, changes: Bell, content: Document
) -> None:
    assert heard_while_writing(documents, changes, content) == [False, False, False]


def test_one_of_several_documents_with_work_for_the_relay_rings(documents: Documents, changes: Bell) -> None:
    for name in "ab":
        documents.put_new("things", {"_id": name})

    documents.save_each("things", [{"_id": "a", "rev": 1}, {"_id": "b", "rev": 1} | EVENT_WAITS])

    assert is_rung(changes)


def heard_while_writing(documents: Documents, changes: Bell, content: Document) -> list[bool]:
    """Write a document in every way there is, and tell after which the bell was rung."""
    heard = []
    writes = (
        lambda: documents.put_new("things", {"_id": "a"} | content),
        lambda: documents.save("things", {"_id": "a", "rev": 1} | content),
        lambda: documents.save_each("things", [{"_id": "a", "rev": 2} | content]),
    )
    for write in writes:
        write()
        heard.append(is_rung(changes))
        changes.take_all_rings()
    return heard


def test_a_store_of_many_machines_has_no_bell() -> None:
    assert changes_of("mongodb://somewhere", "tests") is None
