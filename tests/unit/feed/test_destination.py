"""Webhooks lead to the open internet, or to networks the operator opened, and nowhere else."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feed.domain.destination import Destination, NetworkPolicy, Refused, is_public, parse

NOT_PUBLIC = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",  # where clouds tell secrets
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",  # IPv4-compatible
    "::ffff:127.0.0.1",  # IPv4-mapped
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::7f00:1",  # NAT64
    "64:ff9b:1::7f00:1",
    "100::1",
    "2001::7f00:1",  # Teredo
    "2001:db8::1",
    "2002:7f00:1::1",  # 6to4
    "fc00::1",
    "fd00::1",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "not an address",
]
PUBLIC = ["1.1.1.1", "8.8.8.8", "93.184.216.34", "172.32.0.1", "2606:4700:4700::1111", "::ffff:8.8.8.8"]
HTTPS = Destination("https", "example.org", 443, "/")
CLOSED = NetworkPolicy()


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_an_address_that_is_not_public_is_refused_even_beside_a_public_one(address: str) -> None:
    for addresses in ([address], ["1.1.1.1", address], [address, "1.1.1.1"]):
        with pytest.raises(Refused, match="public address"):
            CLOSED.check(HTTPS, addresses)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_may_be_called(address: str) -> None:
    CLOSED.check(HTTPS, [address])


@given(address=st.ip_addresses(v=4))
def test_no_ipv4_address_is_public_in_any_disguise_unless_it_is_public(
    address: ipaddress.IPv4Address,
) -> None:
    reserved = address.is_private or address.is_reserved or address.is_loopback or address.is_link_local
    if reserved or address.is_multicast:
        assert not is_public(address)
    disguises = [
        f"::{address}",
        f"64:ff9b::{address}",
        str(ipaddress.IPv6Address(0x2002 << 112 | int(address) << 80)),
        str(ipaddress.IPv6Address(0x20010000 << 96 | int(address) ^ 0xFFFFFFFF)),
    ]
    for disguise in disguises:
        with pytest.raises(Refused):
            CLOSED.check(HTTPS, [disguise])
    try:
        CLOSED.check(HTTPS, [f"::ffff:{address}"])
    except Refused:
        assert not is_public(address)
    else:
        assert is_public(address)


@given(address=st.ip_addresses(v=6))
def test_no_ipv6_address_outside_of_unicast_is_public(address: ipaddress.IPv6Address) -> None:
    if address.is_private or address.is_multicast or address.is_link_local or int(address) >> 125 != 1:
        assert not is_public(address)


def test_a_host_without_address_is_refused() -> None:
    with pytest.raises(Refused, match="no address"):
        CLOSED.check(HTTPS, [])


@pytest.mark.parametrize(
    "url", ["http://example.org/", "https://example.org:22/", "https://example.org:8080/"]
)
def test_public_addresses_are_called_with_tls_at_web_ports_only(url: str) -> None:
    with pytest.raises(Refused):
        CLOSED.check(parse(url), ["1.1.1.1"])


def test_in_a_network_the_operator_opened_port_and_scheme_are_free() -> None:
    policy = NetworkPolicy.of(["10.20.0.0/16", "fd00:1::/32"])
    destination = parse("http://hook.internal:9000/x")

    policy.check(destination, ["10.20.3.4", "fd00:1::7", "::ffff:10.20.0.1"])
    for addresses in (["10.21.0.1"], ["10.20.3.4", "10.21.0.1"], ["10.20.3.4", "1.1.1.1"]):
        with pytest.raises(Refused):
            policy.check(destination, addresses)


def test_a_network_that_is_none_is_named() -> None:
    with pytest.raises(ValueError, match=r"10\.0\.0\.1/8"):
        NetworkPolicy.of(["10.0.0.1/8"])


@pytest.mark.parametrize(
    ("url", "destination", "authority"),
    [
        ("https://Example.org", Destination("https", "example.org", 443, "/"), "example.org"),
        (
            "https://example.org:8443/a?b=c%20d",
            Destination("https", "example.org", 8443, "/a?b=c%20d"),
            "example.org:8443",
        ),
        ("http://10.0.0.1/", Destination("http", "10.0.0.1", 80, "/"), "10.0.0.1"),
        (
            "https://[2606:4700::1111]/x",
            Destination("https", "2606:4700::1111", 443, "/x"),
            "[2606:4700::1111]",
        ),
    ],
)
def test_an_address_is_taken_apart(url: str, destination: Destination, authority: str) -> None:
    assert parse(url) == destination
    assert parse(url).authority == authority


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.org",
        "ftp://example.org/",
        "file:///etc/passwd",
        "gopher://example.org/",
        "https:///x",
        "https://user@example.org/",
        "https://user:secret@example.org/",
        "https://example.org@127.0.0.1/",
        "https://example.org\\@127.0.0.1/",
        "https://example.org#@127.0.0.1/",
        "https://example.org?x",
        "https://example.org/#x",
        "https://example.org/a b",
        "https://example.org/\r\nHost: internal",
        "https://example.org/é",
        "https://ex\u00e4mple.org/",
        "https://\u2460\u2461\u2466.0.0.1/",  # digits in circles
        "https://example.org:0/",
        "https://example.org:65536/",
        "https://example.org:99999999999/",
        "https://[fe80::1%25eth0]/",
        "https://.example.org/",
        " https://example.org/",
        "https://example.org/\n",
        "https://example.org/" + "x" * 1000,
    ],
)
def test_an_address_that_could_be_read_in_two_ways_is_refused(url: str) -> None:
    with pytest.raises(Refused):
        parse(url)
