"""One small service on each of the two buses."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from archive_shared.documents.sqlite import SqliteDocuments
from tests.support.announcing import open_documents
from tests.support.bus import Bus
from tests.support.rabbitmq import RabbitMQServer


@pytest.fixture(params=["embedded", pytest.param("rabbitmq", marks=pytest.mark.servers)])
def bus(request: pytest.FixtureRequest, tmp_path: Path) -> Bus:
    """A bus nobody has used."""
    if request.param == "embedded":
        return Bus(f"sqlite:///{tmp_path / 'bus.db'}")
    server: RabbitMQServer = request.getfixturevalue("rabbitmq_server")
    return Bus(server.vhost())


@pytest.fixture
def documents(tmp_path: Path) -> Iterator[SqliteDocuments]:
    documents = open_documents(tmp_path)
    yield documents
    documents.close()
