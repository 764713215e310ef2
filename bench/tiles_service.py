"""The tile service that `make bench-tiles` measures: as in production, but keeping no tile that was served, with one slide in its store.

It runs in the process of the benchmark, and behind gunicorn, which finds the stores through its environment.
"""

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import BinaryIO

from flask import Flask

from archive_shared.access import Action, Answers, Caller, Question, Standing, Usable
from archive_shared.blobs.platform import platform_blobs
from archive_shared.clock import SystemClock
from archive_shared.http.cached_access import CachedAccess
from archive_shared.settings import PlatformSettings
from tests.support.servers import installed, running_minio
from tiler.adapters.blob_source import BlobSource
from tiler.adapters.block_source import Blocks
from tiler.adapters.byte_cache import ByteCache
from tiler.bootstrap import Tiler, documents, over
from tiler.domain.sight import Sight
from tiler.domain.tile_index import TileIndex
from tiler.domain.tile_pass import LIFETIME_S, TilePass
from tiler.entrypoints.http.app import app_for

IMAGE = "00000000-0000-5000-8000-000000000000"
ARCHIVE = "00000000-0000-5000-8000-000000000001"
SLIDE, INDEX = "slide.tif", "index"
_VARIABLES = ("BENCH_TILES_FOLDER", "BENCH_TILES_BLOBS", "BENCH_TILES_ACCESS_KEY", "BENCH_TILES_SECRET_KEY")
_BLOCK_BYTES = "BENCH_TILES_BLOCK_BYTES"


@dataclass(frozen=True)
class Stores:
    """Where documents and blobs are."""

    folder: str
    blobs_url: str
    access_key: str = ""
    secret_key: str = ""

    @property
    def settings(self) -> PlatformSettings:
        return PlatformSettings(
            public_url="http://127.0.0.1",
            documents_url=f"sqlite:///{self.folder}",
            bus_url="",
            blobs_url=self.blobs_url,
            blobs_access_key=self.access_key,
            blobs_secret_key=self.secret_key,
            secret=b"a secret of at least thirty-two bytes!",
        )

    @property
    def environment(self) -> Mapping[str, str]:
        values = (self.folder, self.blobs_url, self.access_key, self.secret_key)
        return dict(zip(_VARIABLES, values, strict=True))

    def fill(self, slide: Path, index: TileIndex) -> None:
        """Put the slide and its index where the service looks for them."""
        for name in ("images", "media"):
            platform_blobs(self.settings, name).ensure_bucket()
        platform_blobs(self.settings, "images").upload_from(SLIDE, slide)
        platform_blobs(self.settings, "media").put(INDEX, index.to_bytes())

    def have_slide_in_memory(self) -> None:
        """See `have_in_memory`."""
        with platform_blobs(self.settings, "images").open(SLIDE) as stream:
            _drain(stream)


def have_in_memory(slide: Path) -> None:
    """Read all of a slide, so that the system has it in memory.

    Else the disk would be measured: with nothing in memory, ours are a sixth as fast, and those who decode lose a tenth.
    """
    with slide.open("rb") as stream:
        _drain(stream)


def _drain(stream: BinaryIO) -> None:
    while stream.read(1 << 20):
        continue


@contextmanager
def embedded(folder: Path) -> Iterator[Stores]:
    """Return the stores of one machine."""
    yield Stores(str(folder), f"file://{folder / 'blobs'}")


@contextmanager
def on_s3(folder: Path) -> Iterator[Stores]:
    """Start an S3 server (MinIO), and return stores on it."""
    with running_minio(folder, installed("MinIO")) as server:
        yield Stores(str(folder), f"s3://{server.endpoint}?secure=0", server.access_key, server.secret_key)


def application() -> Flask:
    """Return what gunicorn serves."""
    stores = Stores(*(os.environ[name] for name in _VARIABLES))
    return app_for(service_at(stores, block_bytes=int(os.environ[_BLOCK_BYTES])))


def variables(stores: Stores, *, block_bytes: int) -> Mapping[str, str]:
    """Return the environment in which `application` serves from stores."""
    return {**stores.environment, _BLOCK_BYTES: str(block_bytes)}


def service_at(stores: Stores, *, block_bytes: int = 0) -> Tiler:
    """Return the service over stores that are filled.

    Parameters
    ----------
    block_bytes
        How much of a distant store is kept in memory. With 0 a tile is one ranged read of its own bytes.
    """
    settings = stores.settings
    service = over(
        documents(settings),
        images=_Nobody(),
        access=CachedAccess(_Everybody()),
        image_blobs=platform_blobs(settings, "images"),
        media_blobs=platform_blobs(settings, "media"),
        clock=SystemClock(),
        settings=settings,
    )
    watching = replace(service.watching, cache=ByteCache(0))
    if not stores.blobs_url.startswith("file:"):
        images = platform_blobs(settings, "images")
        opening = Blocks(images, block_bytes).open if block_bytes else partial(BlobSource, images)
        watching = replace(watching, open_source=opening)
    return replace(service, watching=watching)


class PassHolder:
    """Somebody who sees the slide through its archive, and has a pass for it that is good for a while."""

    def __init__(self, service: Tiler, index: TileIndex) -> None:
        self._service, self._index = service, index
        self._held = self._issued()

    def held(self) -> tuple[TilePass, str]:
        """Return the pass, and how it is written."""
        if self._held[0].expires_at - time.time() < LIFETIME_S / 2:
            self._held = self._issued()
        return self._held

    def _issued(self) -> tuple[TilePass, str]:
        return self._service.watching.office.issue(
            IMAGE,
            index_key=INDEX,
            source_key=SLIDE,
            source_size_bytes=self._index.source_size_bytes,
            token="a token",
            sight=Sight((ARCHIVE,), is_theirs=False),
        )


class _Nobody:
    """No image is visible without a pass."""

    def sight(self, token: str, image: str) -> Sight:
        raise NotImplementedError


class _Everybody:
    """Permissions, which lets everybody in; it is asked once a second, as the real one is."""

    def standing(self, token: str | None) -> Standing:
        return Standing(Caller("user", "user", 1), {ARCHIVE: frozenset({Action.USE_ARCHIVE})})

    def ask(self, token: str | None, questions: Sequence[Question]) -> Answers:
        raise NotImplementedError

    def usable(self, token: str | None) -> Usable:
        raise NotImplementedError

    def ask_about(self, user: str, questions: Sequence[Question]) -> Answers:
        raise NotImplementedError

    def make_first_editor(self, *, archive: str, user: str) -> None:
        raise NotImplementedError
