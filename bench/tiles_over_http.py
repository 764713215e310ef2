"""Contestants of `make bench-tiles` over the network: eight clients that keep their connections, no tile kept that was served, the slide in the memory of the system.
The service keeps blocks of a distant store only where it is told to.

Processor time is that of the serving process, from /proc.
"""

import gc
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NoReturn, TypeVar

from archive_shared.blobs.platform import platform_blobs
from bench.measuring import Figures, percentile
from bench.tiles_inside import LOOKED_AT, OFF, TILES, Places, colours_off, places
from bench.tiles_service import IMAGE, SLIDE, PassHolder, Stores, service_at, variables
from bench.tiles_walk import walk
from tiler.bootstrap import Tiler
from tiler.domain.deep_zoom import DeepZoom
from tiler.domain.tile_index import TileIndex
from tiler.entrypoints.http.tile_door import PREFIX, version_of

CLIENTS = 8
WARM_UP = 50
"""Tiles that each client fetches before the clock starts."""
_LENGTH = re.compile(rb"\r\nContent-Length: (\d+)")
TICKS = os.sysconf("SC_CLK_TCK")
Fetch = Callable[[int, int], bytes]
S = TypeVar("S")
Visit = Callable[[], Fetch]
"""Comes as a new client, which fetches tiles by column and row."""


@dataclass(frozen=True)
class Server:
    """A web server that runs, its stores, and a service over them, which writes passes for it."""

    service: Tiler
    stores: Stores
    index: TileIndex
    port: int
    pid: int


@contextmanager
def served(stores: Stores, index: TileIndex, *, block_bytes: int = 0) -> Iterator[Server]:
    """Start gunicorn as in production, with one worker."""
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "--config", "python:archive_shared.http.gunicorn_settings"]
    command += ["--bind", f"127.0.0.1:{port}", "--workers", "1", "--threads", str(CLIENTS)]
    command += ["bench.tiles_service:application()"]
    environment = {**os.environ, **variables(stores, block_bytes=block_bytes)}
    with started(command, environment, port) as pid:
        yield Server(service_at(stores), stores, index, port, _child_of(pid))


def ours(server: Server, slide: Path) -> Figures:
    """Fetch random tiles at their lasting addresses, with a pass."""
    server.stores.have_slide_in_memory()
    return crowd(lambda: _Visitor(server).fetch, server.pid, slide, server.index, TILES)


def store_alone(stores: Stores, index: TileIndex) -> Figures:
    """Read the same ranges from a store, as the service does, with no service: what no server of tiles gets below."""
    stores.have_slide_in_memory()
    wanted, images = places(index, TILES), platform_blobs(stores.settings, "images")

    def fetch(x: int, y: int) -> bytes:
        place = index.tile(0, x, y)
        return images.read(SLIDE, place.offset, place.offset + place.length)

    def client(share: Places) -> list[float]:
        return [_timed_ms(fetch, x, y) for x, y in share]

    shares = [wanted[at::CLIENTS] for at in range(CLIENTS)]
    _timed_crowd(client, [share[:WARM_UP] for share in shares], os.getpid())
    figures = _timed_crowd(client, shares, os.getpid())
    return {
        name: value for name, value in figures.items() if "CPU" not in name
    }  # which is that of the clients


def viewers(server: Server, pause_s: float) -> Figures:
    """Fetch the tiles that people look at who wander over the slide, each of them somewhere else.

    Parameters
    ----------
    pause_s
        How long they look before they move on.
    """
    server.stores.have_slide_in_memory()
    _Visitor(server).fetch(0, 0)  # loads the server's libraries

    def client(seed: int) -> list[float]:
        visitor, times = _Visitor(server), list[float]()
        for window in walk(server.index, seed, TILES // CLIENTS):
            times += [_timed_ms(partial(visitor.fetch, up=up), x, y) for up, x, y in window]
            time.sleep(pause_s)
        return times

    return _timed_crowd(client, range(CLIENTS), server.pid)


class _Visitor:
    """A client with a connection and a pass; as sparing as that of iipsrv, as it uses the same two cores."""

    def __init__(self, server: Server) -> None:
        self._holder = PassHolder(server.service, server.index)
        self._connection = socket.create_connection(("127.0.0.1", server.port))
        self._zoom = DeepZoom.of(server.index).zoom_levels - 1

    def fetch(self, x: int, y: int, up: int = 0) -> bytes:
        """Return a tile of the level that is so many times half as large as the full resolution."""
        held, written = self._holder.held()
        path = f"{PREFIX}{IMAGE}/v/{version_of(held)}/{self._zoom - up}/{x}/{y}.jpeg"
        request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Tile-Pass: {written}\r\n\r\n"
        self._connection.sendall(request.encode())
        head, body = self._answer()
        if not head.startswith(b"HTTP/1.1 200 ") and time.time() < held.expires_at:
            raise RuntimeError(f"a tile was answered with {head!r}")
        return body

    def _answer(self) -> tuple[bytes, bytes]:
        received, end = b"", -1
        while end < 0:
            received += self._connection.recv(1 << 16) or _broken_off()
            end = received.find(b"\r\n\r\n")
        head, body = received[:end], received[end + 4 :]
        length = _LENGTH.search(head)
        while length and len(body) < int(length[1]):
            body += self._connection.recv(1 << 16) or _broken_off()
        return head, body


def _broken_off() -> NoReturn:
    raise RuntimeError("the server broke off")


def crowd(visit: Visit, pid: int, slide: Path, index: TileIndex, count: int) -> Figures:
    """Let eight clients share the work, after a look at the colours of some tiles, and some more that nobody times.

    Servers that stood still for the turns of others have let go of memory, and do their work as in the middle of a day after that.
    """
    wanted, fetch = places(index, count), visit()
    off = colours_off(slide, index, [fetch(x, y) for x, y in wanted[:LOOKED_AT]])

    def client(share: Places) -> list[float]:
        fetch = visit()
        return [_timed_ms(fetch, x, y) for x, y in share]

    shares = [wanted[at::CLIENTS] for at in range(CLIENTS)]
    _timed_crowd(client, [share[:WARM_UP] for share in shares], pid)
    return {**_timed_crowd(client, shares, pid), OFF: off}


def _timed_crowd(client: Callable[[S], list[float]], shares: Sequence[S], pid: int) -> Figures:
    used, started_s = _processor_s(pid), time.perf_counter()
    with _no_garbage_collected(), ThreadPoolExecutor(CLIENTS) as pool:
        times = [spent for part in pool.map(client, shares) for spent in part]
    return {
        "tiles per CPU s": len(times) / (_processor_s(pid) - used),
        "tiles per s": len(times) / (time.perf_counter() - started_s),
        "p50 ms": percentile(times, 50),
        "p99 ms": percentile(times, 99),
    }


@contextmanager
def _no_garbage_collected() -> Iterator[None]:
    """Keep the clients from stopping to collect garbage, as `timeit` does: all eight would wait for it, and so would what they measure."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _timed_ms(fetch: Fetch, x: int, y: int) -> float:
    started_s = time.perf_counter()
    fetch(x, y)
    return 1000 * (time.perf_counter() - started_s)


@contextmanager
def started(command: Sequence[str], environment: Mapping[str, str], port: int) -> Iterator[int]:
    """Run a server until the block ends; give its process number once it listens."""
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            _wait_for(port)
            yield process.pid
        finally:
            process.send_signal(signal.SIGTERM)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def _wait_for(port: int) -> None:
    for _ in range(600):
        with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.1)
    raise RuntimeError("the server did not start")


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
