"""archive-api on a folder of its own, with people, and with its events delivered when a test says so."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import cattrs
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from archive_api.bootstrap import ANNOUNCING, COLLECTIONS, ArchiveApi, Buckets, over
from archive_api.domain.archive import Archive, ArchiveSettings
from archive_api.domain.history import Actor
from archive_api.entrypoints.handlers import HANDLERS
from archive_api.entrypoints.http.app import app_for
from archive_api.use_cases.library import Library
from archive_shared.blobs import BlobSettings, connect_blobs
from archive_shared.documents import Documents
from archive_shared.documents.sqlite import SqliteDocuments
from archive_shared.errors import NotFound
from archive_shared.events import Event
from archive_shared.identifiers import new_id
from archive_shared.wire.catalogue import event_class
from tests.support.access import RoleBook
from tests.support.upload_book import UploadBook

SITE = "https://archive.test"
SECRET = b"a secret of 32 bytes, at least...."


@dataclass
class TickingClock:
    """A clock that is one second further each time it is asked, so that everything has an order."""

    time: datetime = datetime(2026, 11, 23, 12, tzinfo=UTC)

    def now(self) -> datetime:
        self.time += timedelta(seconds=1)
        return self.time

    def advance(self, **amount: float) -> None:
        """Let time pass: days, hours, seconds."""
        self.time += timedelta(**amount)


class Answer:
    """What the service answered; `json` fails a test when it is none."""

    def __init__(self, response: TestResponse) -> None:
        self.status_code = response.status_code
        self.headers = response.headers
        self.data = response.data
        self.text = response.data.decode(errors="replace")
        self._json = response.get_json(silent=True)

    @property
    def json(self) -> Any:
        assert self._json is not None, self.text
        return self._json


@dataclass
class ArchiveService:
    """The service under test and the people around it."""

    api: ArchiveApi
    people: RoleBook
    uploads: UploadBook
    clock: TickingClock
    http: FlaskClient
    organisations: dict[str, str]
    _delivered: set[str] = field(default_factory=set)

    @property
    def library(self) -> Library:
        return self.api.library

    def call(self, method: str, path: str, token: str | None = None, **content: Any) -> Answer:
        """Send a request; `path` may be an absolute address of the site."""
        headers = ({"Authorization": f"BEARER {token}"} if token else {}) | content.pop("headers", {})
        path = path.removeprefix(SITE)
        return Answer(self.http.open(path, method=method, headers=headers, **content))

    def hear(self, event: Event) -> None:
        """Deliver an event of another service."""
        HANDLERS[type(event)](self.library, event)

    def announced(self, *, identifier: str | None = None) -> list[Event]:
        """Return all events in the outboxes, of one document if its identifier is given."""
        return [event for _, event in self._outbox(identifier)]

    def settle(self) -> None:
        """Deliver this service's own events to itself, and those they cause, as the bus does sooner or later."""
        while waiting := [
            (identifier, event)
            for identifier, event in self._outbox(None)
            if identifier not in self._delivered
        ]:
            for identifier, event in waiting:
                if type(event) in HANDLERS:
                    self.hear(event)
                self._delivered.add(identifier)

    def archive(self, title: str = "Chest CT", *, public: bool = False, **roles: str) -> str:
        """Store an archive and give roles on it: the name is the role, the value the token."""
        now = self.library.clock.now()
        identifier = new_id()
        settings = ArchiveSettings(title=title, description="", public=public, logo="")
        self.library.archives.add(
            Archive.create(id=identifier, slug=identifier, settings=settings, by=Actor("user-x", "x"), at=now)
        )
        for role, token in roles.items():
            self.people.give(token, role, identifier)
        return identifier

    def _outbox(self, identifier: str | None) -> Iterator[tuple[str, Event]]:
        for collection in ANNOUNCING:
            for document in self.api.documents.find(collection):
                if identifier in (None, document["_id"]):
                    for envelope in document["outbox"]:
                        kind = event_class(envelope["type"])
                        assert kind is not None, envelope["type"]
                        yield envelope["id"], cattrs.structure(envelope["data"], kind)


def archive_service(
    folder: Path, *, archive_quota_bytes: int = 0, default_viewer: str = ""
) -> ArchiveService:
    """Build the service on an empty folder."""
    blobs = BlobSettings(url=f"file://{folder / 'blobs'}", public_url=SITE, link_secret=SECRET)
    documents = SqliteDocuments(folder / "archive-api.db", COLLECTIONS)
    return archive_service_on(
        documents, blobs, archive_quota_bytes=archive_quota_bytes, default_viewer=default_viewer
    )


def archive_service_on(
    documents: Documents, blobs: BlobSettings, *, archive_quota_bytes: int = 0, default_viewer: str = ""
) -> ArchiveService:
    """Build the service on stores that are already there."""
    people = RoleBook()
    buckets = Buckets(*(connect_blobs(blobs, bucket) for bucket in ("images", "media", "uploads")))
    uploads = UploadBook(people, buckets.uploads)
    clock, organisations = TickingClock(), dict[str, str]()
    api = over(
        documents,
        buckets,
        access=people,
        uploaded=uploads,
        organisation_title=partial(_title, organisations),
        organisations_titled=lambda _, title: [pk for pk, each in organisations.items() if each == title],
        username_of=partial(_username, people),
        secret=SECRET,
        clock=clock,
        archive_quota_bytes=archive_quota_bytes,
        default_viewer=default_viewer,
        public_url=SITE,
    )
    client = app_for(api, public_url=SITE, secret=SECRET).test_client()
    return ArchiveService(api, people, uploads, clock, client, organisations)


def _username(people: RoleBook, token: str | None, name: str) -> str:
    """Stand in for permissions, which keeps people."""
    if all(person.username != name.lower() for person in people.people.values()):
        raise NotFound(f"there is no user {name}")
    return name.lower()


def _title(organisations: dict[str, str], token: str | None, pk: str) -> str:
    """Stand in for permissions, which keeps organisations: their titles by identifier."""
    if pk not in organisations:
        raise NotFound(f"organisation {pk} does not exist")
    return organisations[pk]
