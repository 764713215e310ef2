"""Tells slides from other TIFFs: by what vendors' scanners write into the first directory, or by how pixels are stored."""

from tifffile import TiffFile, TiffPage

from ingest_worker.adapters.readers.tiff_page import MOST_PAGES, READING_ERRORS, directories_of, read_page
from ingest_worker.adapters.readers.tiff_pages import pyramid_levels
from ingest_worker.domain.files import SourceFile
from ingest_worker.domain.formats import SlideFormat

MARKS = {
    "is_svs": SlideFormat.APERIO,
    "is_ndpi": SlideFormat.HAMAMATSU_NDPI,
    "is_scn": SlideFormat.LEICA,
    "is_bif": SlideFormat.VENTANA,
    "is_philips": SlideFormat.PHILIPS,
}
XMP, ORIENTATION, SOFTWARE = 700, 274, 305
JPEG = 7
COLOURS = (2, 6)  # RGB, YCbCr
LARGE_PIXELS = 1 << 26
"""A picture in JPEG tiles of this size is a slide even if it has one level only: 8192 pixels square."""


def slide_format(file: SourceFile) -> SlideFormat | None:
    """Return whose slide a TIFF is; None for other TIFFs, and for those too damaged to tell."""
    try:
        with TiffFile(file.path) as tiff:
            marked = next((kind for mark, kind in MARKS.items() if getattr(tiff, mark)), None)
            return marked or _unmarked(tiff)
    except READING_ERRORS:
        return None


def _unmarked(tiff: TiffFile) -> SlideFormat | None:
    if _has_iscan(tiff):
        return SlideFormat.VENTANA
    if str(tiff.pages.first.tags.valueof(SOFTWARE)).startswith("MedScan"):
        return SlideFormat.TRESTLE
    return SlideFormat.TIFF if _is_plain_slide(tiff) else None


def _is_plain_slide(tiff: TiffFile) -> bool:
    """Tell whether the tiler should have it: a coloured pyramid whose JPEG tiles it can copy, or a large picture of such."""
    if not _can_be_copied(tiff.pages.first):
        return False
    pages = directories_of(tiff)
    if len(pages) > MOST_PAGES:
        return False
    first, *others = map(read_page, pages)
    if any((page.width, page.height) == (first.width, first.height) for page in others):
        return False  # channels or focal planes
    is_pyramid = first.has_inner_pages or pyramid_levels((first, *others)) > 1
    return is_pyramid or first.width * first.height > LARGE_PIXELS


def _can_be_copied(page: TiffPage) -> bool:
    return (
        page.is_tiled
        and page.compression == JPEG
        and page.photometric in COLOURS
        and page.bitspersample == 8
        and page.samplesperpixel == 3
        and page.planarconfig == 1
        and page.tags.valueof(ORIENTATION, default=1) == 1
    )


def _has_iscan(tiff: TiffFile) -> bool:
    """Look for Ventana's own element, which OpenSlide goes by; tifffile wants the software's name as well."""
    xmp = tiff.pages.first.tags.valueof(XMP)
    return b"<iScan" in (xmp if isinstance(xmp, bytes) else str(xmp).encode())
