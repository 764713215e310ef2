"""RabbitMQ as another service of the platform finds it."""

import pytest

from tests.support.bus import Bus
from tests.support.rabbitmq import RabbitMQServer


@pytest.fixture
def bus(rabbitmq_server: RabbitMQServer) -> Bus:
    """A broker that nobody has used."""
    return Bus(rabbitmq_server.vhost())
