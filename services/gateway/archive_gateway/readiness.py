"""Asks the gateway whether the platform is ready; the supervisor does so until it is."""

import http.client
import ssl
from pathlib import Path
from urllib.parse import urlsplit

TIMEOUT_S = 1.0


def answers(address: str, *, certificate: Path | None = None) -> bool:
    """Tell whether `/readyz` says that everything is there; waits a second at most."""
    connection = _connection(address, certificate)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _connection(address: str, certificate: Path | None) -> http.client.HTTPConnection:
    target = urlsplit(address)
    host, port = target.hostname or "", target.port
    if certificate is None:
        return http.client.HTTPConnection(host, port, timeout=TIMEOUT_S)
    context = ssl.create_default_context(cafile=certificate)
    return http.client.HTTPSConnection(host, port, timeout=TIMEOUT_S, context=context)
