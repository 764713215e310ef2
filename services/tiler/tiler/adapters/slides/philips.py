"""Philips' TIFF: XML in the first page's description says how much smaller each level is; its page is filled up to whole tiles."""

from collections.abc import Sequence
from xml.etree.ElementTree import Element, ParseError, fromstring

from tiler.domain.problems import UnreadableImage
from tiler.domain.slide import SlideFacts, Vendor, refuse_alike
from tiler.domain.tiff_page import TiffPage

_UM_PER_MM = 1000.0
_SCANS = "./Attribute[@Name='PIM_DP_SCANNED_IMAGES']/Array/DataObject"
_KIND = "./Attribute[@Name='PIM_DP_IMAGE_TYPE']"
_SPACINGS = (
    "./Attribute[@Name='PIIM_PIXEL_DATA_REPRESENTATION_SEQUENCE']/Array"
    "/DataObject[@ObjectType='PixelDataRepresentation']/Attribute[@Name='DICOM_PIXEL_SPACING']"
)
_Size = tuple[float, float]


def read(pages: Sequence[TiffPage]) -> tuple[list[TiffPage], SlideFacts]:
    """Return the pages of the slide, from large to small and without their filling, and what is known of it.

    Raises
    ------
    UnreadableImage
        Several scans, or XML that does not fit the pages.
    """
    try:
        spacings = [
            _spacing_mm(found.text or "") for found in _only_scan(pages[0].description).iterfind(_SPACINGS)
        ]
    except (ParseError, ValueError) as problem:
        raise UnreadableImage("The description of the slide is damaged.") from problem
    tiled = [page for page in pages if page.tiled]
    if not tiled or tiled[0] is not pages[0] or len(tiled) != len(spacings):
        raise UnreadableImage("The description of the slide does not fit its pages.")
    levels = [
        _without_filling(page, tiled[0], _step(one, spacings[0]))
        for page, one in zip(tiled, spacings, strict=True)
    ]
    levels.sort(key=lambda page: -page.width)
    refuse_alike([(page.width, page.height) for page in levels])
    width_mm, height_mm = spacings[0]
    um = (width_mm * _UM_PER_MM, height_mm * _UM_PER_MM)
    return levels, SlideFacts(Vendor.PHILIPS, *um, icc_profile=tiled[0].icc_profile)


def _only_scan(description: str) -> Element:
    """Return what is said of the tissue; label and macro are entries beside it."""
    if "<!" in description:  # entities could multiply; no scanner declares any
        raise UnreadableImage("The description of the slide declares entities or a document type.")
    root = fromstring(description)  # noqa: S314 (without declarations, and of bounded length)
    scans = [
        entry
        for entry in root.iterfind(_SCANS)
        if any((kind.text or "").strip() == "WSI" for kind in entry.iterfind(_KIND))
    ]
    if len(scans) != 1:
        raise UnreadableImage(f"The slide has {len(scans)} scanned areas; only one is supported yet.")
    return scans[0]


def _spacing_mm(text: str) -> _Size:
    """Return width and height of a pixel; the text has the distance of rows first (DICOM PS3.3 10.7.1.3)."""
    down, across = map(float, text.replace('"', " ").split())
    if not (0 < across < 1 and 0 < down < 1):
        raise ValueError(text)
    return across, down


def _step(one: _Size, largest: _Size) -> int:
    """Return how much smaller a level is, a whole number as far as is known."""
    return round((one[0] / largest[0] + one[1] / largest[1]) / 2)


def _without_filling(page: TiffPage, largest: TiffPage, step: int) -> TiffPage:
    """Cut a page to what its level shows, by whole columns and rows of tiles."""
    if step < 1:
        raise UnreadableImage("The description of the slide does not fit its pages.")
    width, height = -(-largest.width // step), -(-largest.height // step)
    if width > page.width or height > page.height:
        raise UnreadableImage("The description of the slide does not fit its pages.")
    shown = page.as_level().cut(width, height)
    return page._replace(width=width, height=height, offsets=shown.offsets, lengths=shown.lengths)
