"""Tells whether a JPEG is there to its end: decoders take the last marker for granted once they have all pixels."""

from ingest_worker.domain.files import SourceFile
from ingest_worker.domain.refusals import Damaged

MARK, START_OF_SCAN, END_OF_IMAGE = 0xFF, 0xDA, b"\xff\xd9"
WITHOUT_LENGTH = frozenset((0x01, *range(0xD0, 0xD9)))


def check_end(file: SourceFile, start: int = 0) -> None:
    """Refuse a JPEG whose pixels no end follows; whatever comes after that is its writer's business.

    Parameters
    ----------
    start
        Where it begins in the file.

    Raises
    ------
    Damaged
        It is cut off.
    """
    content = file.path.read_bytes()
    if content.find(END_OF_IMAGE, _first_scan(content, start + 2)) < 0:
        raise Damaged(file.base_name, "it is cut off: its end is missing")


def _first_scan(content: bytes, at: int) -> int:
    """Return where the first scan begins, behind all that could hold a picture of its own (ISO 10918-1, annex B)."""
    while at + 4 <= len(content) and content[at] == MARK:
        marker = content[at + 1]
        if marker == START_OF_SCAN:
            return at
        if marker == MARK:  # fill bytes
            at += 1
        elif marker in WITHOUT_LENGTH:
            at += 2
        else:
            at += 2 + int.from_bytes(content[at + 2 : at + 4])
    return min(at, len(content))
