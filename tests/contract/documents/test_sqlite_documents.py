"""What only a file can do: fill the disk, be damaged, be inherited by a fork; and that its indexes are used."""

import os
import sqlite3
import stat
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from statistics import median

import pytest

from archive_shared.documents import Collection, Documents, Where, at_most, less_than, more_than, one_of
from archive_shared.documents.port import Sort
from archive_shared.documents.sqlite import SqliteDocuments
from archive_shared.errors import Unavailable
from tests.support.document_stores import TASKS, Place

DOCUMENTS = 100_000


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "documents.db"


@pytest.fixture
def documents(file: Path) -> Iterator[SqliteDocuments]:
    documents = SqliteDocuments(file, [TASKS])
    yield documents
    documents.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of four megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("only root may mount a small file system")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_is_unavailable_loses_nothing_and_recovers(small_disk: Path) -> None:
    with Place(str(small_disk / "documents.db")).opened([TASKS]) as documents:
        stored = _fill(documents)

        with pytest.raises(Unavailable):
            documents.save("task", {"_id": "task-0", "rev": 1, "padding": "y" * 500_000})
        assert documents.count("task") == stored
        assert (documents.get("task", "task-0") or {})["rev"] == 1

        subprocess.run(["mount", "-o", "remount,size=16m", str(small_disk)], check=True)
        documents.put_new("task", {"_id": "after"})
        assert documents.count("task") == stored + 1


def test_a_file_that_is_no_database_is_unavailable(file: Path) -> None:
    file.write_bytes(b"not a database at all, " * 100)

    with pytest.raises(Unavailable):
        SqliteDocuments(file, [TASKS])


def test_a_folder_that_cannot_be_made_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(Unavailable):
        SqliteDocuments(tmp_path / "file" / "documents.db", [TASKS])


def test_only_its_owner_reads_the_file(documents: SqliteDocuments, file: Path) -> None:
    documents.put_new("task", {"_id": "a"})

    modes = {each.name: stat.S_IMODE(each.stat().st_mode) for each in file.parent.glob("documents.db*")}

    assert set(modes.values()) == {0o600}
    assert "documents.db-wal" in modes


def test_a_child_of_a_fork_is_told_to_build_its_own(documents: SqliteDocuments) -> None:
    child = os.fork()
    if child == 0:
        try:
            documents.get("task", "a")
        except RuntimeError:
            os._exit(7)
        os._exit(0)

    _, status = os.waitpid(child, 0)

    assert os.waitstatus_to_exitcode(status) == 7


def test_threads_that_come_and_go_leave_no_open_files(documents: SqliteDocuments) -> None:
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 (a Path per descriptor would open more)

    for _ in range(20):
        thread = threading.Thread(target=documents.count, args=("task",))
        thread.start()
        thread.join()

    assert len(os.listdir("/proc/self/fd")) <= before + 3  # noqa: PTH208 (as above)


def test_a_closed_store_leaves_one_file(file: Path) -> None:
    documents = SqliteDocuments(file, [TASKS])
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: documents.put_new("task", {"_id": str(number)}), range(20)))

    documents.close()

    assert [each.name for each in file.parent.iterdir()] == ["documents.db"]


def test_a_writer_waits_for_another(documents: SqliteDocuments, file: Path) -> None:
    with closing(sqlite3.connect(file, isolation_level=None, check_same_thread=False)) as other:
        other.execute("begin immediate")
        threading.Timer(0.3, other.execute, ["commit"]).start()

        documents.put_new("task", {"_id": "a"})

    assert documents.count("task") == 1


@pytest.mark.parametrize("name", ["a b", 'a"b', "a__b", "", "1a", "é"])
def test_names_that_could_be_sql_are_refused(file: Path, name: str) -> None:
    with pytest.raises(ValueError, match="cannot name"):
        SqliteDocuments(file, [Collection(name)])
    with pytest.raises(ValueError, match="cannot name"):
        SqliteDocuments(file, [Collection("task", fields={name: "state"})])


@pytest.mark.parametrize("path", ["a b", "a')", "a..b", "", "a[0]", "$"])
def test_paths_that_could_be_sql_are_refused(file: Path, path: str) -> None:
    with pytest.raises(ValueError, match="not a dotted path"):
        SqliteDocuments(file, [Collection("task", lists={"name": path})])


