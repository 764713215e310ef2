"""JPEG tiles, completed with their page's tables without decoding."""

from tiler.adapters.bounded_reader import read_exactly
from tiler.domain.encoding import Encoding, Photometric
from tiler.domain.jpeg_stream import frame_of, head_of, is_jfif, without_colours
from tiler.domain.level import Level
from tiler.domain.problems import UnreadableImage
from tiler.domain.ranged_source import RangedSource

_MARKERS_BYTES = 4096
"""Within so many bytes of a tile stand the markers that name its colours."""


def with_true_colours(source: RangedSource, level: Level) -> Level:
    """Return the level as YCbCr if its page claims RGB, but its first tile is JFIF, which has no RGB.

    For years Bio-Formats, and QuPath by it, compressed RGB to ordinary JFIF and called that RGB, in TIFF (ome/bioformats#3856)
    and in DICOM (#4161). Readers of the stream, such as tifffile, show such slides well; libtiff and OpenSlide make them pink
    and green. Tiles that are RGB indeed, by Aperio or libtiff, have no such marker.
    """
    encoding = level.encoding
    if not (encoding.is_jpeg and encoding.photometric == Photometric.RGB and encoding.samples_per_tile == 3):
        return level
    first = next(
        ((start, size) for start, size in zip(level.offsets, level.lengths, strict=True) if size), None
    )
    if first is None:
        return level
    tile = read_exactly(source, first[0], first[0] + min(first[1], _MARKERS_BYTES))
    if not is_jfif(encoding.jpeg_start + tile[2:]):
        return level
    return level._replace(encoding=encoding._replace(photometric=Photometric.YCBCR))


def complete(encoding: Encoding, stored: bytes, width: int, height: int) -> bytes:
    """Return a stored tile as a stream that stands alone and names the colours of its page; no pixel is touched.

    Raises
    ------
    UnreadableImage
        The tile claims another size or kind of pixels than its page. Viewers would trust it, and run out of memory.
    """
    frame = frame_of(stored)
    if (frame.width, frame.height, frame.components) != (width, height, encoding.samples_per_tile):
        raise UnreadableImage("A JPEG tile is not of the size its page says.")
    if not frame.shown_by_browsers:
        raise UnreadableImage("JPEG tiles of 12 bits, lossless or arithmetic coding are not supported.")
    stream = encoding.jpeg_start + stored[2:]
    if encoding.has_colours_of(stream):
        return stream
    return encoding.jpeg_start_with_colours + without_colours(stored)[2:]


class Completer:
    """Completes many tiles of one page; tiles that start like one seen before need no second look at their head.

    Thread-safe.
    """

    def __init__(self, encoding: Encoding, width: int, height: int) -> None:
        self._encoding, self._width, self._height = encoding, width, height
        self._known: tuple[bytes, bytes] | None = None

    def complete(self, stored: bytes) -> bytes:
        """Return what the function `complete` does, and raise what it raises."""
        known = self._known
        if known is not None and stored.startswith(known[0]):
            return known[1] + stored[len(known[0]) :]
        stream = complete(self._encoding, stored, self._width, self._height)
        head = head_of(stored)
        self._known = (head, stream[: len(stream) - len(stored) + len(head)])
        return stream
