"""Under which address the gateway is reached."""

import pytest

from archive_gateway.listening import Listener


@pytest.mark.parametrize(
    ("host", "tls", "address"),
    [
        ("127.0.0.1", False, "http://127.0.0.1:8080"),
        ("127.0.0.1", True, "https://localhost:8080"),
        ("0.0.0.0", False, "http://127.0.0.1:8080"),
        ("0.0.0.0", True, "https://localhost:8080"),
        ("::", False, "http://[::1]:8080"),
        ("archive.example", True, "https://archive.example:8080"),
        ("192.0.2.7", False, "http://192.0.2.7:8080"),
    ],
)
def test_the_address_says_how_this_machine_reaches_it(host: str, tls: bool, address: str) -> None:
    assert Listener(descriptor=3, host=host, port=8080).address(tls=tls) == address
