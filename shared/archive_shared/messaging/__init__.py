"""The bus: facts (events) that whoever is interested gets, and hints that there is work to do.

Two brokers behind kombu: RabbitMQ, and on one machine a crash-safe one in a SQLite file. Only relays publish;
consumers act on what they get and acknowledge afterwards. Contract suite: `tests/contract/bus`.
"""

from archive_shared.messaging.connection import Connect, connect
from archive_shared.messaging.consumer import Handler, consume
from archive_shared.messaging.publisher import Publisher, connect_publisher

__all__ = ["Connect", "Handler", "Publisher", "connect", "connect_publisher", "consume"]
