"""The socket that is opened before anything starts."""

import socket

import pytest

from archive_gateway.listening import PortTaken, listening


def test_a_taken_port_is_named_with_a_way_out() -> None:
    with listening("127.0.0.1", 0) as first:
        expected = rf"Port {first.port} is in use; choose another with PORT={first.port + 1}"

        with pytest.raises(PortTaken, match=expected), listening("127.0.0.1", first.port):
            pytest.fail("two listeners on one port")


def test_a_host_that_is_not_ours_is_named() -> None:
    with pytest.raises(PortTaken, match=r"Cannot listen on 192\.0\.2\.1"), listening("192.0.2.1", 0):
        pytest.fail("listening on somebody else's address")


def test_clients_wait_in_line_before_anybody_accepts() -> None:
    with listening("127.0.0.1", 0) as listener:
        client = socket.create_connection(("127.0.0.1", listener.port), timeout=5)
        client.close()


def test_the_port_is_free_afterwards() -> None:
    with listening("127.0.0.1", 0) as listener:
        port = listener.port

    with listening("127.0.0.1", port) as again:
        assert again.port == port
