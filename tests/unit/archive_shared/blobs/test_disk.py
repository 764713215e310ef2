"""Durable file operations."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from archive_shared.blobs import disk
from archive_shared.blobs.disk import linked, make_folders, new_file, publish, remove_file
from archive_shared.errors import Unavailable


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files and folders that were written to disk, in order, under the names they had then."""
    paths: list[Path] = []
    real_fsync: Callable[[int], None] = os.fsync

    def fsync(descriptor: int) -> None:
        paths.append(Path(f"/proc/self/fd/{descriptor}").readlink())
        real_fsync(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    return paths


def test_bytes_are_on_disk_before_the_name_and_the_name_before_the_answer(
    tmp_path: Path, synced: list[Path]
) -> None:
    target = tmp_path / "a" / "b" / "file"

    with new_file(tmp_path) as file:
        file.write(b"bytes")
        temporary = Path(file.name)
        publish(file, target)

    assert target.read_bytes() == b"bytes"
    # Each folder's name is in the one above it; then the bytes; then the name in its folder.
    expected = [tmp_path, tmp_path / "a", temporary, tmp_path / "a" / "b"]
    assert synced in (expected, [temporary, *expected[:2], expected[3]])


def test_a_removed_name_is_removed_on_disk(tmp_path: Path, synced: list[Path]) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "file").touch()

    remove_file(tmp_path / "a" / "file", root=tmp_path)

    assert synced == [tmp_path / "a"]
    assert list(tmp_path.iterdir()) == []


def test_folders_with_something_in_them_stay(tmp_path: Path) -> None:
    make_folders(tmp_path / "a" / "b")
    (tmp_path / "a" / "b" / "file").touch()
    (tmp_path / "a" / "other").touch()

    remove_file(tmp_path / "a" / "b" / "file", root=tmp_path)

    assert [path.name for path in (tmp_path / "a").iterdir()] == ["other"]


def test_a_folder_that_vanishes_before_the_rename_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "folder" / "file"
    vanishing = iter([True, True, False])
    real_make_folders = make_folders

    def make_and_lose(folder: Path) -> None:
        real_make_folders(folder)
        if folder == target.parent and next(vanishing):
            folder.rmdir()

    monkeypatch.setattr(disk, "make_folders", make_and_lose)

    with new_file(tmp_path) as file:
        publish(file, target)

    assert target.exists()


def test_a_folder_that_always_vanishes_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk, "make_folders", lambda folder: None)

    with pytest.raises(Unavailable), new_file(tmp_path) as file:
        publish(file, tmp_path / "never" / "file")

    assert list(tmp_path.iterdir()) == []


def test_a_second_name_costs_no_bytes_and_outlives_the_first(tmp_path: Path) -> None:
    (tmp_path / "object").write_bytes(b"new")
    (tmp_path / "file").write_bytes(b"old")

    assert linked(tmp_path / "object", tmp_path / "file")

    (tmp_path / "object").unlink()
    assert (tmp_path / "file").read_bytes() == b"new"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_another_disk_takes_no_second_name(tmp_path: Path) -> None:
    assert not linked(Path("/proc/version"), tmp_path / "file")
    assert list(tmp_path.iterdir()) == []
