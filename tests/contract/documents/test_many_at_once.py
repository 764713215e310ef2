"""Threads and processes at once: every acknowledged change counts, exactly once, also when writers are killed."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor

from archive_shared.documents import Documents
from archive_shared.errors import Duplicate
from tests.support.document_stores import SPAWN, Place, claim_all, count_up, put_for_ever, start, workers
from tests.support.processes import wait_until

WRITERS = 4


def test_four_processes_changing_one_document_lose_nothing(place: Place, documents: Documents) -> None:
    documents.put_new("task", {"_id": "counter", "number": 0})

    with workers(4) as pool:
        list(pool.map(count_up, [place] * 4, ["counter"] * 4, [200] * 4))

    assert documents.get("task", "counter") == {"_id": "counter", "rev": 801, "number": 800}


def test_four_processes_claim_every_task_once(place: Place, documents: Documents) -> None:
    for number in range(200):
        documents.put_new("task", {"_id": f"task-{number}", "state": "queued", "due": f"{number:04}"})

    with workers(4) as pool:
        claimed = [identifier for each in pool.map(claim_all, [place] * 4) for identifier in each]

    assert sorted(claimed) == sorted(f"task-{number}" for number in range(200))


def test_threads_share_one_store(documents: Documents) -> None:
    documents.put_new("task", {"_id": "counter", "number": 0})

    def add_one(_: int) -> None:
        documents.mutate("task", "counter", lambda task: task | {"number": task["number"] + 1})

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add_one, range(200)))

    assert (documents.get("task", "counter") or {})["number"] == 200


def test_of_many_that_put_the_same_unique_value_one_wins(documents: Documents) -> None:
    def put(number: int) -> bool:
        try:
            documents.put_new("task", {"_id": f"task-{number}", "slug": "name"})
        except Duplicate:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(put, range(40)))

    assert won.count(True) == 1
    assert documents.count("task", {"slug": "name"}) == 1


def test_killed_writers_lose_nothing_that_was_acknowledged(place: Place, documents: Documents) -> None:
    for name in ("first", "second", "third"):
        acknowledged = _write_until_killed(place, name)

        found = {task["_id"] for task in documents.find("task") if task["_id"].startswith(name)}
        expected = {
            f"{name}-{writer}-{number}"
            for writer, count in enumerate(acknowledged)
            for number in range(count)
        }
        assert expected <= found
        assert len(found) <= len(expected) + WRITERS  # those whose answer a writer did not live to see


def _write_until_killed(place: Place, name: str) -> list[int]:
    """Let processes write, end them with kill -9 in the middle, and say how many writes each saw acknowledged."""
    counts = [SPAWN.Value("q", 0) for _ in range(WRITERS)]
    processes = [start(put_for_ever, place, f"{name}-{writer}", count) for writer, count in enumerate(counts)]
    try:
        wait_until(lambda: sum(count.value for count in counts) > 200, timeout_s=60, what="200 writes")
    finally:
        for process in processes:
            os.kill(process.pid or 0, signal.SIGKILL)
        for process in processes:
            process.join()
    return [count.value for count in counts]
