"""Reads the optical coherence tomograms of Heidelberg Engineering (.e2e).

The format is not published. Its data lie in chunks, each behind a mark and a header that says which series and which
slice it belongs to; the directories that list them are not needed. Known from the projects uocte, LibE2E and
OCT-Converter, and from real files.
"""

import mmap
import struct
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ingest_worker.adapters.readers.conversion_input import ConversionInput
from ingest_worker.adapters.volumes import Pixels, Reading, RefusedReading, VolumeReading
from ingest_worker.domain.files import SourceFile
from ingest_worker.domain.geometry import Geometry, identity
from ingest_worker.domain.images import EyeChoice
from ingest_worker.domain.layouts import VolumeLayout
from ingest_worker.domain.refusals import Refused, Truncated

MARK: Final = b"MDbData"
CHUNK: Final = struct.Struct("<12s8Ii2H2I")
IMAGE: Final = struct.Struct("<4xI4x2I")  # kind of samples, rows, columns
SAMPLES: Final = 0x02200201
"""The kind of a tomogram's samples; a photograph's are bytes."""

SIDE_AT: Final = 14
IMAGES: Final = 0x40000000
SIDE: Final = 11
TOMOGRAM: Final = 1

# What the scanner's usual field measures; the file itself is not asked.
ALONG_MM, DEPTH_MM, ACROSS_MM = 6.0, 0.0039, 4.5
USUAL_FIELD: Final = (
    "The size of a pixel is that of the scanner's usual field; the file does not say it in a known way."
)
EYES: Final = {ord("R"): EyeChoice.OD, ord("L"): EyeChoice.OS}

Series = tuple[int, int, int]


@dataclass(frozen=True)
class StoredSlice:
    """A slice of a tomogram: its number in the series, and where samples of which kind lie."""

    number: int
    offset: int
    kind: int
    rows: int
    columns: int

    @property
    def end(self) -> int:
        """Return where the samples end, or where they begin if it is not known how long they are."""
        return self.offset + (self.rows * self.columns * 2 if self.kind == SAMPLES else 0)


def read(given: ConversionInput) -> Iterator[Reading]:
    """Yield every tomogram in a candidate of one file; photographs of the fundus in it are left out."""
    file = given.files[0]
    slices, eyes = _contents(file)
    if not slices:
        raise Refused(f"The file {file.base_name} holds no tomogram.")
    for series, found in slices.items():
        try:
            volume = _volume(file, found)
            volume.layout.check(file.base_name, given.budget)
        except Refused as refusal:
            yield RefusedReading(given.names, refusal.reason)
            continue
        yield VolumeReading(
            files=given.names,
            name=file.base_name,
            volume=volume,
            metadata=replace(volume.layout.metadata(), eye_choice=eyes.get(series, EyeChoice.UNKNOWN)),
            notes=(USUAL_FIELD,),
        )


def _contents(file: SourceFile) -> tuple[dict[Series, list[StoredSlice]], dict[Series, EyeChoice]]:
    """Return the slices of each series, and which eye each is of."""
    slices: dict[Series, list[StoredSlice]] = defaultdict(list)
    eyes: dict[Series, EyeChoice] = {}
    with file.path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
        at = data.find(MARK)
        while at >= 0 and at + CHUNK.size + IMAGE.size <= len(data):
            _, *_, patient, study, series, number, index, _, kind, _ = CHUNK.unpack_from(data, at)
            at += CHUNK.size
            if kind == SIDE and data[at + SIDE_AT] in EYES:
                eyes[patient, study, series] = EYES[data[at + SIDE_AT]]
            elif kind == IMAGES and index == TOMOGRAM:
                found = _slice(file, data, number, at)
                slices[patient, study, series].append(found)
                at = found.end
            at = data.find(MARK, at)
    return slices, eyes


def _slice(file: SourceFile, data: mmap.mmap, number: int, at: int) -> StoredSlice:
    found = StoredSlice(number, at + IMAGE.size, *IMAGE.unpack_from(data, at))
    expected, there = found.end - found.offset, len(data) - found.offset
    if expected > there:
        raise Truncated(file.base_name, expected_bytes=expected, found_bytes=there)
    return found


def _volume(file: SourceFile, found: list[StoredSlice]) -> "HeidelbergVolume":
    slices = sorted(found, key=lambda one: one.number)
    first = slices[0]
    if any(one.kind != SAMPLES for one in slices) or not first.rows or not first.columns:
        raise Refused(f"The slices of a tomogram in {file.base_name} hold no samples that can be imported.")
    if {(one.rows, one.columns) for one in slices} != {(first.rows, first.columns)}:
        raise Refused(f"The slices of a tomogram in {file.base_name} are of different sizes.")
    steps = {later.number - one.number for one, later in pairwise(slices)}
    if 0 in steps:
        raise Refused(f"Several slices of a tomogram in {file.base_name} have the same number.")
    if len(steps) > 1:
        raise Refused(f"Slices are missing in a tomogram in {file.base_name}: their numbers have gaps.")
    size = (first.columns, first.rows, len(slices))
    spacing = (ALONG_MM / size[0], DEPTH_MM, ACROSS_MM / size[2])
    layout = VolumeLayout(size, 1, "float32", Geometry(spacing, (0.0, 0.0, 0.0), identity(3)))
    return HeidelbergVolume(layout, file, tuple(slices))


@dataclass(frozen=True)
class HeidelbergVolume:
    """A tomogram whose samples are turned into intensities while they are read."""

    layout: VolumeLayout
    file: SourceFile
    slices_in_order: tuple[StoredSlice, ...]

    def slices(self) -> Iterator[Pixels]:
        table = intensities()
        with self.file.path.open("rb") as stream:
            for one in self.slices_in_order:
                stream.seek(one.offset)
                codes = np.frombuffer(stream.read(one.rows * one.columns * 2), "<u2")
                yield table[codes].reshape(one.rows, one.columns)


def intensities() -> NDArray[np.float32]:
    """Return the intensity, 0 to 256, of each 16-bit sample.

    A sample is an unsigned floating-point number, six bits of exponent above ten of mantissa, that counts reflected
    light from 0 to 1; the root of 2.4 is how the vendor shows it. Larger samples are brighter, all are different.
    """
    code = np.arange(1 << 16)
    light = (1 + (code & 0x3FF) / 1024) * np.exp2((code >> 10) - 63.0)
    shown: NDArray[np.float32] = (256 * light ** (1 / 2.4)).astype(np.float32)
    return shown
