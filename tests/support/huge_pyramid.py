"""Pyramids that are huge by their headers and small on disk: all tiles of all levels are the same bytes."""

import io
import struct
from pathlib import Path

from PIL import Image

TILE = 512
COLOR = (180, 90, 140)
BIGTIFF_HEAD = struct.pack("<2sHHHQ", b"II", 43, 8, 0, 0)
FIRST_LINK = 8
SHORT, LONG, RATIONAL, LONG_8 = 3, 4, 5, 16
PER_CM = 20_000 | 1 << 32  # as a ratio


def huge_pyramid(path: Path, side: int) -> Path:
    """Write a square pyramid of JPEG tiles down to one tile; `side` in pixels."""
    jpeg = io.BytesIO()
    Image.new("RGB", (TILE, TILE), COLOR).save(jpeg, "JPEG")
    body, link = bytearray(BIGTIFF_HEAD), FIRST_LINK
    tile = _appended(body, jpeg.getvalue())
    while side:
        link = _append_level(body, link, side, tile, len(jpeg.getvalue()))
        side = side // 2 if side > TILE else 0
    path.write_bytes(body)
    return path


def _append_level(body: bytearray, link: int, side: int, tile: int, tile_bytes: int) -> int:
    count = (-(-side // TILE)) ** 2
    offsets = tile if count == 1 else _appended(body, struct.pack("<Q", tile) * count)
    lengths = tile_bytes if count == 1 else _appended(body, struct.pack("<Q", tile_bytes) * count)
    tags = (
        (256, LONG, 1, side), (257, LONG, 1, side), (258, SHORT, 3, 8 | 8 << 16 | 8 << 32), (259, SHORT, 1, 7),
        (262, SHORT, 1, 6), (277, SHORT, 1, 3), (282, RATIONAL, 1, PER_CM), (283, RATIONAL, 1, PER_CM),
        (284, SHORT, 1, 1), (296, SHORT, 1, 3), (322, SHORT, 1, TILE), (323, SHORT, 1, TILE),
        (324, LONG_8, count, offsets), (325, LONG_8, count, lengths), (530, SHORT, 2, 2 | 2 << 16),
    )  # fmt: skip
    entries = b"".join(struct.pack("<HHQQ", *tag) for tag in tags)
    directory = _appended(body, struct.pack("<Q", len(tags)) + entries + bytes(8))
    struct.pack_into("<Q", body, link, directory)
    return directory + 8 + len(entries)


def _appended(body: bytearray, data: bytes) -> int:
    place = len(body)
    body += data + bytes(-len(data) % 8)
    return place
