"""archive-api on an empty folder, with somebody who edits an archive."""

from pathlib import Path

import pytest

from tests.support.archive_service import SITE, ArchiveService, archive_service


@pytest.fixture
def service(quick_folder: Path) -> ArchiveService:
    return archive_service(quick_folder)


@pytest.fixture
def editor(service: ArchiveService) -> str:
    return service.people.add_person("editor")


@pytest.fixture
def archive(service: ArchiveService, editor: str) -> str:
    return service.archive(editor=editor)


@pytest.fixture
def item(service: ArchiveService, editor: str, archive: str) -> str:
    """Return the address of an item without values."""
    body = {"archive": f"{SITE}/api/v1/archives/{archive}/"}
    path: str = service.call("POST", "/api/v1/archives/items/", editor, json=body).json["api_url"]
    return path
