"""Whether the stores and the bus a process works with can be reached from where it is; part of its health."""

import socket
from urllib.parse import urlsplit

from archive_shared.settings import PlatformSettings

TIMEOUT_S = 3.0
DEFAULT_PORTS = {"amqp": 5672, "amqps": 5671, "mongodb": 27017, "s3": 443}


def unreachable(settings: PlatformSettings) -> list[str]:
    """Return the hosts that accept no connection; embedded stores have no host and are always there."""
    urls = (settings.documents_url, settings.bus_url, settings.blobs_url)
    servers = [server for url in urls for server in _servers(url)]
    return [f"{host}:{port}" for host, port in servers if not _accepts(host, port)]


def _servers(url: str) -> list[tuple[str, int]]:
    """Return host and port of every server an address names; MongoDB's may name several."""
    address = urlsplit(url)
    if address.scheme not in DEFAULT_PORTS:
        return []
    hosts = [urlsplit(f"//{host}") for host in address.netloc.rpartition("@")[2].split(",")]
    return [(host.hostname or "", host.port or DEFAULT_PORTS[address.scheme]) for host in hosts]


def _accepts(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), timeout=TIMEOUT_S).close()
    except OSError:
        return False
    return True
