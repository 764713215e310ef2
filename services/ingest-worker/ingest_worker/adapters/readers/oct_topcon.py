"""Reads the optical coherence tomograms of Topcon: .fda (JPEG 2000 slices) and .fds (plain 16-bit samples).

Neither is published. A file is a mark, two version numbers, and chunks: length of the name (one byte, zero ends the
list), name, length of the content, content. Known from the projects uocte and OCT-Converter, and from real files.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
from imagecodecs import Jpeg2kError, jpeg2k_decode

from ingest_worker.adapters.readers.conversion_input import ConversionInput
from ingest_worker.adapters.readers.pixel_bytes import PixelBytes, StoredVolume
from ingest_worker.adapters.volumes import Pixels, Reading, Volume, VolumeReading
from ingest_worker.domain.files import SourceFile
from ingest_worker.domain.geometry import Geometry, identity
from ingest_worker.domain.images import EyeChoice
from ingest_worker.domain.layouts import VolumeLayout
from ingest_worker.domain.refusals import Damaged, Refused, Truncated

HEADER_BYTES: Final = 15
MOST_CHUNKS: Final = 100_000
COMPRESSED: Final = b"@IMG_JPEG"
PLAIN: Final = (b"@IMG_SCAN_03", b"@IMG_MOT_COMP_03")
SCAN_PARAMETERS: Final = b"@PARAM_SCAN_04"

PLAIN_HEADER: Final = struct.Struct("<x4IxI")  # width, height, bits, slices, bytes of pixels
COMPRESSED_HEADER: Final = struct.Struct("<x8x3I4x")  # width, height, slices
PARAMETERS: Final = struct.Struct("<12x3d")  # mm across a slice, mm across the slices, depth of a pixel in um
CODESTREAM: Final = b"\xff\x4f\xff\x51"
CODESTREAM_END: Final = b"\xff\xd9"
SIZE_MARKER: Final = struct.Struct(
    ">4x4x4I16xHB"
)  # Xsiz, Ysiz, XOsiz, YOsiz, Csiz, Ssiz (ISO 15444-1, A.5.1)
BOXES_BYTES: Final = 1024


@dataclass(frozen=True)
class Chunk:
    """Where the content of a chunk lies in the file."""

    offset: int
    length: int


def read(given: ConversionInput) -> Iterator[Reading]:
    """Yield the volume of a candidate of one file; photographs of the fundus in it are left out."""
    file = given.files[0]
    chunks = _chunks(file)
    spacing_mm = _field_mm(file, chunks.get(SCAN_PARAMETERS))
    volume = _volume(file, chunks, spacing_mm)
    volume.layout.check(file.base_name, given.budget)
    yield VolumeReading(
        files=given.names,
        name=file.base_name,
        volume=volume,
        metadata=replace(
            volume.layout.metadata(
                pixel_size_known=spacing_mm is not None, slice_distance_known=spacing_mm is not None
            ),
            eye_choice=EyeChoice.UNKNOWN,
        ),
        notes=() if spacing_mm else ("The file does not say how large a pixel is.",),
    )


def _chunks(file: SourceFile) -> dict[bytes, Chunk]:
    """Return the first chunk of each name."""
    found: dict[bytes, Chunk] = {}
    size = file.path.stat().st_size
    with file.path.open("rb") as stream:
        stream.seek(HEADER_BYTES)
        for _ in range(MOST_CHUNKS):
            start = stream.read(1)
            if start == b"\0":
                return found
            name = stream.read(start[0]) if start else b""
            length = stream.read(4)
            if len(length) < 4:
                break
            chunk = Chunk(stream.tell(), int.from_bytes(length, "little"))
            if chunk.offset + chunk.length > size:
                raise Truncated(file.base_name, expected_bytes=chunk.length, found_bytes=size - chunk.offset)
            found.setdefault(name, chunk)
            stream.seek(chunk.length, 1)
    raise Damaged(file.base_name, "its list of contents does not end")


def _volume(file: SourceFile, chunks: dict[bytes, Chunk], field_mm: "FieldMm | None") -> Volume:
    if COMPRESSED in chunks:
        return _compressed_volume(file, chunks[COMPRESSED], field_mm)
    plain = next((chunks[name] for name in PLAIN if name in chunks), None)
    if plain is None:
        raise Refused(f"The file {file.base_name} holds no tomogram.")
    return _plain_volume(file, plain, field_mm)


def _plain_volume(file: SourceFile, chunk: Chunk, field_mm: "FieldMm | None") -> StoredVolume:
    width, height, bits, slices, _ = _unpacked(PLAIN_HEADER, file, chunk)
    if bits != 16:
        raise Refused(f"The samples of {file.base_name} have {bits} bits, which cannot be imported.")
    layout = _layout((width, height, slices), "uint16", field_mm, file)
    there = chunk.length - PLAIN_HEADER.size
    if layout.total_bytes > there:
        raise Truncated(file.base_name, expected_bytes=layout.total_bytes, found_bytes=there)
    return StoredVolume(layout, PixelBytes(file, "raw", chunk.offset + PLAIN_HEADER.size), big_endian=False)


def _compressed_volume(file: SourceFile, chunk: Chunk, field_mm: "FieldMm | None") -> "CodedVolume":
    width, height, slices = _unpacked(COMPRESSED_HEADER, file, chunk)
    places = _coded_slices(file, chunk, slices)
    sample_type = _sample_type(_bytes_at(file.path, places[0]), (width, height), file) if places else ""
    return CodedVolume(_layout((width, height, slices), sample_type, field_mm, file), file, tuple(places))


def _coded_slices(file: SourceFile, chunk: Chunk, count: int) -> list[Chunk]:
    """Return where each slice's code lies: its length and then itself, one after the other."""
    places: list[Chunk] = []
    end = chunk.offset + chunk.length
    at = chunk.offset + COMPRESSED_HEADER.size
    with file.path.open("rb") as stream:
        for _ in range(count):
            stream.seek(at)
            length = int.from_bytes(stream.read(4), "little")
            if length == 0 or at + 4 + length > end:
                raise Damaged(file.base_name, f"it announces {count} slices but holds {len(places)}")
            places.append(Chunk(at + 4, length))
            at += 4 + length
    return places


