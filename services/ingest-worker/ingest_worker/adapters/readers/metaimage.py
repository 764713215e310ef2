"""Reads MetaImage: .mha, and .mhd with the .raw or .zraw uploaded with it."""

from collections.abc import Iterator

from ingest_worker.adapters.readers.conversion_input import ConversionInput
from ingest_worker.adapters.readers.itk_geometry import SIZE_ASSUMED, read_geometry
from ingest_worker.adapters.readers.metaimage_header import MetaImageHeader, read_header
from ingest_worker.adapters.readers.pixel_bytes import PixelBytes, StoredVolume, layout_bytes, surplus_note
from ingest_worker.adapters.readers.text_pixels import NUMBERS, written_raw
from ingest_worker.adapters.volumes import Reading, VolumeReading
from ingest_worker.domain.embedded_metadata import described
from ingest_worker.domain.layouts import VolumeLayout
from ingest_worker.domain.refusals import Refused

AS_STORED = "The header says by ElementToIntensityFunction how real values follow from stored ones; they were kept as stored."


def read(given: ConversionInput) -> Iterator[Reading]:
    """Yield the image of a candidate whose first file is the header; the second, if any, holds the pixels."""
    header = read_header(given.files[0], given.budget)
    layout = _layout(header, given).check(header.name, given.budget)
    source = _pixel_bytes(header, given)
    found = described(layout.metadata(), header.fields)
    yield VolumeReading(
        files=given.names,
        name=header.name,
        volume=StoredVolume(layout, source, header.big_endian and not header.is_text),
        metadata=found.metadata,
        header_fields=found.header_fields,
        notes=(*found.notes, *_doubts(header), *surplus_note(source, layout.total_bytes)),
    )


def _doubts(header: MetaImageHeader) -> tuple[str, ...]:
    return (SIZE_ASSUMED,) * (not header.says_spacing) + (AS_STORED,) * header.scales_values


def _layout(header: MetaImageHeader, given: ConversionInput) -> VolumeLayout:
    view = read_geometry(
        header.geometry_text().encode("utf-8"),
        name=header.name,
        suffix=".mha",
        image_io="MetaImageIO",
        scratch=given.scratch,
    )
    if (view.size, view.channels, view.sample_type) != (header.size, header.channels, header.sample_type):
        raise Refused(f"The header of {header.name} can be understood in more than one way.")
    geometry = view.geometry.scaled(header.unit_mm)
    return VolumeLayout(header.size, header.channels, header.sample_type, geometry)


def _pixel_bytes(header: MetaImageHeader, given: ConversionInput) -> PixelBytes:
    offset = header.data_offset
    if offset is None:
        offset = -layout_bytes(header.samples, header.sample_type)
    source = PixelBytes(given.files[-1], "deflate" if header.compressed else "raw", offset)
    if not header.is_text:
        return source
    return written_raw(source, header.sample_type, header.samples, given.scratch / NUMBERS)
