"""Takes streams apart into the tables that all tiles of a level share and the rest."""

from tiler.domain.jpeg_stream import SOI, segments

_EOI = b"\xff\xd9"
_TABLES = (0xDB, 0xC4)
_SCAN = 0xDA


def split_tables(stream: bytes) -> tuple[bytes, bytes]:
    """Return quantisation and Huffman tables as a stream, and the rest without them and without application data."""
    tables, head, length = _head(stream)
    return b"".join((SOI, tables, _EOI)), head + stream[length:]


class TableRemover:
    """Takes the tables off the streams of one encoder, whose heads are all alike. Thread-safe."""

    def __init__(self) -> None:
        self._known = (b"", b"")

    def rest(self, stream: bytes) -> bytes:
        """Return a stream without tables and application data."""
        known, short = self._known
        if not known or not stream.startswith(known):
            _, short, length = _head(stream)
            known = stream[:length]
            self._known = (known, short)
        return short + stream[len(known) :]


def _head(stream: bytes) -> tuple[bytes, bytes, int]:
    """Return the tables, what else stands before the entropy-coded data, and how long all of it is."""
    tables, rest, length = [], [SOI], len(stream)
    for marker, start, end in segments(stream):
        if marker in _TABLES:
            tables.append(stream[start - 4 : end])
        elif marker < 0xE0:
            rest.append(stream[start - 4 : end])
        if marker == _SCAN:
            length = end
            break
    return b"".join(tables), b"".join(rest), length
