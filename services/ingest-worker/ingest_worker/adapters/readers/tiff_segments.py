"""Verifies the checksums of deflated strips and tiles, which libtiff leaves unread once a tile is full."""

import zlib
from pathlib import Path

from ingest_worker.adapters.readers.tiff_pages import Page, Pages
from ingest_worker.domain.refusals import Damaged

DEFLATE = (8, 32946)  # Adobe's and the older code (TIFF 6.0 supplement 2)


def verify_deflated(path: Path, found: Pages, name: str) -> None:
    """Inflate every deflated strip and tile to its checksum.

    Raises
    ------
    Damaged
        One of them is wrong, or holds more than a strip or tile of its page can.
    """
    with path.open("rb") as stream:
        for page in found.pages:
            if page.compression not in DEFLATE:
                continue
            for offset, count in page.segments:
                stream.seek(offset)
                if count and not _is_whole(stream.read(count), page):
                    raise Damaged(name, "a checksum in it is wrong")


def _is_whole(deflated: bytes, page: Page) -> bool:
    inflate = zlib.decompressobj()
    try:
        inflate.decompress(deflated, page.segment_bytes)
        surplus = inflate.decompress(inflate.unconsumed_tail, 1) if inflate.unconsumed_tail else b""
    except zlib.error:
        return False
    return inflate.eof and not surplus
