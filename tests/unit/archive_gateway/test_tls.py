"""The self-made certificate."""

import ipaddress
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from archive_gateway.tls import LIFETIME, ensure_certificate

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def read(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def test_it_is_for_this_machine_under_all_its_names(tmp_path: Path) -> None:
    certificate = read(ensure_certificate(tmp_path / "tls", now=NOW).certificate)

    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost"]
    assert names.get_values_for_type(x509.IPAddress) == [
        ipaddress.ip_address("127.0.0.1"),
        ipaddress.ip_address("::1"),
    ]


def test_it_can_sign_nothing_else(tmp_path: Path) -> None:
    extensions = read(ensure_certificate(tmp_path / "tls", now=NOW).certificate).extensions

    assert not extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert not extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign


def test_only_its_owner_reads_the_key(tmp_path: Path) -> None:
    key = ensure_certificate(tmp_path / "tls", now=NOW).key

    assert stat.S_IMODE(key.stat().st_mode) == 0o600


@pytest.mark.parametrize(("left", "kept"), [(timedelta(days=31), True), (timedelta(days=29), False)])
def test_it_is_kept_until_a_month_before_it_expires(tmp_path: Path, left: timedelta, kept: bool) -> None:
    first = ensure_certificate(tmp_path / "tls", now=NOW).certificate.read_bytes()

    second = ensure_certificate(tmp_path / "tls", now=NOW + LIFETIME - left).certificate.read_bytes()

    assert (second == first) is kept


def test_a_lost_key_means_a_new_certificate(tmp_path: Path) -> None:
    files = ensure_certificate(tmp_path / "tls", now=NOW)
    first = files.certificate.read_bytes()
    files.key.unlink()

    assert ensure_certificate(tmp_path / "tls", now=NOW).certificate.read_bytes() != first
    assert files.key.exists()
