"""Reads TIFF: pyramids are kept, single pictures become pyramids, stacks of pages become volumes."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyvips

from ingest_worker.adapters.readers.conversion_input import ConversionInput
from ingest_worker.adapters.readers.tiff_pages import PLAIN_PHOTOMETRICS, Page, Pages, read_pages
from ingest_worker.adapters.readers.tiff_segments import verify_deflated
from ingest_worker.adapters.volumes import Pixels, PyramidReading, Reading, VolumeReading
from ingest_worker.domain.files import SourceFile
from ingest_worker.domain.geometry import Geometry, identity
from ingest_worker.domain.images import ColorSpace
from ingest_worker.domain.layouts import COLOR_SPACES, VolumeLayout
from ingest_worker.domain.refusals import Damaged, Refused
from ingest_worker.domain.segments import MOST_SEGMENTS

VIPS_TYPES = ("uint8", "int8", "uint16", "int16", "uint32", "int32", "float32")
MIXTURE = (
    "The TIFF file {name} holds several pictures that are neither levels of a pyramid nor slices of a stack."
)


def read(given: ConversionInput) -> Iterator[Reading]:
    """Yield the image of a candidate of one file."""
    file = given.files[0]
    found = read_pages(file.path, file.base_name)
    first = found.pages[0]
    if first.sample_type not in VIPS_TYPES and first.sample_type != "bool":
        raise Refused(
            f"The samples of {file.base_name} are of a type that cannot be imported ({first.sample_type})."
        )
    verify_deflated(file.path, found, file.base_name)
    yield _stack(found, given) if found.is_stack else _pyramid(found, given)


def _pyramid(found: Pages, given: ConversionInput) -> PyramidReading:
    file, first = given.files[0], found.pages[0]
    levels = found.levels
    if levels == 1 and any(page.width >= first.width for page in found.pages[1:]):
        raise Refused(MIXTURE.format(name=file.base_name))
    layout = _layout(first, first.upright_size, found, first.samples)
    layout.check_streamed(file.base_name, given.budget)
    left_out = len(found.pages) - levels
    segments = _segments(first)
    return PyramidReading(
        files=given.names,
        name=file.base_name,
        path=file.path,
        ready=found.is_canonical,
        is_label_map=segments is not None,
        sample_type=layout.sample_type,
        metadata=replace(
            layout.metadata(),
            depth=1,
            color_space=ColorSpace(PLAIN_PHOTOMETRICS.get(first.photometric, COLOR_SPACES[layout.channels])),
            resolution_levels=levels,
            segments=segments,
        ),
        notes=(f"{left_out} more pages of the file, such as labels, were left out.",) if left_out else (),
    )


def _layout(page: Page, size: tuple[int, ...], found: Pages, channels: int) -> VolumeLayout:
    dimensions = len(size)
    spacing = (*found.pixel_size_mm, *([1.0] * (dimensions - 2)))
    geometry = Geometry(spacing, (0.0,) * dimensions, identity(dimensions))
    sample_type = "uint8" if page.sample_type == "bool" else page.sample_type
    return VolumeLayout(size, channels, sample_type, geometry)


def _segments(page: Page) -> tuple[int, ...] | None:
    """Return the labels from smallest to largest announced value, if they are few."""
    whole = page.samples == page.photometric == 1 and np.dtype(page.sample_type).kind in "iu"
    if not whole or page.value_range is None:
        return None
    low, high = page.value_range
    return tuple(range(low, high + 1)) if 0 <= high - low < MOST_SEGMENTS else None


def _stack(found: Pages, given: ConversionInput) -> VolumeReading:
    file, first = given.files[0], found.pages[0]
    if first.photometric not in PLAIN_PHOTOMETRICS:
        raise Refused(
            f"The stack {file.base_name} has a palette or another colour model that cannot be imported."
        )
    layout = _layout(first, (*first.upright_size, len(found.pages)), found, first.samples)
    return VolumeReading(
        files=given.names,
        name=file.base_name,
        volume=TiffStack(layout.check(file.base_name, given.budget), file),
        metadata=layout.metadata(slice_distance_known=False),
        notes=("The pages are of one size and were imported as slices; their distance is not known.",),
    )


@dataclass(frozen=True)
class TiffStack:
    """A volume whose slices are pages, decoded one after another."""

    layout: VolumeLayout
    file: SourceFile

    def slices(self) -> Iterator[Pixels]:
        little = np.dtype(self.layout.sample_type).newbyteorder("<")
        for page in range(self.layout.size[2]):
            yield np.ascontiguousarray(_decoded(self.file.path, page, self.file.base_name), little)


def _decoded(path: Path, page: int, name: str) -> Pixels:
    try:
        pixels: Pixels = pyvips.Image.tiffload(str(path), page=page, fail_on="error").autorot().numpy()
    except pyvips.Error as error:
        raise Damaged(name, f"page {page + 1} cannot be decoded") from error
    return pixels
