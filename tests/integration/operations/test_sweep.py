"""`archivectl sweep`: removes what nothing refers to, and tells what it would."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from archive_api.bootstrap import COLLECTIONS
from archive_api.domain.image import IMAGES, Image
from archive_shared.documents import Repository
from archive_shared.documents.connect import connect_documents
from archive_shared.identifiers import new_id
from archive_shared.operations.cli_sweep import settings_of
from archive_shared.operations.places import addresses_in
from tests.integration.operations.conftest import Ctl
from tests.support.imports import an_import


@pytest.fixture
def blobs(ctl: Ctl, tmp_path: Path) -> Path:
    ctl.environment["ARCHIVE_BLOBS_URL"] = f"file://{tmp_path / 'blobs'}"
    return tmp_path / "blobs"


@pytest.fixture
def images(documents_url: str) -> Iterator[Repository[Image]]:
    with closing(connect_documents(documents_url, "archive-api", COLLECTIONS)) as documents:
        yield Repository(documents, IMAGES.name, Image, source="archive-api")


def test_a_dry_run_lists_and_the_next_run_takes_the_first_step(
    ctl: Ctl, blobs: Path, images: Repository[Image]
) -> None:
    long_ago = datetime.now(UTC) - timedelta(days=30)
    unused = images.add(Image.imported(an_import(image=new_id()), at=long_ago))

    [found] = ctl.json("sweep", "--dry-run")
    assert (found["service"], found["kind"], found["name"]) == ("archive-api", "image", unused.id)
    assert found["stage"] == "waiting"
    assert images.require(unused.id).leaving_since is None

    ctl.json("sweep")
    assert images.require(unused.id).leaving_since is not None
    assert unused.id in ctl.text("sweep", "--dry-run")


def test_nothing_to_sweep_is_told(ctl: Ctl, blobs: Path) -> None:
    assert ctl.text("sweep") == "Everything is in use.\n"


def test_the_folder_of_one_machine_is_enough_to_sweep_it(tmp_path: Path) -> None:
    settings = settings_of(addresses_in(tmp_path))

    assert settings.blobs_url == f"file://{tmp_path / 'blobs'}"
    assert len(settings.secret) >= 32
