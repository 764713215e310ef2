"""iipsrv, the peer of `make bench-tiles` over the network.

It speaks FastCGI, one connection for each request, which its row includes. It is fetched by
`apt-get download iipimage-server libfcgi0ldbl libmemcached11 libhashkit2` and unpacked (`dpkg -x`) into `.cache/iipsrv`.
"""

import os
import socket
import struct
import time
from functools import partial
from pathlib import Path

from bench.measuring import Figures
from bench.tiles_inside import TILES, Places, places
from bench.tiles_over_http import crowd, free_port, started
from tiler.domain.tile_index import TileIndex

IIPSRV = Path(".cache/iipsrv/usr").absolute()


def iipsrv(slide: Path, index: TileIndex) -> Figures:
    """Fetch tiles of a file; without its tile cache, with the quality of DeepZoomGenerator."""
    port = free_port()
    environment = {
        **os.environ,
        "LD_LIBRARY_PATH": str(IIPSRV / "lib" / "x86_64-linux-gnu"),
        "VERBOSITY": "0",
        "JPEG_QUALITY": "75",
        "MAX_IMAGE_CACHE_SIZE": "0",
    }
    command = [str(IIPSRV / "lib" / "iipimage-server" / "iipsrv.fcgi"), "--bind", f"127.0.0.1:{port}"]
    first, resolution = index.levels[0], len(index.levels) - 1

    def client(wanted: Places) -> list[float]:
        times = []
        for x, y in wanted:
            started_s = time.perf_counter()
            body = _fast_cgi(port, f"FIF={slide}&JTL={resolution},{y * first.columns + x}")
            if b"\xff\xd8\xff" not in body[:600]:
                raise RuntimeError("iipsrv sent no picture")
            times.append(1000 * (time.perf_counter() - started_s))
        return times

    with started(command, environment, port) as pid:
        return crowd(client, pid, places(index, TILES // 4))


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
