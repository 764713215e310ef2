"""Reads announced pixels out of raw or compressed files in blocks, verifying lengths and checksums.

ITK fills missing voxels with zeros and skips the checksum of a zlib stream; here neither can happen.
"""

import bz2
import os
from collections.abc import Iterator
from dataclasses import dataclass
from io import FileIO
from typing import Protocol, cast

import numpy as np
from isal import igzip_lib

from ingest_worker.adapters.volumes import Pixels
from ingest_worker.domain.budget import MIB
from ingest_worker.domain.files import SourceFile
from ingest_worker.domain.layouts import SAMPLE_BYTES, VolumeLayout
from ingest_worker.domain.refusals import Damaged, Refused, Truncated

INPUT_BYTES = MIB
OUTPUT_BYTES = 4 * MIB
SURPLUS_BYTES = 16 * MIB
GZIP_MARK = b"\x1f\x8b"


@dataclass(frozen=True)
class PixelBytes:
    """Where the pixels of an image are.

    Parameters
    ----------
    encoding
        "raw", "deflate" (a zlib or gzip stream, as MetaImage has it), "gzip" or "bzip2".
    offset
        Where the encoded bytes begin in the file; negative: so many bytes before its end.
    skip
        Decoded bytes before the pixels.
    """

    file: SourceFile
    encoding: str
    offset: int
    skip: int = 0


@dataclass(frozen=True)
class StoredVolume:
    """A volume whose pixels lie in a file in canonical order, raw or compressed."""

    layout: VolumeLayout
    source: PixelBytes
    big_endian: bool

    def slices(self) -> Iterator[Pixels]:
        rows, columns = self.layout.size[1], self.layout.size[0]
        shape = (rows, columns) if self.layout.channels == 1 else (rows, columns, self.layout.channels)
        little = np.dtype(self.layout.sample_type).newbyteorder("<")
        stored = little.newbyteorder(">") if self.big_endian else little
        for block in blocks(self.source, self.layout.slice_bytes, self.layout.slices):
            yield np.frombuffer(block, stored).reshape(shape).astype(little, copy=False)


def layout_bytes(samples: int, sample_type: str) -> int:
    """Return how many bytes so many samples take."""
    return samples * SAMPLE_BYTES[sample_type]


def surplus_note(source: PixelBytes, expected_bytes: int) -> tuple[str, ...]:
    """Return a remark if a raw file holds more than the pixels its header describes."""
    if source.encoding != "raw" or source.offset < 0:
        return ()
    surplus = source.file.path.stat().st_size - source.offset - source.skip - expected_bytes
    if surplus <= 0:
        return ()
    return (
        f"{source.file.base_name} holds {surplus} bytes more than its header describes; they were left out.",
    )


def blocks(source: PixelBytes, block_bytes: int, count: int) -> Iterator[bytes | bytearray | memoryview]:
    """Yield `count` blocks of pixels; what follows them in the file is verified, then left out.

    Raises
    ------
    Refused
        The pixels are fewer than announced, damaged, or far more than announced.
    """
    if source.encoding == "raw":
        yield from _raw_blocks(source, block_bytes, count)
        return
    stream = _DecodedStream(source)
    stream.read_exactly(source.skip, expected=source.skip + block_bytes * count)
    for index in range(count):
        yield stream.read_exactly(block_bytes, expected=block_bytes * count, before=index * block_bytes)
    stream.verify_end(surplus_allowed=max(SURPLUS_BYTES, block_bytes * count))


def decoded_head(source: PixelBytes, count: int) -> bytes:
    """Return the first decoded bytes of a file, fewer if it is shorter."""
    if source.encoding == "raw":
        with source.file.path.open("rb") as stream:
            return stream.read(count)
    return bytes(_DecodedStream(source).read_at_most(count))


def filled_from(block: memoryview, descriptor: int, offset: int) -> bool:
    """Read what lies at a place of an open file into all of a block; False if the file ends before."""
    while block and (count := os.preadv(descriptor, [block], offset)):
        block, offset = block[count:], offset + count
    return not block


