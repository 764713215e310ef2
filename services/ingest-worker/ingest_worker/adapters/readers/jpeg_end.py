"""Tells whether a JPEG is there to its end, which decoders take for granted once they have all pixels, and of what kind it is.

Markers and the lengths behind them: ISO 10918-1, annex B.
"""

from ingest_worker.domain.files import SourceFile
from ingest_worker.domain.refusals import Damaged

MARK, START_OF_SCAN, END_OF_IMAGE = 0xFF, 0xDA, b"\xff\xd9"
WITHOUT_LENGTH = frozenset((0x01, *range(0xD0, 0xD9)))
LOSSLESS_FRAMES = frozenset((0xC3, 0xC7, 0xCB, 0xCF))
FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
USUAL_BITS = 8


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
    # Behind all that could hold a picture of its own.
    if content.find(END_OF_IMAGE, _first(content, start + 2, frozenset({START_OF_SCAN}))) < 0:
        raise Damaged(file.base_name, "it is cut off: its end is missing")


def rare_kind(file: SourceFile) -> str:
    """Return what tells a file from the JPEGs that pictures are, "" if nothing does or it is none."""
    content = file.path.read_bytes()
    frame = content[_first(content, 2, FRAMES | {START_OF_SCAN}) :][:5]
    if len(frame) < 5 or frame[1] not in FRAMES:
        return ""
    if frame[1] in LOSSLESS_FRAMES:
        return f"lossless, of {frame[4]} bits a sample"
    return f"of {frame[4]} bits a sample" if frame[4] != USUAL_BITS else ""


def _first(content: bytes, at: int, wanted: frozenset[int]) -> int:
    """Return where the first segment begins that has one of the markers; where there is none, the end of all."""
    while at + 4 <= len(content) and content[at] == MARK:
        marker = content[at + 1]
        if marker in wanted:
            return at
        if marker == MARK:  # fill bytes
            at += 1
        elif marker in WITHOUT_LENGTH:
            at += 2
        else:
            at += 2 + int.from_bytes(content[at + 2 : at + 4])
    return min(at, len(content))
