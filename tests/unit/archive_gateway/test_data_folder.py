"""The folder that holds everything."""

import json
import stat
from pathlib import Path

import pytest

from archive_gateway.data_folder import DataFolder, FolderInUse, write_whole


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    return DataFolder(tmp_path / "data")


def test_the_secret_is_made_once_and_only_its_owner_reads_it(folder: DataFolder) -> None:
    with folder.in_use():
        first = folder.secret()

    with folder.in_use():
        assert folder.secret() == first
    assert len(first) >= 32
    assert stat.S_IMODE((folder.path / "secret").stat().st_mode) == 0o600


def test_two_installations_have_different_secrets(tmp_path: Path) -> None:
    one, two = DataFolder(tmp_path / "one"), DataFolder(tmp_path / "two")

    with one.in_use(), two.in_use():
        assert one.secret() != two.secret()


def test_a_second_supervisor_is_refused_and_told_who_is_there(folder: DataFolder) -> None:
    with folder.in_use():
        folder.save_state({"pid": 4711, "address": "http://localhost:8080"})

        with (
            pytest.raises(FolderInUse, match=r"process 4711 serves it on http://localhost:8080"),
            folder.in_use(),
        ):
            pytest.fail("two supervisors on one folder")

        assert json.loads(folder.state.read_text())["pid"] == 4711


def test_a_refused_second_supervisor_without_state_file_gets_a_sentence(folder: DataFolder) -> None:
    with folder.in_use(), pytest.raises(FolderInUse, match="Another supervisor"), folder.in_use():
        pytest.fail("two supervisors on one folder")


def test_the_state_file_is_gone_after_a_clean_stop(folder: DataFolder) -> None:
    with folder.in_use():
        folder.save_state({"pid": 1})

    assert not folder.state.exists()
    with folder.in_use():
        pass


def test_what_a_killed_supervisor_left_is_not_believed(folder: DataFolder) -> None:
    folder.path.mkdir()
    folder.save_state({"pid": 1, "ready": True})

    with folder.in_use():
        assert not folder.state.exists()


def test_a_file_is_replaced_whole_even_after_a_crash_left_a_half_one(tmp_path: Path) -> None:
    place = tmp_path / "file"
    write_whole(place, "old")
    place.with_name("file.new").write_text("ha")

    write_whole(place, "new", mode=0o600)

    assert place.read_text() == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
