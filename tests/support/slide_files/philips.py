"""Philips' TIFF: levels filled up to whole tiles, XML with everything else in the first description, label and macro twice."""

from base64 import b64encode
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tifffile

from tests.support.slide_files.scene import (
    PATIENT,
    Pixels,
    VendorSlide,
    jpeg,
    label,
    macro,
    reduced,
    scan_data,
    scene,
)

TILE = 256
SPACING_MM = 0.000226891


def philips_slide(
    path: Path,
    *,
    size: tuple[int, int] = (1100, 700),
    steps: Sequence[int] = (2, 4),
    empty: Sequence[int] = (),
    scans: int = 1,
    spacings: Sequence[float] | None = None,
    label_bytes: int = 0,
    spare_columns: int = 0,
) -> VendorSlide:
    """Write a slide.

    Parameters
    ----------
    empty
        Numbers of tiles of the full resolution that were never scanned, which have neither place nor length.
    scans
        How many scans of tissue the XML tells of.
    spacings
        What the XML says of the levels instead of the truth, in millimetres.
    label_bytes
        To which the label in the XML is padded.
    spare_columns
        Of tiles that hold filling alone, on smaller levels.
    """
    whole = _filled(scene(*size), 255)
    for number in empty:
        row, column = divmod(number, whole.shape[1] // TILE)
        whole[row * TILE : (row + 1) * TILE, column * TILE : (column + 1) * TILE] = 255
    pictures = {"LABELIMAGE": jpeg(label()).ljust(label_bytes, b"\0"), "MACROIMAGE": jpeg(macro())}
    told = spacings or [SPACING_MM * step for step in (1, *steps)]
    with tifffile.TiffWriter(path, bigtiff=True) as writer:
        for step in (1, *steps):
            writer.write(
                _filled(reduced(whole, step), 0, spare_columns) if step > 1 else whole,
                tile=(TILE, TILE),
                compression="jpeg",
                compressionargs={"level": 85},
                photometric="rgb",
                subsampling=(2, 2),
                subfiletype=int(step > 1),
                description=_xml(told, pictures, scans) if step == 1 else f"level={step} mag=20",
                **_SOFTWARE,
            )
        for name, picture in (("Macro", macro()), ("Label", label())):
            writer.write(
                picture, rowsperstrip=16, compression="jpeg", photometric="rgb", description=name, **_SOFTWARE
            )
    private = [PATIENT.encode(), *(scan_data(body)[:200] for body in pictures.values())]
    private += [b64encode(body)[400:600] for body in pictures.values()]
    _leave_out(path, empty)
    return VendorSlide(path, whole, (*private, *_strips(path)))


_SOFTWARE: dict[str, Any] = {"metadata": None, "software": "Philips DP v1.0"}


def _filled(pixels: Pixels, value: int, spare_columns: int = 0) -> Pixels:
    padding = ((0, -pixels.shape[0] % TILE), (0, -pixels.shape[1] % TILE + spare_columns * TILE), (0, 0))
    return np.pad(pixels, padding, constant_values=value)


def _xml(spacings: Sequence[float], pictures: dict[str, bytes], scans: int) -> str:
    levels = "".join(
        '<DataObject ObjectType="PixelDataRepresentation"><Attribute Name="DICOM_PIXEL_SPACING" Group="0x0028"'
        f' Element="0x0030" PMSVR="IDoubleArray">"{mm}" "{mm}"</Attribute></DataObject>'
        for mm in spacings
    )
    tissue = (
        '<DataObject ObjectType="DPScannedImage"><Attribute Name="PIM_DP_IMAGE_TYPE">WSI</Attribute>'
        f'<Attribute Name="DICOM_PIXEL_SPACING">"{spacings[0]}" "{spacings[0]}"</Attribute>'
        f'<Attribute Name="PIIM_PIXEL_DATA_REPRESENTATION_SEQUENCE"><Array>{levels}</Array></Attribute></DataObject>'
    ) * scans
    beside = "".join(
        f'<DataObject ObjectType="DPScannedImage"><Attribute Name="PIM_DP_IMAGE_TYPE">{kind}</Attribute>'
        f'<Attribute Name="PIM_DP_IMAGE_DATA">{b64encode(body).decode()}</Attribute></DataObject>'
        for kind, body in pictures.items()
    )
    return (
        '<?xml version="1.0" encoding="UTF-8" ?><DataObject ObjectType="DPUfsImport">'
        f'<Attribute Name="PIM_DP_UFS_BARCODE">{PATIENT}</Attribute>'
        f'<Attribute Name="DICOM_DEVICE_SERIAL_NUMBER">{PATIENT}</Attribute>'
        f'<Attribute Name="PIM_DP_SCANNED_IMAGES"><Array>{beside}{tissue}</Array></Attribute></DataObject>'
    )


def _leave_out(path: Path, tiles: Sequence[int]) -> None:
    with tifffile.TiffFile(path, mode="r+") as file:
        for name in ("TileOffsets", "TileByteCounts"):
            tag = file.pages.first.tags[name]
            tag.overwrite([0 if number in tiles else value for number, value in enumerate(tag.value)])


def _strips(path: Path) -> list[bytes]:
    """The stored bytes of label and macro."""
    body = path.read_bytes()
    with tifffile.TiffFile(path) as file:
        pages: list[Any] = [page for page in file.pages if not page.is_tiled]  # type: ignore[union-attr]
        spans = [zip(page.dataoffsets, page.databytecounts, strict=True) for page in pages]
    return [scan_data(body[start : start + size]) for spans_of_page in spans for start, size in spans_of_page]
