"""Permissions over HTTP on a document store of its own."""

from collections.abc import Iterator

import pytest

from tests.support.folders import folder_in_memory
from tests.support.permissions_service import PermissionsService, permissions_service


@pytest.fixture
def service() -> Iterator[PermissionsService]:
    """Nobody is there yet."""
    with folder_in_memory() as folder:
        yield permissions_service(folder)


@pytest.fixture
def world(service: PermissionsService) -> PermissionsService:
    """An archive with an editor (ed), an uploader (up) and a user (us); a stranger (out) and an administrator (root)."""
    service.administrator("root")
    service.people("ed", "up", "us", "out")
    service.archive("ed")
    service.give("up", "uploader", by="ed")
    service.give("us", "user", by="ed")
    return service
