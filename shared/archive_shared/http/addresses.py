"""Tells from which address a request comes, for counting who guesses passwords or asks too often; it opens nothing."""

from collections.abc import Callable, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from flask import request

Address = IPv4Address | IPv6Address
ClientAddress = Callable[[], str | None]


def client_address(gateways: Sequence[str]) -> ClientAddress:
    """Return what tells where the present request comes from, None where that is not known.

    A gateway writes down in `X-Forwarded-For` who spoke to it. Everybody can send that header, so it counts only from
    the networks of the gateways, and there only its last entry. Who speaks to us over loopback is a proxy of which we know
    nothing: everybody would be the same.

    Raises
    ------
    ValueError
        One of the networks is none.
    """
    networks = [ip_network(gateway) for gateway in gateways]

    def tell() -> str | None:
        peer = _parsed(request.remote_addr)
        if peer is not None and any(peer in network for network in networks):
            peer = _parsed(request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip())
        return None if peer is None or peer.is_loopback else str(peer)

    return tell


def _parsed(text: str | None) -> Address | None:
    try:
        found = ip_address(text or "")
    except ValueError:
        return None
    mapped = (
        found.ipv4_mapped if isinstance(found, IPv6Address) else None
    )  # how IPv4 looks on a socket for both
    return mapped or found
