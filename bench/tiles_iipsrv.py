"""iipsrv, the peer of `make bench-tiles` over the network.

It speaks FastCGI, one connection for each request, which its row includes. `make bench-tiles` fetches Debian's packages and unpacks
them into `.cache/iipsrv`; where there is no apt, or no network, its rows are left out, and the output says so.
"""

import os
import socket
import struct
import subprocess
from functools import partial
from pathlib import Path

from bench.measuring import Figures
from bench.tiles_inside import TILES
from bench.tiles_over_http import crowd, free_port, started
from bench.tiles_service import have_in_memory
from tiler.domain.tile_index import TileIndex

IIPSRV = Path(".cache/iipsrv/usr").absolute()
_STDOUT = 6


def why_not() -> str:
    """Return why it cannot take part, "" if it can."""
    program = IIPSRV / "lib" / "iipimage-server" / "iipsrv.fcgi"
    if not program.exists():
        return "it is not there: `apt-get download` did not work on this machine"
    started = subprocess.run(
        ["/usr/bin/ldd", program], env=_libraries(), capture_output=True, text=True, check=False
    )
    missing = [line.split()[0] for line in started.stdout.splitlines() if "not found" in line]
    return f"libraries it needs are missing: {', '.join(missing)}" if missing else ""


def _libraries() -> dict[str, str]:
    return {**os.environ, "LD_LIBRARY_PATH": str(IIPSRV / "lib" / "x86_64-linux-gnu")}


def iipsrv(slide: Path, index: TileIndex) -> Figures:
    """Fetch tiles of a file; without its tile cache, with the quality of DeepZoomGenerator."""
    have_in_memory(slide)
    port = free_port()
    environment = {
        **_libraries(),
        "VERBOSITY": "0",
        "JPEG_QUALITY": "75",
        "MAX_IMAGE_CACHE_SIZE": "0",
    }
    command = [str(IIPSRV / "lib" / "iipimage-server" / "iipsrv.fcgi"), "--bind", f"127.0.0.1:{port}"]
    first, resolution = index.levels[0], len(index.levels) - 1

    def fetch(x: int, y: int) -> bytes:
        body = _fast_cgi(port, f"FIF={slide}&JTL={resolution},{y * first.columns + x}")
        if b"\xff\xd8\xff" not in body[:600]:
            raise RuntimeError("iipsrv sent no picture")
        return _unwrapped(body)

    with started(command, environment, port) as pid:
        return crowd(lambda: fetch, pid, slide, index, TILES // 4)


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


def _unwrapped(answer: bytes) -> bytes:
    """Return what is written to standard output in FastCGI records, behind its headers."""
    at, written = 0, b""
    while at + 8 <= len(answer):
        kind, length, padding = struct.unpack_from(">xBxxHB", answer, at)
        written += answer[at + 8 : at + 8 + length] if kind == _STDOUT else b""
        at += 8 + length + padding
    return written.partition(b"\r\n\r\n")[2]


def _record(kind: int, body: bytes) -> bytes:
    return struct.pack(">BBHHBx", 1, kind, 1, len(body), 0) + body
