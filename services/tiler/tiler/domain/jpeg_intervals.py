"""JPEG streams with restart markers: intervals that start afresh, so that they can be cut out and joined differently.

Predictors are reset at every restart marker (ITU-T T.81, F.1.1.5.1), so intervals of one column can be put below one
another, or side by side, by renumbering the markers between them. No entropy-coded byte changes.
"""

from typing import NamedTuple

from tiler.domain.jpeg_stream import SOI, segments
from tiler.domain.problems import UnreadableImage
from tiler.domain.ranged_source import RangedSource

_EOI = b"\xff\xd9"
_QUANTISATION, _HUFFMAN, _RESTART_INTERVAL, _SCAN, _ADOBE = 0xDB, 0xC4, 0xDD, 0xDA, 0xEE
_BASELINE = (0xC0, 0xC1)
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_WANTED_TILE_PX = 256
_LARGEST_TILE_PX = 1 << 20
_HEIGHT_AT = 5  # of the frame header: marker, length, precision, then height and width


class StreamHead(NamedTuple):
    """What stands before the entropy-coded data.

    Parameters
    ----------
    tables
        Quantisation and Huffman segments.
    frame, restart, scan
        Their segments, with the markers.
    length
        Bytes up to the data.
    is_rgb
        A marker says that the components are red, green and blue.
    """

    tables: bytes
    frame: bytes
    restart: bytes
    scan: bytes
    length: int
    is_rgb: bool = False

    @property
    def factors(self) -> tuple[tuple[int, int], ...]:
        """Horizontal and vertical sampling factor of each component."""
        return tuple((byte >> 4, byte & 15) for byte in self.frame[11::3])

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the frame, of which none is larger than 65,535."""
        return int.from_bytes(self.frame[_HEIGHT_AT + 2 : _HEIGHT_AT + 4]), int.from_bytes(
            self.frame[_HEIGHT_AT : _HEIGHT_AT + 2]
        )

    @property
    def mcu_size(self) -> tuple[int, int]:
        """Width and height in pixels of what is coded together."""
        if len(self.factors) == 1:  # a lone component is not interleaved, whatever its factors (T.81, A.2.2)
            return 8, 8
        return 8 * max(x for x, _ in self.factors), 8 * max(y for _, y in self.factors)

    @property
    def interval_mcus(self) -> int:
        return int.from_bytes(self.restart[4:6])

    @property
    def interval_width(self) -> int:
        """Pixels across one restart interval, which is one row of blocks high."""
        return self.interval_mcus * self.mcu_size[0]

    @property
    def subsampling(self) -> tuple[int, int]:
        return self.factors[0]

    @property
    def tables_stream(self) -> bytes:
        """The tables as the JPEGTables of a page."""
        return SOI + self.tables + _EOI

    def start_of_tile(self, width: int, height: int) -> bytes:
        """Return a tile's stream up to its data, without tables."""
        size = height.to_bytes(2) + width.to_bytes(2)
        frame = self.frame[:_HEIGHT_AT] + size + self.frame[_HEIGHT_AT + 4 :]
        return SOI + frame + self.restart + self.scan


class IntervalStream(NamedTuple):
    """One JPEG stream inside a file and the part of a level it shows.

    Parameters
    ----------
    start, end
        Where in the source the stream lies.
    width, height
        In pixels of the level; what the frame header says is not believed, it is too small for large slides.
    left, top
        Place of its first pixel in the level.
    """

    source: RangedSource
    start: int
    end: int
    head: StreamHead
    width: int
    height: int
    left: int = 0
    top: int = 0

    @property
    def columns(self) -> int:
        """How many intervals lie side by side."""
        return -(-self.width // self.head.interval_width)

    @property
    def rows(self) -> int:
        return -(-self.height // self.head.mcu_size[1])

    def moved(self, left: int, top: int) -> "IntervalStream":
        return self._replace(left=left, top=top)


def joinable(head: StreamHead, width: int) -> bool:
    """Whether rows of the level end where intervals end."""
    if not head.interval_mcus:
        return False
    return -(-width // head.mcu_size[0]) % head.interval_mcus == 0 and head.interval_width % 16 == 0


def tile_size(head: StreamHead) -> tuple[int, int]:
    """Return width and height of tiles that consist of whole intervals: squares unless intervals are very wide."""
    width = head.interval_width * max(1, _WANTED_TILE_PX // head.interval_width)
    height = width if width * width <= _LARGEST_TILE_PX else _WANTED_TILE_PX
    step = max(16, head.mcu_size[1])
    return width, max(step, height // step * step)


def stream_head(start: bytes) -> StreamHead:
    """Read the head of a stream from its first bytes.

    Raises
    ------
    UnreadableImage
        It is no baseline JPEG, or its head is longer than what was given.
    """
    tables, found, is_rgb = [], {_RESTART_INTERVAL: b"\xff\xdd\x00\x04\x00\x00"}, False
    for marker, at, end in segments(start):
        segment = start[at - 4 : end]
        if marker in (_QUANTISATION, _HUFFMAN):
            tables.append(segment)
        elif marker in _FRAMES and marker not in _BASELINE:
            raise UnreadableImage("The slide's JPEG streams are not of the baseline kind.")
        elif marker in (*_BASELINE, _RESTART_INTERVAL, _SCAN):
            found[_BASELINE[0] if marker in _BASELINE else marker] = segment
        elif marker == _ADOBE and segment[4:9] == b"Adobe":
            is_rgb = segment[-1:] == b"\x00"
        if marker == _SCAN:
            return _checked(
                StreamHead(
                    b"".join(tables), found.get(0xC0, b""), found[_RESTART_INTERVAL], segment, end, is_rgb
                )
            )
    raise UnreadableImage("A JPEG stream of the slide has no scan.")


def _checked(head: StreamHead) -> StreamHead:
    components = head.frame[9] if len(head.frame) > 9 else 0
    sound = components in (1, 3) and len(head.frame) == 10 + 3 * components and len(head.restart) == 6
    if not sound or head.frame[4] != 8 or any(not (1 <= x <= 4 and 1 <= y <= 4) for x, y in head.factors):
        raise UnreadableImage("The frame header of a JPEG stream is damaged.")
    return head
