"""Writes volumes as .mha: one valid zlib stream made of independent runs, compressed on several threads.

Each run ends with a full flush, so that inflating can start behind it: with the index at the end a slice is read
alone out of a standard file. Slices stream through; the header is written last, into room left for it.
"""

import math
import struct
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from isal import isal_zlib

from archive_shared.in_order import carry_in_order
from archive_shared.processors import has_avx_512
from archive_shared.slice_index import FlushPoint, SliceIndex
from ingest_worker.adapters.volumes import TOGETHER_BYTES, Pixels, Volume
from ingest_worker.adapters.writers import checksums
from ingest_worker.adapters.writers.metaimage_text import header_text
from ingest_worker.domain.budget import MIB
from ingest_worker.domain.layouts import VolumeLayout
from ingest_worker.domain.segments import MOST_SEGMENTS

ZLIB_START = b"\x78\x5e"
ZLIB_LAST_BLOCK = b"\x03\x00"
LARGEST_RUN_BYTES = 2 * MIB
WORTH_THREADS_BYTES = MIB  # of less, threads take longer to start than to compress
# Measured on CT, labels and photographs: 2 is smallest and fastest. Of integers of two bytes 3 makes as little, and faster where
# vectors have 512 bits; elsewhere it takes 1.3 to 1.7 times as long as 2.
LEVEL = 2
LEVEL_OF_SHORTS = 3 if has_avx_512() else 2
BUFFER = 9  # isal's largest, as fewer blocks take 3 to 7 % less time
FLAT = 16  # pixels that shrink so much are labels or nothing, of which isal makes more bytes than others do
LONGEST_NUMBER = 24
MOST_COMPARISONS = 8


@dataclass(frozen=True)
class WrittenVolume:
    """What is known about a volume after it was written.

    Parameters
    ----------
    labels
        All distinct values of a single-channel image of 8-bit integers, if there are no more than a label map has.
    """

    size_bytes: int
    pixels_sha256: str
    labels: tuple[int, ...] | None


