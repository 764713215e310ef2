"""Where `archivectl` looks: the folder it is told, else what the environment names, else ./data."""

from pathlib import Path

import pytest

from archive_gateway.data_folder import DataFolder
from archive_gateway.settings import part_environment
from archive_shared.errors import NotFound
from archive_shared.operations.places import addresses_in, choose_addresses
from archive_shared.settings import StoreAddresses

NAMED = StoreAddresses("mongodb://mongo/archive", "amqp://rabbitmq/archive", "s3://minio:9000")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The folder of a platform, `data` in the present one."""
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "bus.db").touch()
    return folder


def test_the_environment_counts(monkeypatch: pytest.MonkeyPatch, data: Path) -> None:
    monkeypatch.chdir(data.parent)

    assert choose_addresses(None, NAMED) == NAMED


def test_a_folder_that_is_named_counts_more(data: Path) -> None:
    assert choose_addresses(data, NAMED) == addresses_in(data)


def test_what_nobody_names_is_in_the_data_folder(monkeypatch: pytest.MonkeyPatch, data: Path) -> None:
    monkeypatch.chdir(data.parent)

    assert choose_addresses(None, StoreAddresses()) == addresses_in(data)
    assert choose_addresses(None, StoreAddresses(documents_url=NAMED.documents_url)) == StoreAddresses(
        NAMED.documents_url, addresses_in(data).bus_url, addresses_in(data).blobs_url
    )


def test_a_place_without_a_platform_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="name the platform's folder"):
        choose_addresses(tmp_path, StoreAddresses())


def test_the_folder_is_laid_out_as_the_supervisor_does(data: Path) -> None:
    environment = part_environment({}, DataFolder(data), address="http://site.test")

    assert addresses_in(data) == StoreAddresses(
        environment["ARCHIVE_DOCUMENTS_URL"], environment["ARCHIVE_BUS_URL"], environment["ARCHIVE_BLOBS_URL"]
    )
