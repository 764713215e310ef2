"""Leica's SCN: an XML collection of images in the first page's description; the first page is the macro."""

from collections.abc import Sequence
from pathlib import Path

import tifffile

from tests.support.slide_files.scene import PATIENT, Pixels, VendorSlide, macro, reduced, scan_data, scene

_NM_PER_PIXEL = 500
_GLASS_NM = (26564529, 76734106)
_PART_CORNER_NM, _PART_NM = (1000000, 18000000), (24000000, 50000000)
_CORNER_NM = (5000000, 20000000)
_SCN = "http://www.leica-microsystems.com/scn/2010/10/01"


def leica_slide(
    path: Path,
    *,
    size: tuple[int, int] = (1024, 768),
    areas: int = 1,
    planes: int = 1,
    illumination: str = "brightfield",
    versa: bool = False,
) -> VendorSlide:
    """Write a slide; several areas or focal planes, or an `illumination` of "fluorescence", are refused by us.

    Of the scanner `versa` the macro shows a part of the glass.
    """
    scenes = [scene(*size, seed=3 + number) for number in range(areas)]
    pages = [macro()]
    corner, extent = (_PART_CORNER_NM, _PART_NM) if versa else ((0, 0), _GLASS_NM)
    images = [_image("macro", pages, first_page=0, corner=corner, extent=extent, illumination="brightfield")]
    for number, drawn in enumerate(scenes):
        levels = [drawn, reduced(drawn, 4)] * planes
        corner = (_CORNER_NM[0] + number * 2 * size[0] * _NM_PER_PIXEL, _CORNER_NM[1])
        extent = (size[0] * _NM_PER_PIXEL, size[1] * _NM_PER_PIXEL)
        images.append(
            _image(
                f"area {number}",
                levels,
                first_page=len(pages),
                corner=corner,
                extent=extent,
                illumination=illumination,
            )
        )
        pages.extend(levels)
    _write(path, pages, _document(images))
    return VendorSlide(path, scenes[0], (PATIENT.encode(), *_macro_tiles(path)))


def _document(images: Sequence[str]) -> str:
    """Return the description of the slide, which the first page carries."""
    collection = f'<collection name="{PATIENT}" sizeX="{_GLASS_NM[0]}" sizeY="{_GLASS_NM[1]}"><barcode>{PATIENT}</barcode>'
    return f'<?xml version="1.0"?><scn xmlns="{_SCN}">{collection}{"".join(images)}</collection></scn>'


def _write(path: Path, pages: Sequence[Pixels], xml: str) -> None:
    with tifffile.TiffWriter(path, bigtiff=True) as writer:
        for number, page in enumerate(pages):
            writer.write(
                page,
                tile=(256, 256),
                compression="jpeg",
                compressionargs={"level": 85},
                photometric="rgb",
                subsampling=(2, 2),
                description=xml if number == 0 else None,
                metadata=None,
                software=False,
                resolution=(1e7 / _NM_PER_PIXEL, 1e7 / _NM_PER_PIXEL),
                resolutionunit="CENTIMETER",
            )


def _image(
    name: str,
    levels: Sequence[Pixels],
    *,
    first_page: int,
    corner: tuple[int, int],
    extent: tuple[int, int],
    illumination: str,
) -> str:
    dimensions = "".join(
        f'<dimension sizeX="{level.shape[1]}" sizeY="{level.shape[0]}" r="{number % 2}" z="{number // 2}"'
        f' ifd="{first_page + number}"/>'
        for number, level in enumerate(levels)
    )
    size = f'sizeX="{levels[0].shape[1]}" sizeY="{levels[0].shape[0]}"'
    return (
        f'<image name="{name}" uuid="urn:uuid:{name}"><creationDate>2026-01-02T03:04:05.6Z</creationDate>'
        f'<device model="Leica SCN400;Leica SCN" version="1.4"/><pixels {size}>{dimensions}</pixels>'
        f'<view sizeX="{extent[0]}" sizeY="{extent[1]}" offsetX="{corner[0]}" offsetY="{corner[1]}" spacingZ="0"/>'
        "<scanSettings><objectiveSettings><objective>20</objective></objectiveSettings><illuminationSettings>"
        f"<numericalAperture>0.4</numericalAperture><illuminationSource>{illumination}</illuminationSource>"
        "</illuminationSettings></scanSettings></image>"
    )


def _macro_tiles(path: Path) -> list[bytes]:
    body = path.read_bytes()
    with tifffile.TiffFile(path) as file:
        page = file.pages[0]
        spans = zip(page.dataoffsets, page.databytecounts, strict=True)
        return [scan_data(body[offset : offset + length]) for offset, length in spans]
