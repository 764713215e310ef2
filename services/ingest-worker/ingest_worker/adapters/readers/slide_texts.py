"""Finds what a slide's files say besides pixels, by name; the pixels are the tiler's. DICOM is in `anonymous_slides`."""

from collections.abc import Iterator, Sequence
from typing import Final

from tifffile import TiffFile, TiffPage

from ingest_worker.adapters.readers.tiff_page import READING_ERRORS, directories_of
from ingest_worker.domain.files import SourceFile
from ingest_worker.domain.formats import SlideFormat
from ingest_worker.domain.slide_texts import MACRO, said_in

LISTINGS: Final = (SlideFormat.HAMAMATSU_VMS, SlideFormat.HAMAMATSU_VMU)
MIRAX_INDEX: Final = "slidedat.ini"
MOST_TEXT: Final = 1 << 24
OTHER_TAGS: Final = "other TIFF tags"
TEXT_TAGS: Final = (270, 700, 65427, 65449)
"""ImageDescription, XMP, and what Hamamatsu's scanners call reference and properties."""

TOLD_TAGS: Final = {
    269: "DocumentName",
    270: "ImageDescription",
    271: "Make",
    272: "Model",
    305: "Software",
    306: "DateTime",
    315: "Artist",
    316: "HostComputer",
    700: "XMP",
    33432: "Copyright",
    65427: "Reference",
}
GRID_TAGS: Final = frozenset(
    (
        *range(254, 260),
        262,
        273,
        274,
        *range(277, 280),
        *range(282, 285),
        296,
        317,
        *range(322, 326),
        330,
        339,
        347,
    )
) | {530, 531, 532, 34675}
"""What describes the grid and the colours, which live on."""

LENS, LENS_OF_MACRO = 65421, -1  # Hamamatsu's own tag for the objective


def said_in_files(kind: SlideFormat, files: Sequence[SourceFile]) -> set[str]:
    """Return the names of what the files of a slide say; of those that are damaged what can be read."""
    if kind in LISTINGS:
        return said_in([_text_of(files[0])])
    if kind is SlideFormat.MIRAX:
        return said_in(_text_of(file) for file in files if file.base_name.lower() == MIRAX_INDEX)
    try:
        with TiffFile(files[0].path) as tiff:
            return {name for page in directories_of(tiff) for name in _said_in_page(page)}
    except READING_ERRORS:
        return {OTHER_TAGS}


def _text_of(file: SourceFile) -> str:
    with file.path.open("rb") as stream:
        return stream.read(MOST_TEXT).decode("utf-8", "replace")


def _said_in_page(page: TiffPage) -> Iterator[str]:
    codes = {tag.code for tag in page.tags}
    yield from (TOLD_TAGS[code] for code in codes if code in TOLD_TAGS)
    if codes - GRID_TAGS - TOLD_TAGS.keys():
        yield OTHER_TAGS
    yield from said_in(str(page.tags.valueof(code, default=""))[:MOST_TEXT] for code in TEXT_TAGS)
    if page.tags.valueof(LENS) == LENS_OF_MACRO:
        yield MACRO
