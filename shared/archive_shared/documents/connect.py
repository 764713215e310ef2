"""Chooses the document store by the scheme of its address; every service's bootstrap calls it."""

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from archive_shared.documents.port import Collection, Documents

_DEFAULT_PREFIX = "archive"


def connect_documents(url: str, service: str, collections: Sequence[Collection]) -> Documents:
    """Open a service's own database and create what its collections declare.

    Parameters
    ----------
    url
        `sqlite:////folder` keeps the file `<service>.db` in that folder (absolute with four slashes, relative
        to the working directory with three). `mongodb://host/prefix` (or `mongodb+srv:`) uses the database
        `<prefix>_<service>`, `archive_<service>` without a prefix; who logs in somewhere else than in
        `admin` says so with `authSource`.
    service
        As in the folder's name, `archive-api`.

    Raises
    ------
    Unavailable
        The database does not answer.
    ValueError
        The address has another scheme.
    """
    scheme = urlsplit(url).scheme
    if scheme == "sqlite":
        return _sqlite(url, service, collections)
    if scheme in ("mongodb", "mongodb+srv"):
        return _mongo(url, service, collections)
    raise ValueError(f"documents are kept at sqlite: or mongodb: addresses, not {scheme!r}")


def _sqlite(url: str, service: str, collections: Sequence[Collection]) -> Documents:
    from archive_shared.documents.sqlite import SqliteDocuments  # noqa: PLC0415 (only what is used is loaded)

    return SqliteDocuments(Path(url.removeprefix("sqlite:///")) / f"{service}.db", collections)


def _mongo(url: str, service: str, collections: Sequence[Collection]) -> Documents:
    from archive_shared.documents.mongo import MongoDocuments  # noqa: PLC0415 (pymongo is slow to load, and unused embedded)

    address = urlsplit(url)
    prefix = address.path.strip("/") or _DEFAULT_PREFIX
    # Without its path: to the driver that names the database to log in to.
    server = address._replace(path="/").geturl()
    return MongoDocuments(server, f"{prefix}_{service.replace('-', '_')}", collections)
