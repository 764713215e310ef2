"""What a TIFF's pages are to each other: one picture, a pyramid, a stack, or a mixture. Metadata by tifffile."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tifffile import TiffFile, TiffPage

from ingest_worker.adapters.readers.tiff_axes import Axes, described_axes
from ingest_worker.adapters.readers.tiff_page import (
    MOST_PAGES,
    READING_ERRORS,
    STORED_AS,
    UPRIGHT,
    Page,
    directories_of,
    read_page,
    upright,
)
from ingest_worker.adapters.readers.tiff_resolution import resolution_of, tagged_size_mm
from ingest_worker.domain.refusals import Damaged, Refused, Truncated

PLAIN_PHOTOMETRICS = {1: "GRAY", 2: "RGB", 6: "YCBCR"}
SAMPLE_FORMATS = {1: "unsigned", 2: "signed", 3: "float", 5: "complex", 6: "complex"}
"""What samples are by tag 339 (TIFF 6.0, section 19)."""
LARGEST_TILE = 4096
SAME_SIZE = 1e-3


@dataclass(frozen=True)
class Pages:
    """The pages of a file and what they are to each other.

    Parameters
    ----------
    pixel_size_mm
        Size of a pixel of the first when upright (x, y).
    size_is_tagged
        Whether the resolution tags say so themselves.
    described
        What the description of a microscope's software says.
    described_pages
        How many lie, only described, where the first begins; 0 if all have directories.
    """

    pages: tuple[Page, ...]
    pixel_size_mm: tuple[float, float]
    size_is_tagged: bool = True
    described: Axes | None = None
    described_pages: int = 0

    @property
    def axes(self) -> Axes:
        """Return how the pages of a stack follow one another: as described, or as slices in their order."""
        described = self.described
        if described and described.in_order and described.pages in (len(self.pages), self.described_pages):
            return described
        return Axes(slices=len(self.pages), in_order=False)

    @property
    def levels(self) -> int:
        """Count the pages, from the first, that are levels of one pyramid."""
        return pyramid_levels(self.pages)

    @property
    def is_stack(self) -> bool:
        """Tell whether all pages are of one size and kind: a stack, however many."""
        sizes = {(page.width, page.height, page.kind) for page in self.pages}
        return max(len(self.pages), self.described_pages) > 1 and len(sizes) == 1

    @property
    def is_canonical(self) -> bool:
        """Tell whether the file can be kept as it is: nothing but the tiled levels of one plain picture."""
        first = self.pages[0]
        return (
            self.levels == len(self.pages)
            and self.size_is_tagged
            and all(page.is_tiled and page.is_interleaved and not page.has_inner_pages for page in self.pages)
            and first.photometric in PLAIN_PHOTOMETRICS
            and not (first.is_gray_with_alpha or first.sample_type in STORED_AS)
            and first.orientation == UPRIGHT
            and max(first.tile) <= LARGEST_TILE
            and (self.levels > 1 or max(first.width, first.height) <= max(first.tile))
        )


def read_pages(path: Path, name: str) -> Pages:
    """Read the directories of a TIFF.

    Raises
    ------
    Refused
        It is damaged, or does not say how large a pixel is.
    """
    try:
        with TiffFile(path) as tiff:
            directories = directories_of(tiff)
            if len(directories) > MOST_PAGES:
                raise Refused(f"The TIFF file {name} has more than {MOST_PAGES} pages.")
            _check_types(directories, name)
            pages = tuple(map(read_page, directories))
            first, tagged = tiff.pages.first, tagged_size_mm(tiff.pages.first)
            described = described_axes(first.description, resolution_of(first), samples=pages[0].samples)
    except READING_ERRORS as error:
        raise Damaged(name, "its TIFF directories cannot be read") from error
    pixel_size = _pixel_size_mm(tagged, described)
    if pixel_size is None:
        raise Refused(f"The TIFF file {name} does not say how large a pixel is (resolution and its unit).")
    size = path.stat().st_size
    if any(page.data_end > size for page in pages):
        raise Damaged(name, "it ends before its last pixels")
    return Pages(
        pages,
        upright(pixel_size, pages[0].orientation),
        size_is_tagged=pixel_size == tagged,
        described=described,
        described_pages=_described_pages(pages, described, size, name),
    )


def _check_types(directories: Sequence[TiffPage], name: str) -> None:
    for page in directories:
        if page.dtype is None and page.imagewidth > 0 and page.imagelength > 0:
            kind = SAMPLE_FORMATS.get(int(page.sampleformat or 0), "unknown")
            raise Refused(
                f"The samples of {name} are of a type that cannot be imported ({kind}, {page.bitspersample} bits)."
            )


def _described_pages(pages: Sequence[Page], described: Axes | None, size_bytes: int, name: str) -> int:
    """Count the pages that only a description counts; each costs memory before it is read.

    Where there is nothing behind the first, it is a picture that was taken out of a stack and kept the description.

    Raises
    ------
    Refused
        They are too many, or not all there.
    """
    first = pages[0]
    if not (described and described.in_one_piece and len(pages) == 1 and first.is_in_one_piece):
        return 0
    there = size_bytes - first.segments[0][0]
    if there < 2 * first.size_bytes:
        return 0
    if described.pages > MOST_PAGES:
        raise Refused(f"The TIFF file {name} has more than {MOST_PAGES} pages.")
    expected = described.pages * first.size_bytes
    if expected > there:
        raise Truncated(name, expected_bytes=expected, found_bytes=there)
    return described.pages


def _pixel_size_mm(tagged: tuple[float, float] | None, described: Axes | None) -> tuple[float, float] | None:
    """Return the size of a pixel; where tags and description disagree, tags say 72 dpi because a writer had to say something."""
    told = described.pixel_size_mm if described else None
    if told is None or (tagged and _alike(told, tagged)):
        return tagged
    return told


def _alike(one: Sequence[float], other: Sequence[float]) -> bool:
    return all(math.isclose(a, b, rel_tol=SAME_SIZE) for a, b in zip(one, other, strict=True))


def pyramid_levels(pages: Sequence[Page]) -> int:
    """Count the pages, from the first, that are each a smaller version of the one before.

    A level is reduced by the same factor in both directions, give or take a pixel of rounding per level.
    """
    for index in range(1, len(pages)):
        if not _is_reduced(pages[0], pages[index - 1], pages[index], slack=index):
            return index
    return len(pages)


def _is_reduced(full: Page, before: Page, page: Page, *, slack: int) -> bool:
    if page.kind != full.kind or page.width >= before.width or page.height > before.height:
        return False
    factor = max(full.width / page.width, full.height / page.height)
    expected = full.width / factor, full.height / factor
    narrow = math.isclose(page.width, expected[0], abs_tol=slack + 1)
    return narrow and math.isclose(page.height, expected[1], abs_tol=slack + 1)
