"""Reads NRRD: .nrrd, and .nhdr with the data file uploaded with it."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from ingest_worker.adapters.readers.conversion_input import ConversionInput
from ingest_worker.adapters.readers.itk_geometry import SIZE_ASSUMED, ItkView, read_geometry
from ingest_worker.adapters.readers.nrrd_axes import geometry_text, lacks_sizes, reason_against
from ingest_worker.adapters.readers.nrrd_header import HEX, TEXT, NrrdHeader, read_header
from ingest_worker.adapters.readers.pixel_bytes import (
    PixelBytes,
    StoredVolume,
    blocks,
    layout_bytes,
    surplus_note,
)
from ingest_worker.adapters.readers.text_pixels import NUMBERS, bytes_written_raw, written_raw
from ingest_worker.adapters.volumes import ArrayVolume, Pixels, Reading, Volume, VolumeReading
from ingest_worker.domain.embedded_metadata import described
from ingest_worker.domain.layouts import VolumeLayout
from ingest_worker.domain.refusals import Refused

LISTED = "The file lists {count} volumes, which were taken for time points."
LAYER = "This is layer {number} of {count} of a segmentation."


def read(given: ConversionInput) -> Iterator[Reading]:
    """Yield the images of a candidate whose first file is the header; the second, if any, holds the pixels."""
    header = read_header(given.files[0], given.budget)
    view = _itk_view(header, given)
    geometry = view.geometry.scaled(header.unit_mm)
    layout = VolumeLayout(view.size, view.channels, header.sample_type, geometry)
    layout.check(header.name, given.budget)
    _require_agreement(header, view)
    source = _pixel_bytes(header, given)
    surplus = surplus_note(source, layout_bytes(header.samples, header.sample_type))
    doubts = (SIZE_ASSUMED,) * lacks_sizes(header)
    for volume, notes in _volumes(header, layout, source, given):
        found = described(volume.layout.metadata(), header.values)
        yield VolumeReading(
            files=given.names,
            name=header.name,
            volume=volume,
            metadata=found.metadata,
            header_fields=found.header_fields,
            notes=(*found.notes, *doubts, *surplus, *notes),
        )


def _itk_view(header: NrrdHeader, given: ConversionInput) -> ItkView:
    try:
        return read_geometry(
            geometry_text(header).encode("utf-8"),
            name=header.name,
            suffix=".nrrd",
            image_io="NrrdImageIO",
            scratch=given.scratch,
        )
    except Refused as refusal:
        raise Refused(reason_against(header) or refusal.reason) from refusal


def _require_agreement(header: NrrdHeader, view: ItkView) -> None:
    """Refuse a header that ITK understands in another way."""
    axes = list(header.sizes)
    channels = 1 if header.channel_axis is None else axes.pop(header.channel_axis)
    if header.series_axis is not None:
        del axes[header.series_axis]
    if (tuple(axes), channels, header.sample_type) != (view.size, view.channels, view.sample_type):
        raise Refused(f"The header of {header.name} can be understood in more than one way.")


def _volumes(
    header: NrrdHeader, layout: VolumeLayout, source: PixelBytes, given: ConversionInput
) -> Iterator[tuple[Volume, tuple[str, ...]]]:
    """Yield the volume of a file with remarks, or the layers of a segmentation."""
    if header.series_axis is not None:
        yield from _series(header, header.series_axis, layout, source, given)
    elif header.channel_axis:
        yield _with_channels_first(header, header.channel_axis, layout, source), ()
    else:
        yield StoredVolume(layout, source, header.big_endian), ()


def _series(
    header: NrrdHeader, axis: int, layout: VolumeLayout, source: PixelBytes, given: ConversionInput
) -> Iterator[tuple[Volume, tuple[str, ...]]]:
    """Yield volumes that follow one another as one over time, or each by itself if they are layers of a segmentation."""
    count = header.sizes[axis]
    whole = replace(layout, size=(*layout.size, count), geometry=layout.geometry.with_time())
    whole.check(header.name, given.budget)
    are_apart = header.is_segmentation or count == 1
    listed = (LISTED.format(count=count),) if header.is_list else ()
    if axis == len(layout.size) and not are_apart:
        yield StoredVolume(whole, source, header.big_endian), listed
        return
    volumes = np.moveaxis(_in_memory(header, source), -1 - axis, 0)
    if not are_apart:
        yield ArrayVolume(whole, volumes), listed
        return
    for number, volume in enumerate(volumes, 1):
        layer = (LAYER.format(number=number, count=count),) if count > 1 else ()
        yield ArrayVolume(layout, volume), layer


def _with_channels_first(
    header: NrrdHeader, axis: int, layout: VolumeLayout, source: PixelBytes
) -> ArrayVolume:
    """Bring the axis of the channels to the front, where ITK has it."""
    return ArrayVolume(layout, np.moveaxis(_in_memory(header, source), -1 - axis, -1))


def _in_memory(header: NrrdHeader, source: PixelBytes) -> Pixels:
    """Return all samples; the axes come in the opposite order, the slowest first."""
    (block,) = blocks(source, layout_bytes(header.samples, header.sample_type), 1)
    stored = np.dtype(header.sample_type).newbyteorder(">" if header.big_endian else "<")
    return np.frombuffer(block, stored).reshape(header.sizes[::-1])


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
    if header.encoding == HEX:
        digits = PixelBytes(given.files[-1], HEX, start + header.byte_skip)
        return bytes_written_raw(digits, given.scratch / NUMBERS)
    if header.encoding == TEXT:
        text = PixelBytes(given.files[-1], TEXT, start + header.byte_skip)
        return written_raw(text, header.sample_type, header.samples, given.scratch / NUMBERS)
    return PixelBytes(given.files[-1], header.encoding, start, skip=header.byte_skip)


def _behind_lines(header: NrrdHeader, given: ConversionInput, start: int) -> int:
    with given.files[-1].path.open("rb") as stream:
        stream.seek(start)
        for _ in range(header.line_skip):
            if not stream.readline(given.budget.header_bytes).endswith(b"\n"):
                raise Refused(f"The header of {header.name} skips more lines than there are.")
        return stream.tell()
