"""Connections to the broker the settings name; every consumer and worker starts here."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import amqp
import structlog
from kombu.connection import Connection as Connection  # noqa: PLC0414 (exported: only this package imports kombu)
from kombu.exceptions import KombuError

from archive_shared.backoff import backoff_s
from archive_shared.errors import Unavailable
from archive_shared.messaging.declaring import KombuBroker, declare
from archive_shared.messaging.embedded import TRANSPORT, is_embedded, transport_options
from archive_shared.messaging.topology import Topology, platform_topology

HEARTBEAT_S = 30
CONNECT_TIMEOUT_S = 5.0
HANG_UP_TIMEOUT_S = 1.0
FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 5.0

log = structlog.get_logger()

Connect = Callable[[], Connection]
"""Opens a new connection; what `consume` and `Worker` are given instead of a connection."""


def connect(
    url: str,
    *,
    topology: Topology | None = None,
    visibility_timeout_s: float = 30.0,
    connect_timeout_s: float = CONNECT_TIMEOUT_S,
    heartbeat_s: int = HEARTBEAT_S,
) -> Connection:
    """Open a connection and declare the platform's topology, or the one given, on it.

    Parameters
    ----------
    url
        `amqp://user:password@host:port/vhost`, or `sqlite:////absolute/path/bus.db` for the embedded broker.
    visibility_timeout_s
        On the embedded broker, after how long a message taken by a process that died comes back.

    Raises
    ------
    Unavailable
        The broker does not answer or does not let us in.
    """
    connection = _connection(url, visibility_timeout_s, connect_timeout_s, heartbeat_s)
    try:
        with broker_errors(connection):
            connection.ensure_connection(max_retries=1, interval_start=0, reraise_as_library_errors=False)
            broker = KombuBroker(connection)
            declare(topology or platform_topology(), broker)
            broker.close()
    except Unavailable:
        hang_up(connection)
        raise
    return connection


def connecting(url: str, **options: Any) -> Connect:
    """Return `connect` with everything filled in."""
    return partial(connect, url, **options)


def hang_up(connection: Connection) -> None:
    """Say good-bye and drop a connection; unlike `close` it never waits long for a broker that does not answer.

    kombu's `collect(socket_timeout=...)` would change the timeout of all sockets that other threads make meanwhile,
    and for good when two threads do it at once. So it is this connection's socket that gets the timeout.
    """
    driver = connection._connection  # the public property would connect again
    if not isinstance(driver, amqp.Connection):
        connection.collect()
        return
    transport = driver._transport  # so would its public name, once the broker has closed the connection
    if transport is not None and transport.sock is not None:
        transport.sock.settimeout(HANG_UP_TIMEOUT_S)
    try:
        connection.collect()
    finally:
        driver.collect()


def stay_connected(connect: Connect, use: Callable[[Connection], None], stop: threading.Event) -> None:
    """Open a connection and use it, and again whenever something it needs is gone, until asked to stop.

    `use` returns when it is asked to stop, and raises `Unavailable` when it cannot go on with this connection.
    """
    failures = 0
    while not stop.is_set():
        began_s = time.monotonic()
        try:
            with closing_down(connect()) as connection:
                use(connection)
        except Unavailable as error:
            failures = 1 if time.monotonic() - began_s > LONGEST_PAUSE_S else failures + 1
            pause_s = backoff_s(failures, first_s=FIRST_PAUSE_S, longest_s=LONGEST_PAUSE_S)
            log.warning("connection given up", reason=str(error), again_in_s=round(pause_s, 2))
            stop.wait(pause_s)


@contextmanager
def closing_down(connection: Connection) -> Iterator[Connection]:
    """Hang up at the end, whatever happens."""
    try:
        yield connection
    finally:
        hang_up(connection)


@contextmanager
def broker_errors(connection: Connection) -> Iterator[None]:
    """Translate whatever a driver raises when the broker is gone or refuses; then the connection is of no use."""
    errors = (
        *connection.connection_errors,
        *connection.recoverable_connection_errors,
        *connection.channel_errors,
        *connection.recoverable_channel_errors,
        KombuError,
        OSError,
    )
    try:
        yield
    except errors as error:
        raise Unavailable(f"the broker does not answer: {type(error).__name__}: {error}") from error


def _connection(
    url: str, visibility_timeout_s: float, connect_timeout_s: float, heartbeat_s: int
) -> Connection:
    if is_embedded(url):
        return Connection(
            transport=TRANSPORT,
            transport_options=transport_options(url, visibility_timeout_s=visibility_timeout_s),
        )
    return Connection(
        url,
        heartbeat=heartbeat_s,
        connect_timeout=connect_timeout_s,
        transport_options={"confirm_publish": True},
    )
