"""`make bench-tiles`: serving stored tiles beside DeepZoomGenerator with Pillow in process, and beside iipsrv over HTTP.

In process every contestant answers the same random tiles of the same slide on one thread; ours checks the pass each time and
caches no tile. Over the network eight clients keep their connections; processor time is that of the serving process, from
/proc. iipsrv speaks FastCGI, one connection for each request, which its row includes; it is fetched by
`apt-get download iipimage-server libfcgi0ldbl libmemcached11 libhashkit2` and unpacked into `.cache/iipsrv`.
"""

import http.client
import os
import random
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

import click
import openslide
from flask import Flask
from openslide.deepzoom import DeepZoomGenerator

from archive_shared.access import Action, Answers, Caller, Question, Standing, Usable
from archive_shared.blobs.platform import platform_blobs
from archive_shared.blobs.port import BlobStore
from archive_shared.clock import SystemClock
from archive_shared.http.cached_access import CachedAccess
from archive_shared.settings import PlatformSettings
from bench.measuring import Figures, compare, conditions, percentile, table
from bench.slides_made import aperio
from tiler.adapters.byte_cache import ByteCache
from tiler.adapters.file_source import FileSource
from tiler.adapters.quick_tiles import QuickTiles
from tiler.adapters.sealing import AesGcmSeals
from tiler.adapters.tiff_index import build_index
from tiler.bootstrap import Tiler, documents, over
from tiler.domain.deep_zoom import DeepZoom
from tiler.domain.sight import Sight
from tiler.domain.tile_index import TileIndex
from tiler.domain.tile_pass import LIFETIME_S, PassOffice, TilePass
from tiler.entrypoints.http.app import app_for
from tiler.entrypoints.http.tile_door import PREFIX, version_of
from tiler.slides import convert

CACHE = Path(".cache").absolute()
IIPSRV = CACHE / "iipsrv" / "usr"
IMAGE = "00000000-0000-5000-8000-000000000000"
ARCHIVE = "00000000-0000-5000-8000-000000000001"
CLIENTS = 8
SLOW_TILES, TILES = 200, 2000
FOLDER = "BENCH_TILES_FOLDER"
TICKS = os.sysconf("SC_CLK_TCK")
Ask = Callable[[int, int], bytes]


@click.command()
@click.option("--rounds", default=3, show_default=True)
@click.option("--side", default=20_000, show_default=True, help="Of the slide, in pixels.")
def main(rounds: int, side: int) -> None:
    """Serve random tiles of a converted slide and print Markdown tables."""
    slide = _converted(side)
    index = _index(slide)
    inside = compare(
        {
            "ours": partial(_ours, slide, index),
            "ours, from the store": partial(_ours_stored, slide, index),
            "DeepZoomGenerator": partial(_deep_zoom, slide, index),
        },
        rounds=rounds,
    )
    print(f"\n### In process\n\n{table(inside, against='DeepZoomGenerator')}\n\n{conditions(inside)}")
    print(
        f"{inside.ratio('ours', 'DeepZoomGenerator', 'tiles per CPU s'):.0f} times DeepZoomGenerator (aim 100)."
    )
    with tempfile.TemporaryDirectory() as folder, _served(slide, index, Path(folder)) as server:
        turns = {"ours": partial(_over_http, server, index)}
        if IIPSRV.exists():
            turns["iipsrv"] = partial(_iipsrv, slide, index)
        outside = compare(turns, rounds=rounds)
    print(
        f"\n### {CLIENTS} clients\n\n{table(outside, against='iipsrv' if IIPSRV.exists() else None)}\n\n{conditions(outside)}"
    )
    if IIPSRV.exists():
        print(f"{outside.ratio('ours', 'iipsrv', 'tiles per CPU s'):.1f} times iipsrv for each core (aim 2).")
    print(f"p99 {outside.median('ours', 'p99 ms'):.1f} ms (aim 20).")


def _converted(side: int) -> Path:
    folder = CACHE / "bench-slides"
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"tiles-{side}.tif"
    if not target.exists():
        source = aperio(folder / f"tiles-{side}.svs", side, side, 256)
        convert(source, target, on_progress=lambda _stage, _done: None)
        source.unlink()
    return target


def _index(slide: Path) -> TileIndex:
    with FileSource(slide) as source:
        return build_index(source)


def _places(index: TileIndex, count: int) -> list[tuple[int, int]]:
    """Return random tiles of the full resolution that reach no edge."""
    first, chance = index.levels[0], random.Random(7)
    return [(chance.randrange(first.columns - 1), chance.randrange(first.rows - 1)) for _ in range(count)]


def _timed(ask: Ask, places: Sequence[tuple[int, int]]) -> Figures:
    times, used = [], time.process_time()
    for x, y in places:
        started = time.perf_counter()
        ask(x, y)
        times.append(1000 * (time.perf_counter() - started))
    return {
        "tiles per CPU s": len(places) / (time.process_time() - used),
        "p50 ms": percentile(times, 50),
        "p99 ms": percentile(times, 99),
    }


