"""Chooses the document store by the scheme of its address; every service's bootstrap calls it."""

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from archive_shared.bells import Bell, Bells
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

    return SqliteDocuments(sqlite_folder(url) / f"{service}.db", collections)


def _mongo(url: str, service: str, collections: Sequence[Collection]) -> Documents:
    from archive_shared.documents.mongo import MongoDocuments  # noqa: PLC0415 (pymongo is slow to load, and unused embedded)

    database = f"{database_prefix(url)}_{service.replace('-', '_')}"
    return MongoDocuments(mongo_server(url), database, collections)


def changes_of(url: str, service: str) -> Bell | None:
    """Return what rings when a service's relay has something to do; None where the store has no such thing."""
    if urlsplit(url).scheme != "sqlite":
        return None
    from archive_shared.documents.sqlite import CHANGES  # noqa: PLC0415 (only what is used is loaded)

    return Bells(sqlite_folder(url) / f"{service}.db").listen(CHANGES)


def sqlite_folder(url: str) -> Path:
    """Return the folder a `sqlite:` address names."""
    return Path(url.removeprefix("sqlite:///"))


def database_prefix(url: str) -> str:
    """Return what the names of all our databases on a MongoDB server begin with, before the underscore."""
    return urlsplit(url).path.strip("/") or _DEFAULT_PREFIX


def mongo_server(url: str) -> str:
    """Return the address without its path: to the driver that names the database to log in to."""
    return urlsplit(url)._replace(path="/").geturl()
