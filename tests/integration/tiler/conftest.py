"""The tiler on stores of its own: images to import, a worker's steps to render them, and people to look at them."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import cattrs
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from archive_shared.access import Action, Answers, Caller, Question, Usable
from archive_shared.blobs.platform import platform_blobs
from archive_shared.blobs.port import BlobStore
from archive_shared.clock import Clock, SystemClock
from archive_shared.documents import Repository
from archive_shared.errors import NotFound, Unauthenticated
from archive_shared.events import (
    Event,
    ImageDeleted,
    ImageImported,
    OriginalFile,
    Slide,
    SlideComplete,
    SlideViewable,
    TilesFailed,
)
from archive_shared.identifiers import derived_id
from archive_shared.jobs.claims import Claims
from archive_shared.jobs.handler import J, JobHandler, JobPolicy
from archive_shared.settings import PlatformSettings
from archive_shared.wire.catalogue import event_class
from archive_shared.wire.cloud_events import ReceivedEvent
from tests.support import canonical_images
from tests.support.imports import an_import
from tiler.adapters.reading_here import ReadingHere
from tiler.bootstrap import (
    Tiler,
    documents,
    jobs_of,
    over,
    removal,
    rendering_handler,
    slide_work_over,
    superseding,
)
from tiler.domain.problems import UnreadableImage
from tiler.domain.rendering_job import RENDERING_JOBS, RenderingJob
from tiler.domain.sight import Sight
from tiler.domain.slide_jobs import SLIDE_CONVERSIONS, LevelFilling, SlideConversion
from tiler.entrypoints.consumer import handlers
from tiler.entrypoints.http.app import app_for
from tiler.programs import conversion_work, filling_work, rendering_work
from tiler.use_cases.drop_image import Removal
from tiler.use_cases.drop_superseded import Superseding

IMAGES = "/api/v1/tiles/images"
Heard = ImageDeleted | ImageImported | SlideViewable | SlideComplete | TilesFailed
Work = Callable[[Mapping[str, Any], Callable[[int], None]], Mapping[str, Any]]


@dataclass
class Onlookers:
    """Who may see which images, by token, each through an archive of its own; implements `Images` and `Access`."""

    visible: dict[str, set[str]] = field(default_factory=dict)
    editing: dict[str, str] = field(default_factory=dict)

    def sight(self, token: str, image: str) -> Sight:
        if image not in self._seen_by(token):
            raise NotFound(image)
        return Sight((_archive_of(image),), is_theirs=False)

    def ask(self, token: str | None, questions: Sequence[Question]) -> Answers:
        usable = self.usable(token)
        return Answers(usable.caller, [self._allows(token, usable, each) for each in questions])

    def usable(self, token: str | None) -> Usable:
        seen = self._seen_by(token)
        return Usable(Caller("someone", "someone", 1), frozenset(map(_archive_of, seen)))

    def ask_about(self, user: str, questions: Sequence[Question]) -> Answers:
        raise NotImplementedError("the tiler works in nobody's name")

    def make_first_editor(self, *, archive: str, user: str) -> None:
        raise NotImplementedError("the tiler makes no archives")

    def _allows(self, token: str | None, usable: Usable, question: Question) -> bool:
        if question.archive is None or token is None:
            return False
        if question.action is Action.USE_ARCHIVE:
            return usable.includes(question.archive)
        return question.action is Action.CHANGE_ARCHIVE and self.editing.get(token) == question.archive

    def _seen_by(self, token: str | None) -> set[str]:
        if token not in self.visible:
            raise Unauthenticated("Invalid token.")
        return self.visible[token]


def _archive_of(image: str) -> str:
    return derived_id("test archive", image)


@dataclass
class Studio:
    """The service under test, as events, workers and clients reach it."""

    settings: PlatformSettings
    service: Tiler
    http: FlaskClient
    onlookers: Onlookers
    images: BlobStore
    media: BlobStore

    def import_image(self, body: bytes, *, name: str = "ct.mha", type: str = "MHD") -> str:
        """Store an image, deliver the event that announces it, and return its identifier."""
        event = announcement(body, name=name, type=type)
        self.images.put(event.files[0].key, body)
        self.hear(event)
        return event.image

    def hear(self, event: Heard, *, clock: Clock | None = None) -> None:
        """Deliver an event as the bus does."""
        received = ReceivedEvent(
            id="1",
            type=event.TYPE,
            source="ingest-worker",
            subject=event.image,
            sequence=1,
            at=SystemClock().now(),
            traceparent=None,
            event=event,
        )
        now = clock or SystemClock()
        heard = handlers(self.service.documents, self.removal(now), now)
        heard[type(event)](received)

    def removal(self, clock: Clock) -> Removal:
        """What deletes all there is of an image, at the time of a clock."""
        lease_s = self.settings.job_lease_s
        return removal(self.service.documents, self.images, self.media, clock=clock, lease_s=lease_s)

    def superseding(self, clock: Clock) -> Superseding:
        """What becomes of what slides need no longer, likewise."""
        return superseding(self.service.documents, self.images, self.media, clock=clock)

    def render(self, image: str) -> RenderingJob:
        """Do the job of an image with a worker's steps, but in this process."""
        jobs, handler = jobs_of(self.service.documents), rendering_handler()
        claims = Claims(jobs, handler, owner="test", policy=JobPolicy(), clock=SystemClock())
        claimed = claims.claim(image)
        assert claimed is not None
        try:
            result = rendering_work(self.settings, ReadingHere()).run(as_sent(handler.payload(claimed)))
        except UnreadableImage as refusal:
            claims.fail(claimed, refusal.reason)
        else:
            handler.keep(claimed, as_sent(result))
            claims.succeed(claimed, as_sent(result))
        return jobs.require(image)

    def import_slide(
        self,
        folder: Path,
        *,
        name: str = "slide.svs",
        archive: str | None = None,
        keep_labels: bool = False,
    ) -> str:
        """Store a slide's files as the import does, announce them, and return the image's identifier."""
        paths = sorted(
            (path for path in folder.rglob("*") if path.is_file()), key=lambda path: len(path.parts)
        )
        names = [path.relative_to(folder).as_posix() for path in paths]
        names.sort(key=lambda found: found != name)
        event = replace(announcement(b"", name=name), files=[], slide=None, archive=archive)
        files = []
        for number, found in enumerate(names):
            body = (folder / found).read_bytes()
            key = f"{event.image}/1/slide/{number}"
            self.images.put(key, body)
            files.append(OriginalFile(name=found, key=key, size_bytes=len(body), sha256="-"))
        self.hear(replace(event, slide=Slide(format="svs", files=files, keep_labels=keep_labels)))
        return event.image

    def convert(self, image: str) -> SlideConversion:
        """Do the conversion of a slide with a worker's steps, but in this process."""
        work = slide_work_over(self.service.documents)
        self._do(work.conversions, work.converting, conversion_work(self.settings, ReadingHere()).run, image)
        return work.conversions.require(image)

    def convert_but_die(self, image: str) -> None:
        """Do it to where everybody else is told, and die: another worker will do it again."""
        work = slide_work_over(self.service.documents)
        claims = Claims(
            work.conversions, work.converting, owner="mortal", policy=JobPolicy(), clock=SystemClock()
        )
        claimed = claims.claim(image)
        assert claimed is not None
        result = conversion_work(self.settings, ReadingHere()).run(
            as_sent(work.converting.payload(claimed)), lambda _: None
        )
        work.converting.keep(claimed, as_sent(result))
        claims.give_back(claimed, "The worker died.")

    def fill(self, image: str) -> LevelFilling:
        """Add the missing levels of a slide, likewise."""
        work = slide_work_over(self.service.documents)
        self._do(work.fillings, work.filling, filling_work(self.settings, ReadingHere()).run, image)
        return work.fillings.require(image)

    def lacks_levels(self, image: str) -> bool:
        """Whether a slide that is converted waits for levels to be added."""
        return slide_work_over(self.service.documents).fillings.get(image) is not None

    def _do(self, jobs: Repository[J], handler: JobHandler[J], work: Work, image: str) -> None:
        claims = Claims(jobs, handler, owner="test", policy=JobPolicy(), clock=SystemClock())
        claimed = claims.claim(image)
        assert claimed is not None
        try:
            result = work(as_sent(handler.payload(claimed)), lambda _: None)
        except UnreadableImage as refusal:
            claims.fail(claimed, refusal.reason)
        else:
            handler.keep(claimed, as_sent(result))
            claims.succeed(claimed, as_sent(result))

    def rendered(self, body: bytes, *, type: str = "MHD") -> str:
        """Import an image and render it."""
        image = self.import_image(body, type=type)
        self.render(image)
        return image

    def job(self, image: str) -> RenderingJob:
        return jobs_of(self.service.documents).require(image)

    def announced(self) -> list[Event]:
        """Return the events that wait to be published."""
        return list(self._outbox())

    def member(self, *images: str) -> str:
        """Return the token of somebody who may see these images."""
        token = f"token-{len(self.onlookers.visible)}"
        self.onlookers.visible[token] = set(images)
        return token

    def holder(self, role: str, archive: str, *images: str) -> str:
        """Return the token of somebody with a role on an archive, who may see these images."""
        token = self.member(*images)
        if role == "editor":
            self.onlookers.editing[token] = archive
        return token

    def get(self, path: str, token: str | None, method: str = "GET", **headers: str) -> TestResponse:
        """Ask for something below the address of images; `If_None_Match` and the like become headers."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if token is not None:
            sent["Authorization"] = f"Bearer {token}"
        return self.http.open(f"{IMAGES}/{path}", method=method, headers=sent)

    def _outbox(self) -> Iterator[Event]:
        for collection in (SLIDE_CONVERSIONS, RENDERING_JOBS):
            for document in self.service.documents.find(collection.name):
                for envelope in document["outbox"]:
                    kind = event_class(envelope["type"])
                    assert kind is not None
                    yield cattrs.structure(envelope["data"], kind)


def announcement(body: bytes, *, name: str = "ct.mha", type: str = "MHD") -> ImageImported:
    event = an_import(name, type=type)
    return replace(event, files=[replace(event.files[0], size_bytes=len(body))])


def as_sent(content: Any) -> Any:
    """What arrives of it on the other side of the pipe between worker and program."""
    return json.loads(json.dumps(content))


@pytest.fixture
def settings(tmp_path: Path) -> PlatformSettings:
    return PlatformSettings(
        public_url="https://archive.test",
        documents_url=f"sqlite:///{tmp_path}",
        bus_url="",
        blobs_url=f"file://{tmp_path / 'blobs'}",
        secret=b"a secret of at least thirty-two bytes!",
    )


@pytest.fixture
def environment(settings: PlatformSettings) -> Mapping[str, str]:
    """What processes are told of the same settings."""
    return {
        "ARCHIVE_PUBLIC_URL": settings.public_url,
        "ARCHIVE_DOCUMENTS_URL": settings.documents_url,
        "ARCHIVE_BUS_URL": "sqlite:////nowhere/bus.db",
        "ARCHIVE_BLOBS_URL": settings.blobs_url,
        "ARCHIVE_SECRET": settings.secret.decode(),
    }


@pytest.fixture
def studio(settings: PlatformSettings) -> Studio:
    onlookers = Onlookers()
    images, media = platform_blobs(settings, "images"), platform_blobs(settings, "media")
    service = over(
        documents(settings),
        images=onlookers,
        access=onlookers,
        image_blobs=images,
        media_blobs=media,
        clock=SystemClock(),
        settings=settings,
    )
    return Studio(settings, service, app_for(service).test_client(), onlookers, images, media)


@pytest.fixture
def volume(tmp_path: Path) -> bytes:
    return canonical_images.volume(tmp_path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return where to put the files of an upload."""
    folder = tmp_path / "upload"
    folder.mkdir()
    return folder


@pytest.fixture
def slide(tmp_path: Path) -> bytes:
    return canonical_images.slide(tmp_path)
