"""Ventana's BIF: pages name their level in the description; XML says whether neighbouring tiles overlap."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from tiler.domain.problems import UnreadableImage
from tiler.domain.scanner_numbers import positive_number
from tiler.domain.slide import SlideFacts, Vendor, refuse_alike
from tiler.domain.tiff_page import TiffPage

_LEVEL = re.compile(r"\blevel=(\d{1,3})\b")
_OVERLAP = re.compile(r'Overlap[XY]="(?!0*")')
_AREA = re.compile(r'AOIScanned="1"')
_MICROMETRES = re.compile(r'\bScanRes="([0-9.,]{1,10})"')
_MAGNIFICATION = re.compile(r'\bMagnification="([0-9.,]{1,10})"')


class VentanaSlide(NamedTuple):
    """Pages from large to small; `overlaps` when tiles cannot stay where they are."""

    levels: list[TiffPage]
    facts: SlideFacts
    overlaps: bool


def read(pages: Sequence[TiffPage]) -> VentanaSlide:
    """Find the levels; raises `UnreadableImage` when there are none."""
    numbered = sorted(
        (int(found[1]), page.number, page)
        for page in pages
        if page.tiled and (found := _LEVEL.search(page.description))
    )
    if not numbered or numbered[0][0] != 0:
        raise UnreadableImage("The slide has no page of full resolution.")
    levels = [page for _, _, page in numbered]
    refuse_alike([(page.width, page.height) for page in levels])
    joints = levels[0].xmp
    scan = " ".join(page.xmp for page in pages[:3])
    um = _number(_MICROMETRES, scan)
    overlaps = bool(_OVERLAP.search(joints)) or len(_AREA.findall(joints)) != 1
    icc_profile = b"" if overlaps else levels[0].icc_profile  # OpenSlide, which shows such slides, knows it
    facts = SlideFacts(Vendor.VENTANA, um, um, _number(_MAGNIFICATION, scan), icc_profile)
    return VentanaSlide(levels, facts, overlaps)


def _number(pattern: re.Pattern[str], text: str) -> float | None:
    found = pattern.search(text)
    return positive_number(found[1]) if found else None