def _raw_blocks(source: PixelBytes, block_bytes: int, count: int) -> Iterator[memoryview]:
    with FileIO(source.file.path) as stream:
        size = os.fstat(stream.fileno()).st_size
        start = (size + source.offset if source.offset < 0 else source.offset) + source.skip
        found = max(size - start, 0) if start >= 0 else size
        if start < 0 or found < block_bytes * count:
            raise Truncated(source.file.base_name, expected_bytes=block_bytes * count, found_bytes=found)
        for index in range(count):
            block = np.empty(block_bytes, np.uint8).data  # a bytearray would be filled with zeros first
            if not filled_from(block, stream.fileno(), start + index * block_bytes):
                raise Damaged(source.file.base_name, "it became shorter while it was read")
            yield block


class _Decoder(Protocol):
    """What bz2 and igzip decompressors have in common."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = -1) -> bytes: ...


# The stub of isal declares its exception as a value rather than a class.
INFLATE_ERROR = cast(type[Exception], igzip_lib.IsalError)
DECODING_ERRORS = (INFLATE_ERROR, OSError, EOFError, ValueError)


class _DecodedStream:
    """A compressed file, inflated as it is read; several gzip or bzip2 members in a row count as one."""

    def __init__(self, source: PixelBytes) -> None:
        self._source = source
        self._name = source.file.base_name
        self._file = source.file.path.open("rb")
        self._file.seek(source.offset)
        self._unread = self._file.read(INPUT_BYTES)
        self._decoder = self._new_decoder()

    def read_exactly(self, count: int, *, expected: int, before: int = 0) -> bytes | bytearray:
        """Return the next `count` decoded bytes; the other arguments serve the message if they are not there."""
        block = self.read_at_most(count)
        if len(block) < count:
            raise Truncated(self._name, expected_bytes=expected, found_bytes=before + len(block))
        return block

    def read_at_most(self, count: int) -> bytes | bytearray:
        """Return the next decoded bytes, `count` if there are so many; copies nothing that comes in one piece."""
        block: bytes | bytearray = self._decoded(count)
        while 0 < len(block) < count and (more := self._decoded(count - len(block))):
            block = block if isinstance(block, bytearray) else bytearray(block)
            block += more
        return block

    def verify_end(self, *, surplus_allowed: int) -> None:
        """Read to the end, so that the checksum behind the data is compared."""
        surplus = 0
        while more := self._decoded(OUTPUT_BYTES):
            surplus += len(more)
            if surplus > surplus_allowed:
                raise Refused(f"The file {self._name} holds far more data than its header announces.")
        self._file.close()

    def _decoded(self, most: int) -> bytes:
        """Return up to so many bytes more; none at the proper end of the data, or if none are wanted."""
        while most:
            if self._decoder.eof and not self._next_member():
                break
            data = self._input() if self._decoder.needs_input else b""
            try:
                decoded = self._decoder.decompress(data, min(most, OUTPUT_BYTES))
            except DECODING_ERRORS as error:
                raise Damaged(self._name, "its compressed data or their checksum are wrong") from error
            if decoded:
                return decoded
        return b""

    def _input(self) -> bytes:
        data = self._unread or self._file.read(INPUT_BYTES)
        self._unread = b""
        if not data:
            raise Damaged(self._name, "its compressed data end too early")
        return data

    def _next_member(self) -> bool:
        """Start on what follows a finished member, if that is another one; zeros are padding."""
        rest = self._decoder.unused_data + self._unread + self._file.read(INPUT_BYTES)
        self._unread = b""
        if self._source.encoding == "deflate" or not rest.strip(b"\0"):
            return False
        if not rest.startswith((GZIP_MARK, b"BZh")):
            raise Damaged(self._name, "something else follows its compressed data")
        self._unread = rest
        self._decoder = self._new_decoder()
        return True

    def _new_decoder(self) -> _Decoder:
        if self._source.encoding == "bzip2":
            return bz2.BZ2Decompressor()
        gzip = self._source.encoding == "gzip" or self._unread.startswith(GZIP_MARK)
        return igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP if gzip else igzip_lib.DECOMP_ZLIB)