@pytest.mark.parametrize(
    ("where", "sort", "expected"),
    [
        ({"_id": "a"}, [], "PRIMARY KEY"),
        ({}, [("_id", -1)], "SCAN task"),
        ({"slug": "name"}, [], "task_unique_slug"),
        ({"kind": "scan", "sha": "1"}, [], "task_unique_kind_sha"),
        ({"state": "queued"}, [("due", 1)], "task_by_state_due"),
        ({"state": "queued"}, [("due", -1)], "task_by_state_due"),
        ({"state": "queued", "due": at_most("2026")}, [("due", 1)], "task_by_state_due"),
        ({"state": "queued", "due": less_than("2026")}, [("due", -1)], "task_by_state_due"),
        ({"state": None}, [("due", 1)], "task_by_state_due"),
        ({"batch": "x", "number": more_than(3)}, [("number", 1), ("_id", 1)], "task_by_batch_number"),
        (
            {"batch": "x", "number": more_than(3), "number_to": less_than(9)},
            [("number", 1)],
            "task_by_batch_number",
        ),
        ({"tags": "red"}, [("_id", 1)], "SEARCH leading USING PRIMARY KEY (value=?)"),
        ({"tags": "red", "_id": more_than("x")}, [], "SEARCH leading USING PRIMARY KEY (value=? AND _id>?)"),
        ({"tags": "red"}, [("due", 1)], "SEARCH leading USING COVERING INDEX task__tags_by_due (value=?)"),
        (
            {"tags": "red", "due": less_than("2026")},
            [("due", -1)],
            "SEARCH leading USING COVERING INDEX task__tags_by_due (value=? AND by_due<?)",
        ),
        (
            {"tags": "red", "due": "2026", "_id": more_than("x")},
            [("due", 1)],
            "SEARCH leading USING COVERING INDEX task__tags_by_due (value=? AND by_due=? AND _id>?)",
        ),
    ],
    ids=str,
)
def test_declared_indexes_serve_the_query_and_its_order(
    documents: SqliteDocuments, where: Where, sort: Sort, expected: str
) -> None:
    plan = " / ".join(documents.plan("task", where, sort=sort))

    assert expected in plan
    assert "TEMP B-TREE" not in plan


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ({"state": one_of(["queued", "running"])}, ["task_by_state_due"]),
        (
            {"tags": "red"},
            ["SEARCH leading USING PRIMARY KEY (value=?)", "SEARCH task USING PRIMARY KEY (_id=?)"],
        ),
        (
            {"tags": one_of(["red"])},
            ["SEARCH task__tags USING COVERING INDEX task__tags_by_", " (value=?)"],
        ),
        (
            [{"state": "queued"}, {"slug": "name"}],
            ["MULTI-INDEX OR", "task_by_state_due", "task_unique_slug"],
        ),
    ],
    ids=str,
)
def test_declared_indexes_serve_sets_and_lists(
    documents: SqliteDocuments, where: Where | Sequence[Where], expected: list[str]
) -> None:
    plan = " / ".join(documents.plan("task", where))

    for each in expected:
        assert each in plan


def test_a_page_of_a_hundred_thousand_documents_costs_a_page(documents: SqliteDocuments, file: Path) -> None:
    _insert_many(file, DOCUMENTS)

    costs_ms = {
        "by unique key": _cost_ms(lambda: documents.find("task", {"slug": "slug-77777"})),
        "due page": _cost_ms(
            lambda: documents.find(
                "task", {"state": "queued", "due": at_most("9")}, sort=[("due", 1)], limit=20
            )
        ),
        "last page": _cost_ms(
            lambda: documents.find(
                "task", {"batch": "x", "number": more_than(99_000)}, sort=[("number", -1)], limit=20
            )
        ),
        "by list": _cost_ms(lambda: documents.find("task", {"tags": "tag-500"}, limit=20)),
        "count of few": _cost_ms(lambda: documents.count("task", {"state": "queued"})),
    }

    assert max(costs_ms.values()) < 50, costs_ms  # about 0.1 each; reading all of them takes 400


def _fill(documents: Documents) -> int:
    for number in range(10_000):
        try:
            documents.put_new("task", {"_id": f"task-{number}", "padding": "x" * 20_000})
        except Unavailable:
            return number
    raise AssertionError("the disk never became full")


def _insert_many(file: Path, count: int) -> None:
    """Write past the adapter, in one transaction: through it, this takes half a minute."""
    rows = (
        (
            f"task-{number}",
            f'{{"_id":"task-{number}","rev":1,"state":"{"done" if number % 1000 else "queued"}","due":"{number:09}",'
            f'"slug":"slug-{number}","batch":"x","number":{number},"tags":["tag-{number % 1000}"],"padding":"{"x" * 300}"}}',
        )
        for number in range(count)
    )
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.executemany("insert into task(_id, rev, doc) values (?, 1, ?)", rows)


def _cost_ms(call: object) -> float:
    assert callable(call)
    costs_ms = []
    for _ in range(9):
        begun_s = time.perf_counter()
        assert call()
        costs_ms.append((time.perf_counter() - begun_s) * 1000)
    return median(costs_ms)
