"""Leica's SCN: an XML collection in the first page's description says which pages show the scanned area."""

from collections.abc import Sequence
from typing import NamedTuple
from xml.etree.ElementTree import Element, ParseError, fromstring

from tiler.domain.problems import UnreadableImage
from tiler.domain.scanner_numbers import positive_number
from tiler.domain.slide import SlideFacts, Vendor, refuse_alike, refuse_fluorescence, refuse_focal_planes
from tiler.domain.tiff_page import TiffPage

_NM_PER_UM = 1000.0
_MACRO_IS_COARSER = 8
"""By at least so much are pixels of a macro larger than those of a scan: they take some 16 µm, and the coarsest scans 2 µm."""


def read(pages: Sequence[TiffPage]) -> tuple[list[TiffPage], SlideFacts]:
    """Return the pages of the one scanned area, from large to small, and what is known of it.

    Raises
    ------
    UnreadableImage
        Several areas, fluorescence, or XML that does not fit the pages.
    """
    try:
        collection = _found(_parsed(pages[0].description), "collection")
        area = _only_area(collection)
        _refuse_channels(area)
        _refuse_planes(area)
        levels = _levels(area, pages)
        return levels, _facts(area, levels[0])
    except (ParseError, KeyError, ValueError, IndexError, ZeroDivisionError) as problem:
        raise UnreadableImage("The description of the slide is damaged.") from problem


def _parsed(text: str) -> Element:
    if "<!" in text:  # entities could multiply; no scanner declares any
        raise UnreadableImage("The description of the slide declares entities or a document type.")
    return fromstring(text)  # noqa: S314 (without declarations, and at most 64 KiB)


def _found(parent: Element, name: str) -> Element:
    child = parent.find(f"{{*}}{name}")
    if child is None:
        raise KeyError(name)
    return child


def _only_area(collection: Element) -> Element:
    """Return the one image that is no macro: those cover the whole glass or, by Leica's Versa, a part of it, but coarsely."""
    glass = (collection.attrib["sizeX"], collection.attrib["sizeY"])
    scans = [image for image in collection.findall("{*}image") if _extent(image) != glass]
    finest = min(map(_pixel_nm, scans), default=0)
    areas = [image for image in scans if _pixel_nm(image) < _MACRO_IS_COARSER * finest]
    if len(areas) != 1:
        raise UnreadableImage(f"The slide has {len(areas)} scanned areas; only one is supported yet.")
    return areas[0]


def _extent(image: Element) -> tuple[str, str]:
    view = _found(image, "view")
    return view.attrib["sizeX"], view.attrib["sizeY"]


def _pixel_nm(image: Element) -> float:
    return int(_extent(image)[0]) / int(_found(image, "pixels").attrib["sizeX"])


def _refuse_channels(area: Element) -> None:
    refuse_fluorescence(" ".join(element.text or "" for element in area.findall(".//{*}illuminationSource")))
    if any(dimension.get("c", "0") != "0" for dimension in area.findall(".//{*}dimension")):
        raise UnreadableImage("Slides with several channels are not supported yet.")


def _refuse_planes(area: Element) -> None:
    refuse_focal_planes(len({dimension.get("z", "0") for dimension in area.findall(".//{*}dimension")}))


class _Dimension(NamedTuple):
    width: int
    page: TiffPage


def _levels(area: Element, pages: Sequence[TiffPage]) -> list[TiffPage]:
    found = [
        _Dimension(int(entry.attrib["sizeX"]), pages[int(entry.attrib["ifd"])])
        for entry in _found(area, "pixels").findall("{*}dimension")
    ]
    if not found or any(one.width != one.page.width or one.page.number == 0 for one in found):
        raise UnreadableImage("The description of the slide does not fit its pages.")
    refuse_alike([(one.page.width, one.page.height) for one in found])
    return [one.page for one in sorted(found, key=lambda one: -one.width)]


def _facts(area: Element, main: TiffPage) -> SlideFacts:
    view = _found(area, "view")
    pixel_nm = [int(view.attrib["sizeX"]) / main.width, int(view.attrib["sizeY"]) / main.height]
    objective = next((element.text for element in area.findall(".//{*}objective")), None)
    return SlideFacts(
        vendor=Vendor.LEICA,
        pixel_width_um=pixel_nm[0] / _NM_PER_UM,
        pixel_height_um=pixel_nm[1] / _NM_PER_UM,
        magnification=positive_number(objective or ""),
        icc_profile=main.icc_profile,
        origin_px=(
            round(int(view.attrib["offsetX"]) / pixel_nm[0]),
            round(int(view.attrib["offsetY"]) / pixel_nm[1]),
        ),
    )
