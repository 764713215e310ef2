"""All services of the platform behind the one-machine gateway, within the test's own process, and people who use them.

Background processes do not run: what they would do is done by the methods here, with the services' own code.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from flask import Flask
from werkzeug.test import Client, TestResponse

from archive_api.bootstrap import bootstrap as bootstrap_archive_api
from archive_api.domain.archive import Archive, picture_key
from archive_api.entrypoints.handlers import HANDLERS
from archive_api.use_cases.library import Library
from archive_gateway.assembly import assemble
from archive_gateway.dispatch import Dispatcher
from archive_gateway.routes import Service
from archive_shared.blobs.platform import platform_blobs
from archive_shared.clock import SystemClock
from archive_shared.events import ImageImported
from archive_shared.identifiers import new_id
from archive_shared.jobs.claims import Claims
from archive_shared.jobs.handler import JobPolicy
from archive_shared.jobs.job import Job
from archive_shared.settings import PlatformSettings
from archive_shared.wire.cloud_events import ReceivedEvent
from feed.bootstrap import connect as feed_documents
from feed.bootstrap import listener as feed_listener
from feed.settings import Settings as FeedSettings
from permissions.bootstrap import Permissions
from permissions.bootstrap import bootstrap as bootstrap_permissions
from permissions.settings import Settings
from permissions.use_cases.directory import Directory
from permissions.use_cases.manage_tokens import issue
from permissions.use_cases.manage_users import add_user
from tests.support.folders import folder_in_memory
from tests.support.imports import an_import
from tests.support.permissions_service import SECRET
from tiler.adapters.reading_here import ReadingHere
from tiler.bootstrap import conversions_of, jobs_of, platform_removal, rendering_handler
from tiler.bootstrap import documents as tiler_documents
from tiler.domain.slide_jobs import AssociatedImage, SlideConversion
from tiler.entrypoints.consumer import handlers as tiler_handlers
from tiler.programs import rendering_work

SITE = "https://archive.test"


@dataclass
class AssembledPlatform:
    """The platform as the gateway serves it, and the people who use it by name."""

    settings: PlatformSettings
    front: Dispatcher
    permissions: Permissions
    library: Library
    tokens: dict[str, str] = field(default_factory=dict)

    @property
    def directory(self) -> Directory:
        return self.permissions.directory

    @property
    def services(self) -> dict[Service, Flask]:
        """Return the application of each service, as other services reach it."""
        return {service: app for service, app in self.front.applications.items() if isinstance(app, Flask)}

    def call(self, method: str, path: str, who: str | None = None, **content: Any) -> TestResponse:
        """Send a request through the front door."""
        return self._send(self.front, method, path, who, **content)

    def call_service(
        self, service: Service, method: str, path: str, who: str | None = None, **content: Any
    ) -> TestResponse:
        """Send a request to a service directly, past the front door."""
        return self._send(self.services[service], method, path, who, **content)

    def ok(self, method: str, path: str, who: str | None = None, **content: Any) -> Any:
        answer = self.call(method, path, who, **content)
        assert answer.status_code < 300, answer.text
        return answer.get_json(silent=True)

    def person(self, name: str, *, administrator: bool = False) -> str:
        """Make a user and return their identifier."""
        user = add_user(self.directory, username=name, administrator=administrator)
        self.tokens[name] = issue(self.directory, user, name="test").secret
        return user.id

    def user_id(self, name: str) -> str:
        return self.directory.users.find({"username": name})[0].id

    def archive(self, *, editor: str, public: bool, title: str = "Chest CT") -> str:
        """Create an archive and return its identifier."""
        made = self.ok("POST", "/api/v1/archives/", editor, json={"title": title, "public": public})
        return str(made["pk"])

    def give(self, archive: str, name: str, role: str, *, by: str) -> None:
        path = f"/api/v1/archives/{archive}/members/"
        self.ok("POST", path, by, json={"user": name, "role": role})

    def take(self, archive: str, name: str, role: str, *, by: str) -> None:
        self.ok("DELETE", f"/api/v1/archives/{archive}/members/{self.user_id(name)}/{role}/", by)

    def import_image(
        self,
        *,
        archive: str | None,
        creator: str,
        body: bytes = b"pixels",
        name: str = "slide.tif",
        type: str = "TIFF",
    ) -> str:
        """Let an image arrive as the ingest worker announces it, and return its identifier."""
        event = an_import(name, archive=archive, image=new_id(), type=type, creator=self.user_id(creator))
        event = replace(event, files=[replace(event.files[0], size_bytes=len(body))])
        platform_blobs(self.settings, "images").put(event.files[0].key, body)
        HANDLERS[ImageImported](self.library, event)
        received = _received(event)
        self._hear_in_tiler(received)
        self.tell_feed(received)
        return event.image

    def tell_feed(self, received: ReceivedEvent) -> None:
        """Let the feed hear an event."""
        feed_listener(feed_documents(FeedSettings(self.settings)), SystemClock()).hear(received)

    def render(self, image: str) -> None:
        """Make preview and tiles of an image, with a tiler worker's steps."""
        jobs, handler = jobs_of(tiler_documents(self.settings)), rendering_handler()
        claims = Claims(jobs, handler, owner="test", policy=JobPolicy(), clock=SystemClock())
        claimed = claims.claim(image)
        assert claimed is not None
        result = rendering_work(self.settings, ReadingHere()).run(handler.payload(claimed))
        handler.keep(claimed, result)
        claims.succeed(claimed, result)

    def keep_label(self, image: str, archive: str) -> None:
        """Let an image have a label, as if it had been converted from a slide of an archive that keeps them."""
        label = AssociatedImage("label", f"{image}/restricted/1-label.png", 8, 8)
        platform_blobs(self.settings, "images").put(label.key, b"a picture")
        conversions_of(tiler_documents(self.settings)).add(
            SlideConversion(
                id=image,
                name="slide.svs",
                files=[],
                archive=archive,
                associated=[label],
                job=Job.queued(SystemClock().now()).cancel("Only its label is looked at."),
            )
        )

    def put_logo(self, archive: str, name: str) -> None:
        for key in (
            picture_key("logos", archive, name),
            picture_key("logos", archive, name, 160),
            picture_key("social-images", archive, name),
            picture_key("social-images", archive, name, 640),
        ):
            self.library.media_blobs.put(key, b"a picture")

        def with_logo(present: Archive) -> None:
            present.settings = replace(present.settings, logo=name, social_image=name)

        self.library.archives.change(archive, with_logo)

    def upload(self, who: str, name: str = "a.mha") -> dict[str, Any]:
        """Open an upload and return it as the API shows it."""
        opened: dict[str, Any] = self.ok("POST", "/api/v1/uploads/", who, json={"filename": name})
        return opened

    def uploaded(self, who: str) -> str:
        """Upload a file completely and return its address."""
        upload = self.upload(who)
        base = f"/api/v1/uploads/{upload['pk']}/{upload['s3_upload_id']}"
        signed = self.ok("PATCH", f"{base}/generate-presigned-urls/", who, json={"part_numbers": [1]})
        link = signed["presigned_urls"]["1"].removeprefix(SITE)
        etag = self.call("PUT", link, data=b"pixels").headers["ETag"]
        parts = {"parts": [{"PartNumber": 1, "ETag": etag}]}
        self.ok("PATCH", f"{base}/complete-multipart-upload/", who, json=parts)
        return str(upload["api_url"])

    def _send(self, app: Any, method: str, path: str, who: str | None, **content: Any) -> TestResponse:
        token = self.tokens.get(who, who) if who else None
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        client = Client(app, use_cookies=False)
        answer = client.open(path, method=method, headers=headers | content.pop("headers", {}), **content)
        answer.get_data()  # files are closed once they are read
        answer.close()
        return answer

    def _hear_in_tiler(self, received: ReceivedEvent) -> None:
        documents = tiler_documents(self.settings)
        dropping = platform_removal(documents, self.settings)
        tiler_handlers(documents, dropping, SystemClock())[ImageImported](received)


