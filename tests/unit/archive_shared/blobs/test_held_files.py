"""Files kept open: always those that bear the name now, never too many, and none for long."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from archive_shared.blobs import held_files
from archive_shared.blobs.held_files import HeldFiles


@pytest.fixture
def held(tmp_path: Path) -> HeldFiles:
    return HeldFiles(tmp_path.joinpath)


def open_files(folder: Path) -> list[str]:
    """Return what this process has open below a folder; deleted files are marked."""
    found = []
    for descriptor in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):  # the one this folder is read with
            found.append(descriptor.readlink())
    return sorted(path.name for path in found if path.is_relative_to(folder))


def test_a_file_is_opened_once(tmp_path: Path, held: HeldFiles) -> None:
    (tmp_path / "a").write_bytes(b"0123456789")

    assert [held.read("a", at, at + 2) for at in (0, 4, 9, 20)] == [b"01", b"45", b"9", b""]
    assert open_files(tmp_path) == ["a"]


def test_a_replaced_file_is_read_anew(tmp_path: Path, held: HeldFiles) -> None:
    (tmp_path / "a").write_bytes(b"old")
    held.read("a", 0, 3)

    (tmp_path / "b").write_bytes(b"new")
    (tmp_path / "b").replace(tmp_path / "a")

    assert held.read("a", 0, 3) == b"new"
    assert open_files(tmp_path) == ["a"]


def test_a_deleted_file_is_gone_and_let_go_of(tmp_path: Path, held: HeldFiles) -> None:
    (tmp_path / "a").write_bytes(b"old")
    held.read("a", 0, 3)

    (tmp_path / "a").unlink()

    with pytest.raises(FileNotFoundError):
        held.read("a", 0, 3)
    assert open_files(tmp_path) == []


def test_a_forgotten_file_is_let_go_of(tmp_path: Path, held: HeldFiles) -> None:
    (tmp_path / "a").write_bytes(b"old")
    held.read("a", 0, 3)

    held.forget("a")

    assert open_files(tmp_path) == []


def test_no_more_files_are_held_than_allowed(
    tmp_path: Path, held: HeldFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(held_files, "MOST_HELD", 2)
    for name in "abc":
        (tmp_path / name).write_bytes(name.encode())

    assert [held.read(name, 0, 1) for name in "abac"] == [b"a", b"b", b"a", b"c"]
    assert open_files(tmp_path) == ["a", "c"]


def test_files_nobody_reads_any_more_are_let_go_of_with_the_next_read(
    tmp_path: Path, held: HeldFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in "ab":
        (tmp_path / name).write_bytes(name.encode())
    held.read("a", 0, 1)

    monkeypatch.setattr(held_files, "LONGEST_IDLE_S", 0.0)
    held.read("b", 0, 1)

    assert open_files(tmp_path) == ["b"]


def test_threads_that_read_while_files_are_let_go_of_get_their_bytes(
    tmp_path: Path, held: HeldFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(held_files, "MOST_HELD", 1)
    names = [str(number) for number in range(8)]
    for name in names:
        (tmp_path / name).write_bytes(name.encode() * 1000)

    def read(turn: int) -> bool:
        name = names[turn % len(names)]
        return held.read(name, 500, 600) == name.encode() * 100

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(read, range(2000)))
    assert len(open_files(tmp_path)) == 1