def _deep_zoom(slide: Path, index: TileIndex) -> Figures:
    with openslide.OpenSlide(slide) as opened:
        generator = DeepZoomGenerator(opened, tile_size=index.levels[0].tile_width, overlap=0)
        level = generator.level_count - 1

        def ask(x: int, y: int) -> bytes:
            body = BytesIO()
            generator.get_tile(level, (x, y)).save(body, "JPEG", quality=75)
            return body.getvalue()

        return _timed(ask, _places(index, SLOW_TILES))


def _ours(slide: Path, index: TileIndex) -> Figures:
    """Serve from a file that is open, as DeepZoomGenerator does; the pass is checked for every tile."""
    with FileSource(slide) as source:
        office = PassOffice(AesGcmSeals(b"secret", b"bench"), time.time)
        _, written = issued(office, index_key="", source_key="", source_size_bytes=source.size_bytes)
        tiles, last = QuickTiles(index), DeepZoom.of(index).zoom_levels - 1

        def ask(x: int, y: int) -> bytes:
            office.check(written)
            return tiles.read(source, last, x, y).body

        return _timed(ask, _places(index, TILES))


def _ours_stored(slide: Path, index: TileIndex) -> Figures:
    """Serve as behind HTTP: from the embedded blob store."""
    with tempfile.TemporaryDirectory() as folder:
        service, written = _service(slide, index, Path(folder), cached=False)
        last = DeepZoom.of(index).zoom_levels - 1

        def ask(x: int, y: int) -> bytes:
            return service.watching.tile(service.watching.check(written, IMAGE), last, x, y).body

        return _timed(ask, _places(index, TILES))


def _service(slide: Path, index: TileIndex, folder: Path, *, cached: bool) -> tuple[Tiler, str]:
    """Return the service over stores that hold the slide, and a pass for it."""
    settings = _settings(folder)
    images, media = _bucket(settings, "images"), _bucket(settings, "media")
    images.upload_from("slide.tif", slide)
    media.put("index", index.to_bytes())
    service = over(
        documents(settings),
        images=_Nobody(),
        access=CachedAccess(_Everybody()),
        image_blobs=images,
        media_blobs=media,
        clock=SystemClock(),
        settings=settings,
    )
    if not cached:
        object.__setattr__(service.watching, "cache", ByteCache(0))
    _, written = issued(
        service.watching.office,
        index_key="index",
        source_key="slide.tif",
        source_size_bytes=slide.stat().st_size,
    )
    return service, written


def _settings(folder: Path) -> PlatformSettings:
    return PlatformSettings(
        public_url="http://127.0.0.1",
        documents_url=f"sqlite:///{folder}",
        bus_url="",
        blobs_url=f"file://{folder / 'blobs'}",
        secret=b"a secret of at least thirty-two bytes!",
    )


def _bucket(settings: PlatformSettings, name: str) -> BlobStore:
    bucket = platform_blobs(settings, name)
    bucket.ensure_bucket()
    return bucket


class _Nobody:
    """No image is visible without a pass."""

    def sight(self, token: str, image: str) -> Sight:
        raise NotImplementedError


class _Everybody:
    """Permissions, which lets everybody in; asked once a second, as the real one is."""

    def standing(self, token: str | None) -> Standing:
        return Standing(Caller("user", "user", 1), {ARCHIVE: frozenset({Action.USE_ARCHIVE})})

    def ask(self, token: str | None, questions: Sequence[Question]) -> Answers:
        raise NotImplementedError

    def usable(self, token: str | None) -> Usable:
        raise NotImplementedError

    def make_first_editor(self, *, archive: str, user: str) -> None:
        raise NotImplementedError


def issued(office: PassOffice, **names: Any) -> tuple[TilePass, str]:
    """Write a pass for somebody who sees the image through its archive."""
    return office.issue(IMAGE, token="token", sight=Sight((ARCHIVE,), is_theirs=False), **names)


# --- Over the network


@contextmanager
def _served(slide: Path, index: TileIndex, folder: Path) -> Iterator["_Server"]:
    """Start gunicorn as in production, with one worker, over the embedded store."""
    service, _ = _service(slide, index, folder, cached=False)
    port = _free_port()
    command = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--worker-class", "gthread"]
    command += ["--threads", str(CLIENTS), "--keep-alive", "60", "bench.tiles:application()"]
    with _started(command, {**os.environ, FOLDER: str(folder)}, port) as pid:
        yield _Server(service, port, _child_of(pid))


@dataclass(frozen=True)
class _Server:
    service: Tiler
    port: int
    pid: int


def application() -> Flask:
    """Return what gunicorn serves, over stores that are filled already."""
    folder = Path(os.environ[FOLDER])
    settings = _settings(folder)
    images, media = _bucket(settings, "images"), _bucket(settings, "media")
    service = over(
        documents(settings),
        images=_Nobody(),
        access=CachedAccess(_Everybody()),
        image_blobs=images,
        media_blobs=media,
        clock=SystemClock(),
        settings=settings,
    )
    object.__setattr__(service.watching, "cache", ByteCache(0))
    return app_for(service)


