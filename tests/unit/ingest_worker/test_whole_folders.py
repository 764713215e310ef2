"""A child is told a folder in place of its files only where that gives it nothing but them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ingest_worker.adapters.whole_folders import FEWEST, with_whole_folders


def many_files(folder: Path, count: int = FEWEST) -> list[str]:
    folder.mkdir(exist_ok=True)
    paths = [folder / f"{number}.dcm" for number in range(count)]
    for path in paths:
        path.write_bytes(b"x")
    return [str(path) for path in paths]


def test_many_files_that_are_all_there_is_in_a_folder_are_told_as_the_folder(tmp_path: Path) -> None:
    series, few = many_files(tmp_path / "series"), many_files(tmp_path / "few", 2)

    assert sorted(with_whole_folders([*series, *few])) == sorted([str(tmp_path / "series"), *few])


def another_file(folder: Path) -> None:
    (folder / "not for them.txt").write_bytes(b"secret")


def a_folder(folder: Path) -> None:
    (folder / "results").mkdir()


def a_link(folder: Path) -> None:
    place = folder.parent / "elsewhere"
    (folder / "0.dcm").rename(place)
    (folder / "0.dcm").symlink_to(place)


def a_file_that_is_gone(folder: Path) -> None:
    (folder / "0.dcm").unlink()


@pytest.mark.parametrize("with_more", [another_file, a_folder, a_link, a_file_that_is_gone])
def test_files_are_told_one_by_one_if_their_folder_holds_anything_else(
    tmp_path: Path, with_more: Callable[[Path], None]
) -> None:
    files = many_files(tmp_path / "series")
    with_more(tmp_path / "series")

    assert sorted(with_whole_folders(files)) == sorted(files)


def test_files_of_a_folder_that_is_gone_are_told_one_by_one(tmp_path: Path) -> None:
    files = [str(tmp_path / "gone" / str(number)) for number in range(FEWEST)]

    assert sorted(with_whole_folders(files)) == sorted(files)
