"""The adapters under contract: a test that asks for `documents` runs on SQLite, and on a MongoDB-wire server."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from archive_shared.documents import Documents
from tests.support.document_stores import Place
from tests.support.servers import MongoServer


@pytest.fixture(params=["sqlite", pytest.param("mongo", marks=pytest.mark.servers)])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """A database that does not exist yet."""
    if request.param == "sqlite":
        return Place(str(tmp_path / "documents.db"))
    server: MongoServer = request.getfixturevalue("mongo_server")
    return Place(server.url, server.database_name())


@pytest.fixture
def documents(place: Place) -> Iterator[Documents]:
    with place.opened() as documents:
        yield documents
