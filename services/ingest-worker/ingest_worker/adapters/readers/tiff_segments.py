"""Verifies the checksums of deflated strips and tiles, which libtiff leaves unread once a tile is full."""

import zlib
from pathlib import Path

from ingest_worker.adapters.readers.tiff_page import Page
from ingest_worker.adapters.readers.tiff_pages import Pages
from ingest_worker.domain.budget import MIB
from ingest_worker.domain.refusals import Damaged

INFLATED_BYTES = 16 * MIB
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
    """Inflate in pieces, since a whole picture may be one strip."""
    inflate, held = zlib.decompressobj(), 0
    try:
        while deflated and held <= page.segment_bytes:
            held += len(inflate.decompress(deflated, INFLATED_BYTES))
            deflated = inflate.unconsumed_tail
    except zlib.error:
        return False
    return inflate.eof and held <= page.segment_bytes