def _over_http(server: _Server, index: TileIndex) -> Figures:
    last = DeepZoom.of(index).zoom_levels - 1
    size = index.source_size_bytes

    def client(places: Sequence[tuple[int, int]]) -> list[float]:
        visitor = _Visitor(server, size)
        times = []
        for x, y in places:
            visitor.renew_pass()
            started = time.perf_counter()
            visitor.get(last, x, y)
            times.append(1000 * (time.perf_counter() - started))
        return times

    _Visitor(server, size).get(last, 0, 0)  # the first tile loads the libraries
    return _crowd(client, server.pid, _places(index, TILES))


class _Visitor:
    """A client with a connection and a pass."""

    def __init__(self, server: _Server, size_bytes: int) -> None:
        self._office, self._size_bytes = server.service.watching.office, size_bytes
        self._connection = http.client.HTTPConnection("127.0.0.1", server.port)
        self._pass, self._written = self._issued()

    def renew_pass(self) -> None:
        if self._pass.expires_at - time.time() < LIFETIME_S / 2:
            self._pass, self._written = self._issued()

    def get(self, z: int, x: int, y: int) -> None:
        path = f"{PREFIX}{IMAGE}/v/{version_of(self._pass)}/{z}/{x}/{y}.jpeg"
        self._connection.request("GET", path, headers={"X-Tile-Pass": self._written})
        answer = self._connection.getresponse()
        answer.read()
        if answer.status == 401 and self._pass.expires_at <= time.time():
            return  # the machine is so busy that the pass ran out on the way
        if answer.status != 200:
            raise RuntimeError(f"a tile was answered with {answer.status}")

    def _issued(self) -> tuple[TilePass, str]:
        return issued(
            self._office, index_key="index", source_key="slide.tif", source_size_bytes=self._size_bytes
        )


def _iipsrv(slide: Path, index: TileIndex) -> Figures:
    port = _free_port()
    environment = {
        **os.environ,
        "LD_LIBRARY_PATH": str(IIPSRV / "lib" / "x86_64-linux-gnu"),
        "VERBOSITY": "0",
        "JPEG_QUALITY": "75",
        "MAX_IMAGE_CACHE_SIZE": "0",
    }
    command = [str(IIPSRV / "lib" / "iipimage-server" / "iipsrv.fcgi"), "--bind", f"127.0.0.1:{port}"]
    first = index.levels[0]
    resolution = len(index.levels) - 1

    def client(places: Sequence[tuple[int, int]]) -> list[float]:
        times = []
        for x, y in places:
            started = time.perf_counter()
            body = _fast_cgi(port, f"FIF={slide}&JTL={resolution},{y * first.columns + x}")
            if b"\xff\xd8\xff" not in body[:600]:
                raise RuntimeError("iipsrv sent no picture")
            times.append(1000 * (time.perf_counter() - started))
        return times

    with _started(command, environment, port) as pid:
        return _crowd(client, pid, _places(index, TILES // 4))


def _crowd(
    client: Callable[[Sequence[tuple[int, int]]], list[float]], pid: int, places: Sequence[tuple[int, int]]
) -> Figures:
    used, started = _processor_s(pid), time.perf_counter()
    with ThreadPoolExecutor(CLIENTS) as crowd:
        times = [
            spent
            for part in crowd.map(client, [places[at::CLIENTS] for at in range(CLIENTS)])
            for spent in part
        ]
    return {
        "tiles per CPU s": len(places) / (_processor_s(pid) - used),
        "tiles per s": len(places) / (time.perf_counter() - started),
        "p50 ms": percentile(times, 50),
        "p99 ms": percentile(times, 99),
    }


def _fast_cgi(port: int, query: str) -> bytes:
    """Ask a responder once (FastCGI specification 1.0) and return all it writes."""
    parameters = b"".join(
        struct.pack(">BI", len(name), len(value) | 1 << 31) + name + value
        for name, value in ((b"QUERY_STRING", query.encode()), (b"REQUEST_METHOD", b"GET"))
    )
    begin = struct.pack(">BBHHBx", 1, 1, 1, 8, 0) + struct.pack(">HB5x", 1, 0)
    sent = begin + _record(4, parameters) + _record(4, b"") + _record(5, b"")
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(sent)
        return b"".join(iter(partial(connection.recv, 1 << 16), b""))


def _record(kind: int, body: bytes) -> bytes:
    return struct.pack(">BBHHBx", 1, kind, 1, len(body), 0) + body


@contextmanager
def _started(command: Sequence[str], environment: Mapping[str, str], port: int) -> Iterator[int]:
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            _wait_for(port)
            yield process.pid
        finally:
            process.send_signal(signal.SIGTERM)


def _wait_for(port: int) -> None:
    for _ in range(600):
        with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.1)
    raise RuntimeError("the server did not start")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def _child_of(pid: int) -> int:
    for _ in range(600):
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        if children:
            return int(children[0])
        time.sleep(0.1)
    raise RuntimeError("gunicorn has no worker")


def _processor_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


if __name__ == "__main__":
    main()
