"""The brokers under contract: a test that asks for `bus` runs on the embedded one, and on RabbitMQ."""

from pathlib import Path

import pytest

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
def embedded_bus(tmp_path: Path) -> Bus:
    return Bus(f"sqlite:///{tmp_path / 'bus.db'}")


@pytest.fixture
def rabbitmq_bus(rabbitmq_server: RabbitMQServer) -> Bus:
    return Bus(rabbitmq_server.vhost())
