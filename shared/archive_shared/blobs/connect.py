"""Opens the blob store an address stands for; every service's `bootstrap` calls it, once per bucket.

Adapters are imported when they are chosen, so that a single machine never loads the S3 client.
"""

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from archive_shared.blobs.port import BlobStore


@dataclass(frozen=True)
class BlobSettings:
    """Where the bytes are.

    Parameters
    ----------
    url
        `file:///absolute/folder`, or `s3://host:port?region=us-east-1&secure=1` (both with these defaults).
    public_url
        Address under which clients outside reach the bytes: for a folder that of the site which serves
        its `/blobs/`, for S3 that of the S3 server (empty: the same address we use).
    access_key, secret_key
        For S3.
    link_secret
        For a folder; signs links, at least 16 bytes.
    """

    url: str
    public_url: str = ""
    access_key: str = field(default="", repr=False)
    secret_key: str = field(default="", repr=False)
    link_secret: bytes = field(default=b"", repr=False)


def connect_blobs(settings: BlobSettings, bucket: str) -> BlobStore:
    """Return the store of one bucket. A folder is made at once, S3 is not talked to yet.

    Raises
    ------
    ValueError
        The address is neither of the two kinds, or something it needs is missing.
    """
    scheme = urlsplit(settings.url).scheme
    if scheme == "file":
        return _folder(settings, bucket)
    if scheme == "s3":
        return _s3(settings, bucket)
    raise ValueError(f"blobs are kept under file:// or s3://, not {scheme!r}")


def _folder(settings: BlobSettings, bucket: str) -> BlobStore:
    from archive_shared.blobs.folder import FolderBlobStore  # noqa: PLC0415 (chosen by the settings)
    from archive_shared.blobs.links import LinkSigner  # noqa: PLC0415 (chosen by the settings)

    address = urlsplit(settings.url)
    if address.netloc or not address.path.startswith("/"):
        raise ValueError("the folder for blobs must be absolute: file:///folder")
    signer = LinkSigner(settings.link_secret)
    root = Path(unquote(address.path))
    return FolderBlobStore(root, bucket=bucket, signer=signer, public_url=settings.public_url)


def _s3(settings: BlobSettings, bucket: str) -> BlobStore:
    from archive_shared.blobs.s3 import S3BlobStore  # noqa: PLC0415 (chosen by the settings)

    address = urlsplit(settings.url)
    if not (address.netloc and settings.access_key and settings.secret_key):
        raise ValueError("blobs on S3 need a host, an access key and a secret key")
    options = {"region": "us-east-1", "secure": "1"} | dict(parse_qsl(address.query))
    if options.keys() != {"region", "secure"} or options["secure"] not in {"0", "1"}:
        raise ValueError("an s3:// address takes region=<name> and secure=0 or secure=1, nothing else")
    return S3BlobStore(
        address.netloc,
        bucket,
        access_key=settings.access_key,
        secret_key=settings.secret_key,
        region=options["region"],
        secure=options["secure"] == "1",
        public_endpoint=settings.public_url or None,
    )