@dataclass(frozen=True)
class CodedVolume:
    """A volume whose slices are JPEG 2000 pictures inside the file."""

    layout: VolumeLayout
    file: SourceFile
    places: tuple[Chunk, ...]

    def slices(self) -> Iterator[Pixels]:
        size = self.layout.size[:2]
        for number, place in enumerate(self.places, start=1):
            code = _bytes_at(self.file.path, place)
            if _sample_type(code, size, self.file) != self.layout.sample_type:
                raise Damaged(self.file.base_name, f"slice {number} is of another kind than the first")
            if CODESTREAM_END not in code[-16:]:
                raise Damaged(self.file.base_name, f"slice {number} is cut off")
            try:
                pixels = jpeg2k_decode(code)
            except (Jpeg2kError, NotImplementedError, ValueError) as error:
                raise Damaged(self.file.base_name, f"slice {number} cannot be decoded") from error
            yield np.ascontiguousarray(pixels, np.dtype(self.layout.sample_type).newbyteorder("<"))


def _sample_type(code: bytes, size: tuple[int, ...], file: SourceFile) -> str:
    """Return the type of a slice's samples, once it is certain that it is one gray picture of the right size."""
    start = code.find(CODESTREAM, 0, BOXES_BYTES)
    if start < 0 or len(code) < start + SIZE_MARKER.size:
        raise Damaged(file.base_name, "its slices are not JPEG 2000")
    right, bottom, left, top, components, depth = SIZE_MARKER.unpack_from(code, start)
    bits = (depth & 0x7F) + 1
    if (right - left, bottom - top, components) != (*size, 1) or bits > 16:
        raise Damaged(file.base_name, "its slices are not what its header announces")
    return f"{'int' if depth & 0x80 else 'uint'}{8 if bits <= 8 else 16}"


FieldMm = tuple[float, float, float]


def _field_mm(file: SourceFile, chunk: Chunk | None) -> FieldMm | None:
    """Return how far the scan reaches along and across its slices, and how deep a pixel is; None if unknown."""
    if chunk is None or chunk.length < PARAMETERS.size:
        return None
    along, across, depth_um = PARAMETERS.unpack(_bytes_at(file.path, Chunk(chunk.offset, PARAMETERS.size)))
    found = (along, depth_um / 1000, across)
    return found if all(np.isfinite(value) and value > 0 for value in found) else None


def _layout(
    size: tuple[int, int, int], sample_type: str, field_mm: FieldMm | None, file: SourceFile
) -> VolumeLayout:
    if min(size) < 1 or not sample_type:
        raise Refused(f"The header of {file.base_name} describes no image that can be read.")
    along, depth, across = field_mm or (float(size[0]), 1.0, float(size[2]))
    spacing = (along / size[0], depth, across / size[2])
    return VolumeLayout(size, 1, sample_type, Geometry(spacing, (0.0, 0.0, 0.0), identity(3)))


def _unpacked(form: struct.Struct, file: SourceFile, chunk: Chunk) -> tuple[int, ...]:
    if chunk.length < form.size:
        raise Damaged(file.base_name, "the description of its slices is cut off")
    return form.unpack(_bytes_at(file.path, Chunk(chunk.offset, form.size)))


def _bytes_at(path: Path, place: Chunk) -> bytes:
    with path.open("rb") as stream:
        stream.seek(place.offset)
        return stream.read(place.length)
