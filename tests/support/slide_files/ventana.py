"""Ventana's BIF: the label first, then a thumbnail, then levels whose tiles may overlap as the joints in its XML say."""

import struct
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import tifffile

from tests.support.slide_files.scene import PATIENT, Pixels, VendorSlide, label, reduced, scene

_TILE = 256
_IMAGE_DEPTH, _STAND_IN = 32997, 65432  # tifffile writes the tag in volumes only
_PLAIN: dict[str, Any] = {"photometric": "rgb", "metadata": None, "software": False}


def ventana_slide(
    path: Path, *, grid: tuple[int, int] = (4, 4), overlap: int = 0, planes: int = 1, joint_bytes: int = 0
) -> VendorSlide:
    """Write a slide; neighbouring tiles show `overlap` pixels twice, and its pages say how many `planes` they hold.

    The XML about tiles is filled up to `joint_bytes`: a slide of full size has thousands.
    """
    columns, rows = grid
    drawn = scene(columns * _TILE, rows * _TILE)
    stored = _overlapped(drawn, columns, rows, overlap)
    scanner = (
        f'<?xml version="1.0"?><Metadata><iScan UnitNumber="SYNTH" UserName="{PATIENT}" Magnification="20"'
        f' ScanRes="0.465" Mode="DP200 1" Barcode1D="{PATIENT}"/></Metadata>'
    )
    with tifffile.TiffWriter(path, bigtiff=True) as writer:
        writer.write(label(), rowsperstrip=96, description="Label_Image", extratags=[_xml(scanner)], **_PLAIN)
        writer.write(reduced(stored, 8), rowsperstrip=16, description="Thumbnail", **_PLAIN)
        level = stored
        for number in count():
            writer.write(
                level,
                tile=(_TILE, _TILE),
                compression="jpeg",
                compressionargs={"level": 85},
                subsampling=(2, 2),
                description=f"level={number} mag={20 / 2**number:g} quality=85",
                extratags=[
                    (_STAND_IN, 4, 1, planes, False),
                    *([_xml(_joints(columns, rows, overlap).ljust(joint_bytes))] if number == 0 else []),
                ],
                **_PLAIN,
            )
            if max(level.shape[:2]) <= 2 * _TILE:
                break
            level = reduced(level, 2)
    body = path.read_bytes()
    path.write_bytes(body.replace(_depth(_STAND_IN, planes), _depth(_IMAGE_DEPTH, planes)))
    seen = drawn[: rows * _TILE - (rows - 1) * overlap, : columns * _TILE - (columns - 1) * overlap]
    return VendorSlide(path, seen, (PATIENT.encode(), label().tobytes()))


def _depth(tag: int, planes: int) -> bytes:
    return struct.pack("<HHQQ", tag, 4, 1, planes)


def _xml(text: str) -> tuple[int, int, int, bytes, bool]:
    return 700, 1, len(text) + 1, text.encode() + b"\0", True


def _overlapped(drawn: Pixels, columns: int, rows: int, overlap: int) -> Pixels:
    stored = np.zeros_like(drawn)
    for row in range(rows):
        for column in range(columns):
            y, x = row * (_TILE - overlap), column * (_TILE - overlap)
            tile = drawn[y : y + _TILE, x : x + _TILE]
            stored[row * _TILE : (row + 1) * _TILE, column * _TILE : (column + 1) * _TILE] = tile
    return stored


def _joints(columns: int, rows: int, overlap: int) -> str:
    def number(column: int, row: int) -> int:
        """Tiles are counted from 1, from the bottom, to and fro."""
        from_bottom = rows - 1 - row
        return from_bottom * columns + (columns - 1 - column if from_bottom % 2 else column) + 1

    def joint(direction: str, first: int, second: int, x: int, y: int) -> str:
        return (
            f'<TileJointInfo FlagJoined="1" Confidence="99" Direction="{direction}" Tile1="{first}"'
            f' Tile2="{second}" OverlapX="{x}" OverlapY="{y}"/>'
        )

    across = [
        joint("RIGHT", number(column, row), number(column + 1, row), overlap, 0)
        for row in range(rows)
        for column in range(columns - 1)
    ]
    up = [
        joint("UP", number(column, row + 1), number(column, row), 0, overlap)
        for row in range(rows - 1)
        for column in range(columns)
    ]
    return (
        '<?xml version="1.0"?><EncodeInfo Ver="2"><SlideInfo/><SlideStitchInfo Ver="3">'
        f'<ImageInfo AOIScanned="1" AOIIndex="0" NumRows="{rows}" NumCols="{columns}" Width="{_TILE}"'
        f' Height="{_TILE}" Pos-X="0" Pos-Y="0">{"".join(across + up)}</ImageInfo></SlideStitchInfo>'
        '<AoiOrigin><AOI0 OriginX="0" OriginY="0"/></AoiOrigin></EncodeInfo>'
    )
