"""Reads TIFF: pyramids are kept, single pictures become pyramids, stacks of pages become volumes."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyvips

from ingest_worker.adapters.readers.conversion_input import ConversionInput
from ingest_worker.adapters.readers.pixel_bytes import PixelBytes, StoredVolume
from ingest_worker.adapters.readers.tiff_axes import Axes
from ingest_worker.adapters.readers.tiff_page import STORED_AS, WHITE_IS_ZERO, Page
from ingest_worker.adapters.readers.tiff_pages import PLAIN_PHOTOMETRICS, Pages, read_pages
from ingest_worker.adapters.readers.tiff_plain import (
    CIELAB,
    is_decoded_by_libvips,
    keeps_white_as_zero,
    write_plain,
)
from ingest_worker.adapters.readers.tiff_segments import verify_deflated
from ingest_worker.adapters.volumes import Pixels, PyramidReading, Reading, Volume, VolumeReading
from ingest_worker.domain.files import SourceFile
from ingest_worker.domain.geometry import Geometry, identity
from ingest_worker.domain.images import ColorSpace
from ingest_worker.domain.layouts import COLOR_SPACES, VolumeLayout
from ingest_worker.domain.refusals import Damaged, Refused
from ingest_worker.domain.segments import MOST_SEGMENTS
from ingest_worker.domain.slices import Assumed

VIPS_TYPES = ("uint8", "int8", "uint16", "int16", "uint32", "int32", "float32")
PALETTE, CMYK, YCBCR = 3, 5, 6  # photometric interpretations (TIFF 6.0, sections 8, 16 and 21)
COLOR_MODELS = (*PLAIN_PHOTOMETRICS, WHITE_IS_ZERO, PALETTE, CMYK)
JPEG = 7
"""The only compression that turns YCbCr into colours by itself; libvips takes other samples for red, green and blue."""

AS_STORED = "White is zero in this file; its values were kept as they are stored."
ROUNDED = "The values of this file have double precision; they were rounded to single precision."
IN_THEIR_ORDER = "The pages are of one size and were imported as slices; their distance is not known."
MIXTURE = (
    "The TIFF file {name} holds several pictures that are neither levels of a pyramid nor slices of a stack."
)


def read(given: ConversionInput) -> Iterator[Reading]:
    """Yield the image of a candidate of one file."""
    file = given.files[0]
    found = read_pages(file.path, file.base_name)
    first = found.pages[0]
    if first.sample_type not in (*VIPS_TYPES, *STORED_AS):
        raise Refused(
            f"The samples of {file.base_name} are of a type that cannot be imported ({first.sample_type})."
        )
    if not _has_known_colors(first):
        raise Refused(f"The colours of {file.base_name} are told in a way that cannot be imported.")
    verify_deflated(file.path, found, file.base_name)
    with _decodable(found, given) as path:
        if found.is_stack:
            yield from _stacks(found, given, path)
        else:
            yield _pyramid(found, given, path)


def _has_known_colors(page: Page) -> bool:
    if page.photometric == YCBCR:
        return page.compression == JPEG
    if page.photometric == CIELAB:
        return page.samples == 3 and page.sample_type in ("uint8", "uint16")
    return page.photometric in COLOR_MODELS


@contextmanager
def _decodable(found: Pages, given: ConversionInput) -> Iterator[Path]:
    """Give a file that libvips can decode: the one given, or a plain copy of what is needed of it."""
    file, first = given.files[0], found.pages[0]
    if is_decoded_by_libvips(first):
        yield file.path
        return
    layout = _stack_layout(found) if found.is_stack else _picture_layout(found)
    layout.check(file.base_name, given.budget)
    copy = given.scratch / "plain.tif"
    try:
        write_plain(file.path, len(found.pages) if found.is_stack else 1, copy, file.base_name)
        yield copy
    finally:
        copy.unlink(missing_ok=True)


def _pyramid(found: Pages, given: ConversionInput, path: Path) -> PyramidReading:
    file, first = given.files[0], found.pages[0]
    levels = found.levels
    if levels == 1 and any(page.width >= first.width for page in found.pages[1:]):
        raise Refused(MIXTURE.format(name=file.base_name))
    layout = _picture_layout(found)
    layout.check_streamed(file.base_name, given.budget)
    segments = _segments(first)
    return PyramidReading(
        files=given.names,
        name=file.base_name,
        path=path,
        ready=found.is_canonical and path == file.path,
        is_label_map=segments is not None,
        sample_type=layout.sample_type,
        metadata=replace(
            layout.metadata(),
            depth=1,
            color_space=ColorSpace(PLAIN_PHOTOMETRICS.get(first.photometric, COLOR_SPACES[layout.channels])),
            resolution_levels=levels,
            segments=segments,
        ),
        notes=tuple(_remarks(found)),
    )


def _remarks(found: Pages) -> Iterator[str]:
    """Yield what there is to say about a picture: pages beside it, and pages that should be and are not."""
    left_out, described = len(found.pages) - found.levels, found.described
    yield from _about_values(found.pages[0])
    if left_out:
        yield f"{left_out} more pages of the file, such as labels, were left out."
    if described and described.pages > len(found.pages):
        yield f"The file describes {described.pages} pages, and holds {len(found.pages)}."


def _about_values(page: Page) -> Iterator[str]:
    if keeps_white_as_zero(page):
        yield AS_STORED
    if page.sample_type == "float64":
        yield ROUNDED


def _picture_layout(found: Pages) -> VolumeLayout:
    first = found.pages[0]
    return _layout(first, first.upright_size, found, 4 if first.is_gray_with_alpha else first.samples)


def _layout(page: Page, size: tuple[int, ...], found: Pages, channels: int) -> VolumeLayout:
    dimensions = len(size)
    spacing = (*found.pixel_size_mm, found.axes.slice_distance_mm or 1.0, 1.0)[:dimensions]
    geometry = Geometry(spacing, (0.0,) * dimensions, identity(dimensions))
    return VolumeLayout(size, channels, _sample_type(page), geometry)


def _sample_type(page: Page) -> str:
    return STORED_AS.get(page.sample_type, page.sample_type)


def _segments(page: Page) -> tuple[int, ...] | None:
    """Return the labels from smallest to largest announced value, if they are few."""
    whole = page.samples == page.photometric == 1 and np.dtype(page.sample_type).kind in "iu"
    if not whole or page.value_range is None:
        return None
    low, high = page.value_range
    return tuple(range(low, high + 1)) if 0 <= high - low < MOST_SEGMENTS else None


def _stacks(found: Pages, given: ConversionInput, path: Path) -> Iterator[VolumeReading]:
    """Yield the volume of each channel; pages of which nothing is said are the slices of one."""
    file, first, axes = given.files[0], found.pages[0], found.axes
    if first.photometric not in (*PLAIN_PHOTOMETRICS, WHITE_IS_ZERO, PALETTE):
        raise Refused(f"The stack {file.base_name} has a colour model that cannot be imported.")
    layout = _stack_layout(found).check(file.base_name, given.budget)
    for channel in range(axes.channels):
        which = (f"This is channel {channel + 1} of {axes.channels}.",) if axes.channels > 1 else ()
        yield VolumeReading(
            files=given.names,
            name=file.base_name,
            volume=_stack_of(found, axes.volume(channel), layout, replace(file, path=path)),
            metadata=layout.metadata(slice_distance_known=axes.slice_distance_mm is not None),
            notes=(*which, *_doubts(axes), *_about_values(first)),
        )


def _stack_layout(found: Pages) -> VolumeLayout:
    first, axes = found.pages[0], found.axes
    size = (*first.upright_size, axes.slices, axes.frames)
    dimensions = 4 if axes.frames > 1 else 3 if axes.slices > 1 else 2
    channels = 3 if first.photometric == PALETTE else first.samples
    return _layout(first, size[:dimensions], found, channels)


def _doubts(axes: Axes) -> tuple[str, ...]:
    if not axes.in_order:
        return (IN_THEIR_ORDER,)
    return (Assumed.DISTANCE,) if axes.slices > 1 and axes.slice_distance_mm is None else ()


def _stack_of(found: Pages, pages: tuple[int, ...], layout: VolumeLayout, file: SourceFile) -> Volume:
    if len(found.pages) == 1:
        return PlainStack(layout, file, found.pages[0], pages)
    return TiffStack(layout, file, pages, is_palette=found.pages[0].photometric == PALETTE)


@dataclass(frozen=True)
class PlainStack:
    """A volume whose slices lie one behind the other, beginning where the file's only page is."""

    layout: VolumeLayout
    file: SourceFile
    first: Page
    pages: tuple[int, ...]

    def slices(self) -> Iterator[Pixels]:
        start, size_bytes = self.first.segments[0][0], self.layout.slice_bytes
        plane = replace(self.layout, size=self.layout.size[:2])
        for page in self.pages:
            lies = PixelBytes(self.file, "raw", start + page * size_bytes)
            yield from StoredVolume(plane, lies, self.first.big_endian).slices()


@dataclass(frozen=True)
class TiffStack:
    """A volume whose slices are pages, decoded one after another."""

    layout: VolumeLayout
    file: SourceFile
    pages: tuple[int, ...]
    is_palette: bool

    def slices(self) -> Iterator[Pixels]:
        little = np.dtype(self.layout.sample_type).newbyteorder("<")
        for page in self.pages:
            yield np.ascontiguousarray(self._decoded(page), little)

    def _decoded(self, page: int) -> Pixels:
        try:
            picture = pyvips.Image.tiffload(str(self.file.path), page=page, fail_on="error").autorot()
            if self.is_palette:  # which libvips decodes to gray where all its colours are
                picture = picture.colourspace("rgb16" if picture.format == "ushort" else "srgb")
            pixels: Pixels = picture.numpy()
        except pyvips.Error as error:
            raise Damaged(self.file.base_name, f"page {page + 1} cannot be decoded") from error
        return pixels
