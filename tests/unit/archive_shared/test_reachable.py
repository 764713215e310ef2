"""Which servers the health check of background containers knocks at."""

from dataclasses import replace

import pytest

from archive_shared import reachable
from archive_shared.settings import PlatformSettings

EMBEDDED = PlatformSettings(
    public_url="http://localhost",
    documents_url="sqlite:////data/documents",
    bus_url="sqlite:////data/bus.db",
    blobs_url="file:///data/blobs",
    secret=b"",
)
SERVERS = replace(
    EMBEDDED,
    documents_url="mongodb://user:pa@first,second:27018/archive?authSource=admin",
    bus_url="amqp://user:password@rabbitmq/vhost",
    blobs_url="s3://minio:9000?secure=0",
)


@pytest.fixture
def knocked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """Let every door stay closed, and note where was knocked."""
    knocked: list[tuple[str, int]] = []

    def refuse(address: tuple[str, int], **_: object) -> None:
        knocked.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr("socket.create_connection", refuse)
    return knocked


def test_embedded_stores_are_always_there(knocked: list[tuple[str, int]]) -> None:
    assert reachable.unreachable(EMBEDDED) == []
    assert knocked == []


def test_every_server_of_every_store_is_tried_at_its_port(knocked: list[tuple[str, int]]) -> None:
    assert reachable.unreachable(SERVERS) == ["first:27017", "second:27018", "rabbitmq:5672", "minio:9000"]


def test_passwords_are_not_told(knocked: list[tuple[str, int]]) -> None:
    assert "pa" not in "".join(reachable.unreachable(SERVERS))
