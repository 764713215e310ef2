"""JPEG tiles, completed with their page's tables without decoding."""

from tiler.domain.encoding import Encoding
from tiler.domain.jpeg_stream import frame_of, head_of, without_colours
from tiler.domain.problems import UnreadableImage


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