def write_volume(
    volume: Volume,
    path: Path,
    *,
    fields: dict[str, str],
    threads: int,
    on_progress: Callable[[int], None],
) -> WrittenVolume:
    """Write the volume to a new file, slice by slice.

    Parameters
    ----------
    fields
        Extra header keys; the smallest and largest pixel value are added.
    on_progress
        Told how much is written so far, in thousandths.

    Raises
    ------
    Refused, WiderSamplesNeeded
        From the volume; the file is incomplete then.
    """
    layout = volume.layout
    labels = _Labels() if layout.channels == 1 and layout.sample_type in ("int8", "uint8") else None
    digest, total_bytes = sha256(), layout.total_bytes

    def look_at(run: Pixels) -> None:
        digest.update(run.data)
        if labels:
            labels.look_at(run)

    with path.open("xb") as stream:
        body = _Body(stream, reserved=_header_room(layout, fields))

        def add(run: _Run) -> None:
            body.add(run)
            on_progress(1000 * body.pixel_bytes // total_bytes)

        wanted = threads if total_bytes > WORTH_THREADS_BYTES else 1
        carry_in_order(_runs(volume), wanted, show=look_at, make=_compressed, take=add)
        body.finish(layout, fields)
    return WrittenVolume(
        size_bytes=body.offset,
        pixels_sha256=digest.hexdigest(),
        labels=labels.found(layout.sample_type) if labels else None,
    )


@dataclass
class _Run:
    """Some pixels, compressed into pieces: joining them would copy everything once more."""

    deflated: Sequence[bytes]
    adler: int
    pixel_bytes: int
    low: Any
    high: Any


def _compressed(pixels: Pixels) -> _Run:
    """Compress pixels into raw deflate that ends at a byte with a full flush (RFC 1951)."""
    level = LEVEL_OF_SHORTS if pixels.dtype.kind in "iu" and pixels.itemsize == 2 else LEVEL
    squeeze = isal_zlib.compressobj(level, isal_zlib.DEFLATED, -15, BUFFER)
    deflated = [squeeze.compress(pixels), squeeze.flush(isal_zlib.Z_FULL_FLUSH)]
    if _size(deflated) * FLAT < pixels.nbytes:
        deflated = min(deflated, _squeezed_flat(pixels), key=_size)
    return _Run(deflated, isal_zlib.adler32(pixels), pixels.nbytes, *_extremes(pixels))


def _size(pieces: Sequence[bytes]) -> int:
    return sum(map(len, pieces))


def _extremes(pixels: Pixels) -> tuple[Any, Any]:
    """Return the least and the greatest value, NaN only if there is nothing else."""
    if pixels.dtype.kind in "iu":
        return np.minimum.reduce(pixels), np.maximum.reduce(pixels)
    return np.fmin.reduce(pixels), np.fmax.reduce(pixels)


def _squeezed_flat(pixels: Pixels) -> list[bytes]:
    """Compress large areas of one value: bytes as lengths of runs, wider samples by looking for longer matches."""
    level, strategy = (1, zlib.Z_RLE) if pixels.itemsize == 1 else (4, zlib.Z_DEFAULT_STRATEGY)
    squeeze = zlib.compressobj(level, zlib.DEFLATED, -15, 9, strategy)
    return [squeeze.compress(pixels.data), squeeze.flush(zlib.Z_FULL_FLUSH)]


@dataclass
class _Body:
    """The zlib stream as it grows, behind the room reserved for the header."""

    stream: BinaryIO
    reserved: int
    flush_points: list[FlushPoint] = field(default_factory=list)
    offset: int = 0
    pixel_bytes: int = 0
    adler: int = checksums.EMPTY
    extremes: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.stream.seek(self.reserved)
        self.offset = self.reserved + self.stream.write(ZLIB_START)

    def add(self, run: _Run) -> None:
        self.flush_points.append(FlushPoint(self.pixel_bytes, self.offset))
        for piece in run.deflated:
            self.offset += self.stream.write(piece)
        self.pixel_bytes += run.pixel_bytes
        self.adler = checksums.joined(self.adler, run.adler, run.pixel_bytes)
        self.extremes += (run.low, run.high)

    def finish(self, layout: VolumeLayout, fields: dict[str, str]) -> None:
        if self.pixel_bytes != layout.total_bytes:
            raise ValueError(
                f"{self.pixel_bytes} bytes of pixels came where {layout.total_bytes} were announced"
            )
        self.flush_points.append(FlushPoint(self.pixel_bytes, self.offset))
        self.offset += self.stream.write(ZLIB_LAST_BLOCK + struct.pack(">I", self.adler))
        compressed = self.offset - self.reserved
        self.offset += self.stream.write(SliceIndex(self.flush_points).encoded())
        known = fields | _extreme_fields(*_extremes(np.array(self.extremes)))
        digits = self.reserved - len(header_text(layout, known, ""))
        self.stream.seek(0)
        self.stream.write(header_text(layout, known, str(compressed).zfill(digits)))


def _header_room(layout: VolumeLayout, fields: dict[str, str]) -> int:
    longest = "9" * LONGEST_NUMBER
    extremes = {"SmallestImagePixelValue": longest, "LargestImagePixelValue": longest}
    return len(header_text(layout, fields | extremes, "0" * len(str(2**63))))


def _extreme_fields(low: Any, high: Any) -> dict[str, str]:
    if not (math.isfinite(low) and math.isfinite(high)):
        return {}
    return {"SmallestImagePixelValue": str(low), "LargestImagePixelValue": str(high)}


def _runs(volume: Volume) -> Iterator[Pixels]:
    """Yield the pixels, one after another, in pieces worth compressing alone: a few small slices, a slice, some of its rows."""
    slice_bytes = volume.layout.slice_bytes
    pieces = math.ceil(slice_bytes / LARGEST_RUN_BYTES)
    waiting: list[Pixels] = []
    waiting_bytes = 0
    for pixels in volume.slices():
        waiting.append(pixels)
        waiting_bytes += pixels.nbytes
        if waiting_bytes + slice_bytes > TOGETHER_BYTES:
            yield from _pieces(waiting, pieces)
            waiting, waiting_bytes = [], 0
    if waiting:
        yield from _pieces(waiting, pieces)


def _pieces(slices: list[Pixels], count: int) -> list[Pixels]:
    if len(slices) > 1:
        return [np.concatenate(slices, axis=None)]
    pieces = slices if count == 1 else np.array_split(slices[0], count)
    return [piece.reshape(-1) for piece in pieces if piece.size]


class _Labels:
    """The distinct values of 8-bit pixels; costs next to nothing once all labels of a map have been met."""

    def __init__(self) -> None:
        self._seen = np.zeros(256, bool)
        self._too_many = False

    def look_at(self, pixels: Pixels) -> None:
        if self._too_many:
            return
        flat = pixels.view(np.uint8)
        low, high = int(flat.min()), int(flat.max())
        unseen = low + np.flatnonzero(~self._seen[low : high + 1])
        if len(unseen) > MOST_COMPARISONS:
            self._seen |= _present(flat)
        else:
            for value in unseen:
                self._seen[value] = bool((flat == value).any())
        self._too_many = int(self._seen.sum()) > MOST_SEGMENTS

    def found(self, sample_type: str) -> tuple[int, ...] | None:
        if self._too_many:
            return None
        values = np.flatnonzero(self._seen).astype(np.uint8).view(sample_type)
        return tuple(sorted(int(value) for value in values))


def _present(flat: Pixels) -> Any:
    """Return which of the 256 values occur, by marking pairs of them in a table: half as many steps as values."""
    pairs = np.zeros(65536, bool)
    even = flat.size // 2 * 2
    pairs[flat[:even].view(np.uint16)] = True
    pairs[flat[even:].astype(np.uint16) * 257] = True
    table = pairs.reshape(256, 256)
    return table.any(axis=0) | table.any(axis=1)
