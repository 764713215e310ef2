"""Where webhooks may lead: addresses of the open internet, unless the operator opens a network of their own.

The rules against making us call what only we can reach (server-side request forgery). They are applied to the
addresses a name resolves to, both when a webhook is made and at each call; how they are applied there, and that the
address that was checked is the one connected to, is `feed.adapters.egress`.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

LONGEST_URL = 1000
OPEN_PORTS = (443, 8443)
_DEFAULT_PORTS = {"http": 80, "https": 443}

# Stricter than RFC 3986: no user information, no fragment, nothing that parsers have disagreed about.
_URL = re.compile(
    r"(?P<scheme>https?)://(?P<host>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])"
    r"(?::(?P<port>[0-9]{1,5}))?(?P<target>/[A-Za-z0-9._~!$&'()*+,;=:@%/?-]*)?"
)

# What `is_global` of Python 3.11 lets pass or has changed its mind about: ways to write IPv4 in IPv6 (mapped,
# compatible, NAT64, Teredo, 6to4), and everything that is not (yet) handed out as unicast.
_IPV6_UNICAST = IPv6Network("2000::/3")
_IPV6_TUNNELS = (IPv6Network("2001::/32"), IPv6Network("2002::/16"))
_IPV4_REFUSED = (IPv4Network("192.0.0.0/24"), IPv4Network("192.88.99.0/24"))


class Refused(Exception):
    """A webhook must not lead there; the message is meant for its owner and names no address of ours."""


@dataclass(frozen=True)
class Destination:
    """An address of a webhook, taken apart once; what is called is put together from these parts.

    Parameters
    ----------
    host
        A name, or an address without brackets.
    target
        Path and query.
    """

    scheme: str
    host: str
    port: int
    target: str

    @property
    def authority(self) -> str:
        """Return host and port as the header Host has them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"


@dataclass(frozen=True)
class NetworkPolicy:
    """Which addresses may be called.

    Parameters
    ----------
    opened
        Networks of the operator's own: any port, and http without TLS, are fine there.
    """

    opened: tuple[Network, ...] = ()

    @classmethod
    def of(cls, networks: Collection[str]) -> "NetworkPolicy":
        """Read networks as operators write them (10.20.0.0/16); raise `ValueError` for what is none."""
        return cls(tuple(ip_network(network) for network in networks))

    def check(self, destination: Destination, addresses: Collection[str]) -> None:
        """Raise `Refused` unless every one of the addresses its host resolves to may be called.

        Every one, because whoever controls the name may mix addresses, and order.
        """
        if not addresses:
            raise Refused("The host has no address.")
        found = [_address(text) for text in addresses]
        if all(self._is_opened(address) for address in found):
            return
        if not all(is_public(address) or self._is_opened(address) for address in found):
            raise Refused("The host does not lead to a public address.")
        if destination.scheme != "https":
            raise Refused("Only https is called.")
        if destination.port not in OPEN_PORTS:
            raise Refused(f"Only these ports are called: {', '.join(map(str, OPEN_PORTS))}.")

    def _is_opened(self, address: Address) -> bool:
        return any(address.version == network.version and address in network for network in self.opened)


def parse(url: str) -> Destination:
    """Take an address apart; raise `Refused` when it is not one that may be called."""
    found = _URL.fullmatch(url) if len(url) <= LONGEST_URL else None
    if found is None:
        raise Refused(
            "Must be like https://host/path, without user, password or fragment, in ASCII letters only."
        )
    scheme = found["scheme"]
    port = int(found["port"] or _DEFAULT_PORTS[scheme])
    if not 0 < port < 65536:
        raise Refused("The port does not exist.")
    return Destination(scheme, found["host"].strip("[]").lower(), port, found["target"] or "/")


def is_public(address: Address) -> bool:
    """Tell whether it belongs to the open internet: one host, reachable by everybody."""
    if address.is_multicast or not address.is_global:
        return False
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _IPV4_REFUSED)
    return address in _IPV6_UNICAST and not any(address in network for network in _IPV6_TUNNELS)


def _address(text: str) -> Address:
    """Read an address; an IPv4 address written as IPv6 is the IPv4 address, which is what is connected to."""
    try:
        address = ip_address(text)
    except ValueError as error:  # such as fe80::1%eth0 of an unknown kind
        raise Refused("The host does not lead to a public address.") from error
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address
