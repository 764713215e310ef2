"""The feed on each of the two document stores."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from archive_shared.documents import Documents
from archive_shared.documents.mongo import MongoDocuments
from archive_shared.documents.sqlite import SqliteDocuments
from feed.bootstrap import COLLECTIONS
from tests.support.feed import FeedService, feed_service
from tests.support.receiver import Receiver, receiving
from tests.support.servers import MongoServer


@pytest.fixture(params=["sqlite", pytest.param("mongo", marks=pytest.mark.servers)])
def documents(request: pytest.FixtureRequest, quick_folder: Path) -> Iterator[Documents]:
    """A store nobody has used."""
    documents: Documents
    if request.param == "sqlite":
        documents = SqliteDocuments(quick_folder / "feed.db", COLLECTIONS)
    else:
        server: MongoServer = request.getfixturevalue("mongo_server")
        documents = MongoDocuments(server.url, server.database_name(), COLLECTIONS)
    yield documents
    documents.close()


@pytest.fixture
def feed(documents: Documents) -> FeedService:
    return feed_service(documents)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver
