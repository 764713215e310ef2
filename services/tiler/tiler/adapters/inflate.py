"""Inflating with a known end: a stream can never make us hold more than what was asked for."""

from typing import Self

from isal import isal_zlib

from tiler.domain.problems import UnreadableImage


class Inflater:
    """One zlib stream, or a raw deflate stream (RFC 1951), fed in pieces; not for use by several threads."""

    def __init__(self, window_bits: int = isal_zlib.MAX_WBITS) -> None:
        self._stream = isal_zlib.decompressobj(window_bits)

    @classmethod
    def raw(cls) -> Self:
        """Return one for deflate without header and checksum, such as a run out of the middle of a stream."""
        return cls(-isal_zlib.MAX_WBITS)

    @property
    def wants_more(self) -> bool:
        """Whether all that was fed so far has been used up and the stream has not ended."""
        return not (self._stream.eof or self._stream.unconsumed_tail)

    def take(self, fed: bytes, at_most: int) -> bytes:
        """Feed compressed bytes and return up to `at_most` bytes; what was fed too much is kept.

        Raises
        ------
        UnreadableImage
            The stream is damaged.
        """
        try:
            return self._stream.decompress(self._stream.unconsumed_tail + fed, at_most)
        except isal_zlib.error as problem:  # type: ignore[misc]  # the stubs declare the class as an instance
            raise UnreadableImage("The compressed pixels are damaged.") from problem


def inflate(body: bytes, size_bytes: int) -> bytes:
    """Return the first `size_bytes` of a zlib stream, fewer if it ends before."""
    return Inflater().take(body, size_bytes)
