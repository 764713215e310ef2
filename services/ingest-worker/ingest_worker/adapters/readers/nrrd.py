"""Reads NRRD: .nrrd, and .nhdr with the data file uploaded with it."""

from collections.abc import Iterator

import numpy as np

from ingest_worker.adapters.readers.conversion_input import ConversionInput
from ingest_worker.adapters.readers.itk_geometry import ItkView, read_geometry
from ingest_worker.adapters.readers.nrrd_header import NrrdHeader, read_header
from ingest_worker.adapters.readers.pixel_bytes import (
    PixelBytes,
    StoredVolume,
    blocks,
    layout_bytes,
    surplus_note,
)
from ingest_worker.adapters.volumes import ArrayVolume, Reading, Volume, VolumeReading
from ingest_worker.domain.embedded_metadata import described
from ingest_worker.domain.layouts import VolumeLayout
from ingest_worker.domain.refusals import Refused


def read(given: ConversionInput) -> Iterator[Reading]:
    """Yield the image of a candidate whose first file is the header; the second, if any, holds the pixels."""
    header = read_header(given.files[0], given.budget)
    view = read_geometry(
        header.geometry_text().encode("utf-8"),
        name=header.name,
        suffix=".nrrd",
        image_io="NrrdImageIO",
        scratch=given.scratch,
    )
    geometry = view.geometry.scaled(header.unit_mm)
    layout = VolumeLayout(view.size, view.channels, header.sample_type, geometry)
    layout.check(header.name, given.budget)
    source = _pixel_bytes(header, given)
    found = described(layout.metadata(), header.values)
    yield VolumeReading(
        files=given.names,
        name=header.name,
        volume=_volume(header, view, layout, source),
        metadata=found.metadata,
        header_fields=found.header_fields,
        notes=(*found.notes, *surplus_note(source, layout.total_bytes)),
    )


def _volume(header: NrrdHeader, view: ItkView, layout: VolumeLayout, source: PixelBytes) -> Volume:
    axis = header.channel_axis
    axes = list(header.sizes)
    channels = 1 if axis is None else axes.pop(axis)
    if (tuple(axes), channels, header.sample_type) != (view.size, view.channels, view.sample_type):
        raise Refused(f"The header of {header.name} can be understood in more than one way.")
    if axis is None or axis == 0:
        return StoredVolume(layout, source, header.big_endian)
    return _with_channels_first(header, axis, layout, source)


def _with_channels_first(
    header: NrrdHeader, axis: int, layout: VolumeLayout, source: PixelBytes
) -> ArrayVolume:
    """Bring the axis of the channels to the front, where ITK has it, in memory."""
    (block,) = blocks(source, layout.total_bytes, 1)
    stored = np.frombuffer(
        block, np.dtype(header.sample_type).newbyteorder(">" if header.big_endian else "<")
    ).reshape(header.sizes[::-1])
    return ArrayVolume(layout, np.moveaxis(stored, len(header.sizes) - 1 - axis, -1))


def _pixel_bytes(header: NrrdHeader, given: ConversionInput) -> PixelBytes:
    start = 0 if header.data_file is not None else header.header_bytes
    if header.line_skip:
        start = _behind_lines(header, given, start)
    if header.byte_skip == -1:
        if header.encoding != "raw":
            raise Refused(
                f"The header of {header.name} counts compressed pixels from the end, which has no meaning."
            )
        return PixelBytes(given.files[-1], "raw", -layout_bytes(header.samples, header.sample_type))
    return PixelBytes(given.files[-1], header.encoding, start, skip=header.byte_skip)


def _behind_lines(header: NrrdHeader, given: ConversionInput, start: int) -> int:
    with given.files[-1].path.open("rb") as stream:
        stream.seek(start)
        for _ in range(header.line_skip):
            if not stream.readline(given.budget.header_bytes).endswith(b"\n"):
                raise Refused(f"The header of {header.name} skips more lines than there are.")
        return stream.tell()
