"""Tells slides of vendors from other TIFFs, by what their scanners write into the first directory."""

from tifffile import TiffFile

from ingest_worker.adapters.readers.tiff_pages import READING_ERRORS
from ingest_worker.domain.files import SourceFile
from ingest_worker.domain.formats import SlideFormat

MARKS = {
    "is_svs": SlideFormat.APERIO,
    "is_ndpi": SlideFormat.HAMAMATSU_NDPI,
    "is_scn": SlideFormat.LEICA,
    "is_bif": SlideFormat.VENTANA,
}
XMP = 700


def slide_format(file: SourceFile) -> SlideFormat | None:
    """Return whose slide a TIFF is; None for other TIFFs, and for those too damaged to tell."""
    try:
        with TiffFile(file.path) as tiff:
            marked = next((kind for mark, kind in MARKS.items() if getattr(tiff, mark)), None)
            return marked or (SlideFormat.VENTANA if _has_iscan(tiff) else None)
    except READING_ERRORS:
        return None


def _has_iscan(tiff: TiffFile) -> bool:
    """Look for Ventana's own element, which OpenSlide goes by; tifffile wants the software's name as well."""
    xmp = tiff.pages.first.tags.valueof(XMP)
    return b"<iScan" in (xmp if isinstance(xmp, bytes) else str(xmp).encode())
