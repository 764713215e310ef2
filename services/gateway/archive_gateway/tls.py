"""A self-made certificate for this machine, for clients that insist on https (the public API client does).

It certifies nothing but itself (CA:FALSE), so a client may trust the file as it is (`--cacert`, `SSL_CERT_FILE`)
without trusting anything else that it could have signed.
"""

import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from archive_gateway.data_folder import write_whole

LIFETIME = timedelta(days=365)
RENEWED_BEFORE = timedelta(days=30)
CLOCKS_DIFFER_BY = timedelta(hours=1)
NAMES = ("localhost",)
ADDRESSES = ("127.0.0.1", "::1")


@dataclass(frozen=True)
class Certificate:
    """The files a server is given; clients get the first one."""

    certificate: Path
    key: Path


def ensure_certificate(folder: Path, *, now: datetime) -> Certificate:
    """Return the certificate in the folder, made anew when there is none or it expires within a month."""
    files = Certificate(folder / "certificate.pem", folder / "key.pem")
    if not _is_good(files, now):
        folder.mkdir(mode=0o700, exist_ok=True)
        _make(files, now)
    return files


def _is_good(files: Certificate, now: datetime) -> bool:
    if not (files.certificate.exists() and files.key.exists()):
        return False
    present = x509.load_pem_x509_certificate(files.certificate.read_bytes())
    return now + RENEWED_BEFORE < present.not_valid_after_utc


def _make(files: Certificate, now: datetime) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = _certificate(key, now)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    write_whole(files.key, private.decode(), mode=0o600)
    write_whole(files.certificate, certificate.public_bytes(serialization.Encoding.PEM).decode())


def _certificate(key: ec.EllipticCurvePrivateKey, now: datetime) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "archive platform on this machine")])
    addresses = [x509.IPAddress(ipaddress.ip_address(address)) for address in ADDRESSES]
    alternatives = [*map(x509.DNSName, NAMES), *addresses]
    public = key.public_key()
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCKS_DIFFER_BY)
        .not_valid_after(now + LIFETIME)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_signatures_only(), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(public), critical=False)
        .sign(key, hashes.SHA256())
    )


def _signatures_only() -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
