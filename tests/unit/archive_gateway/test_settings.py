"""The environment every part gets."""

from pathlib import Path

import pytest

from archive_gateway.data_folder import DataFolder
from archive_gateway.settings import part_environment

ADDRESS = "http://localhost:8080"


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    return DataFolder(tmp_path)


def test_without_any_setting_everything_is_embedded(folder: DataFolder) -> None:
    environment = part_environment({"PATH": "/bin"}, folder, address=ADDRESS)

    assert environment["PATH"] == "/bin"
    assert environment["ARCHIVE_PUBLIC_URL"] == ADDRESS
    assert environment["ARCHIVE_DOCUMENTS_URL"] == f"sqlite:///{folder.documents}"
    assert environment["ARCHIVE_BUS_URL"] == f"sqlite:///{folder.bus}"
    assert environment["ARCHIVE_BLOBS_URL"] == f"file://{folder.blobs}"
    assert environment["ARCHIVE_SECRET"] == (folder.path / "secret").read_text()


@pytest.mark.parametrize(
    "name",
    ["PUBLIC_URL", "DOCUMENTS_URL", "BUS_URL", "BLOBS_URL", "SECRET", "LOG_LEVEL", "LOG_JSON"],
)
def test_what_the_environment_says_wins(folder: DataFolder, name: str) -> None:
    environment = part_environment({f"ARCHIVE_{name}": "given"}, folder, address=ADDRESS)

    assert environment[f"ARCHIVE_{name}"] == "given"


def test_a_given_secret_is_not_written_down(folder: DataFolder) -> None:
    part_environment({"ARCHIVE_SECRET": "given"}, folder, address=ADDRESS)

    assert not (folder.path / "secret").exists()


def test_blobs_under_a_folder_with_a_space_have_a_valid_address(tmp_path: Path) -> None:
    environment = part_environment({}, _made(DataFolder(tmp_path / "my data")), address=ADDRESS)

    assert environment["ARCHIVE_BLOBS_URL"].endswith("/my%20data/blobs")


def _made(folder: DataFolder) -> DataFolder:
    folder.path.mkdir()
    return folder