def _received(event: ImageImported) -> ReceivedEvent:
    return ReceivedEvent(
        id=new_id(),
        type=event.TYPE,
        source="ingest-worker",
        subject=event.image,
        sequence=1,
        at=SystemClock().now(),
        traceparent=None,
        event=event,
    )


def platform_settings(folder: Path) -> PlatformSettings:
    return PlatformSettings(
        public_url=SITE,
        documents_url=f"sqlite:///{folder}",
        bus_url=f"sqlite:///{folder / 'bus.db'}",
        blobs_url=f"file://{folder / 'blobs'}",
        secret=SECRET,
    )


@contextmanager
def assembled_platform() -> Iterator[AssembledPlatform]:
    """Build everything on an empty folder."""
    with folder_in_memory() as folder:
        yield AssembledPlatform(**parts_on(platform_settings(folder)))


def parts_on(settings: PlatformSettings) -> dict[str, Any]:
    """Build everything on these stores; what an `AssembledPlatform` is made of."""
    own = Settings(settings)
    front = assemble(settings, permissions=own, feed=FeedSettings(settings))
    assert isinstance(front, Dispatcher)
    return {
        "settings": settings,
        "front": front,
        "permissions": bootstrap_permissions(own),
        "library": bootstrap_archive_api(settings).library,
    }
