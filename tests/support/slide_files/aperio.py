"""Aperio's SVS: a tiled baseline page, a thumbnail, reduced tiled pages, label and macro, all behind one another."""

from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import tifffile
from PIL import ImageCms

from tests.support.slide_files.scene import (
    PATIENT,
    Pixels,
    VendorSlide,
    label,
    macro,
    reduced,
    scan_data,
    scene,
    split_tables,
)

_MPP = 0.4990


def aperio_slide(
    path: Path,
    *,
    size: tuple[int, int] = (1100, 700),
    tile: int = 240,
    colours: str = "ycbcr420",
    steps: Sequence[int] = (4,),
    bigtiff: bool = False,
    icc: bool = False,
    empty_tiles: bool = False,
    empty_in: int = 0,
) -> VendorSlide:
    """Write a slide.

    Parameters
    ----------
    colours
        "rgb" for JPEG without colour transform and without a marker that says so, as Aperio writes it; "ycbcr420",
        "ycbcr422", "ycbcr444"; or "jpeg2000".
    steps
        By how much the reduced pages are smaller.
    empty_tiles
        Leave the second tile out, with length 0.
    empty_in
        Of which level, the baseline being 0.
    """
    pixels = scene(*size)
    levels = [pixels, *(reduced(pixels, step) for step in steps)]
    codec = _Codec(colours, tile)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes() if icc else None
    body = BytesIO()
    with tifffile.TiffWriter(body, bigtiff=bigtiff) as writer:
        for number, level in enumerate(levels):
            writer.write(
                codec.tiles(level, skip_second=empty_tiles and number == empty_in),
                shape=level.shape,
                dtype=np.uint8,
                tile=(tile, tile),
                description=_description(size, tile, level, number),
                iccprofile=profile if number == 0 else None,
                **codec.options,
                **_PLAIN,
            )
            if number == 0:
                _write_strips(writer, reduced(pixels, 8), _description(size, tile, pixels, 9))
        _write_label(writer, f"{_head(size, tile)}\nlabel 128x96")
        _write_strips(writer, macro(), f"{_head(size, tile)}\nmacro 320x112", subfiletype=9)
    path.write_bytes(body.getvalue())
    return VendorSlide(path, pixels, (*_strips(path), PATIENT.encode()))


class _Codec:
    """Encodes tiles for one page; the tables they share go to the page, as Aperio's do."""

    def __init__(self, colours: str, tile: int) -> None:
        self._colours, self._tile = colours, tile
        if colours == "jpeg2000":
            self.options: dict[str, Any] = {"compression": "aperio_jp2000_rgb", "photometric": "rgb"}
            return
        tables = split_tables(self._encoded(np.zeros((tile, tile, 3), np.uint8)))[0]
        self.options = {
            "compression": "jpeg",
            "jpegtables": tables,
            "photometric": "rgb" if colours == "rgb" else "ycbcr",
        }
        if colours == "rgb":
            self.options["compressionargs"] = {"outcolorspace": "rgb"}
        else:
            self.options["subsampling"] = {"0": (2, 2), "2": (2, 1), "4": (1, 1)}[colours[-1]]

    def tiles(self, level: Pixels, *, skip_second: bool) -> Iterator[Any]:
        side = self._tile
        padded = np.pad(
            level, ((0, -level.shape[0] % side), (0, -level.shape[1] % side), (0, 0)), mode="edge"
        )
        for y in range(0, padded.shape[0], side):
            for x in range(0, padded.shape[1], side):
                skipped = skip_second and (x, y) == (side, 0)
                yield b"" if skipped else self._stored(padded[y : y + side, x : x + side])

    def _stored(self, pixels: Pixels) -> bytes:
        stream = self._encoded(pixels)
        return stream if self._colours == "jpeg2000" else split_tables(stream)[1]

    def _encoded(self, pixels: Pixels) -> bytes:
        pixels = np.ascontiguousarray(pixels)
        if self._colours == "jpeg2000":
            return bytes(
                imagecodecs.jpeg2k_encode(pixels, level=40, codecformat="j2k", mct=False, reversible=False)
            )
        if self._colours != "rgb":
            return bytes(
                imagecodecs.jpeg8_encode(
                    pixels,
                    level=80,
                    colorspace="rgb",
                    outcolorspace="ycbcr",
                    subsampling=self._colours[-3:],
                    optimize=False,
                )
            )
        stream = bytes(
            imagecodecs.jpeg8_encode(
                pixels, level=80, colorspace="rgb", outcolorspace="rgb", subsampling="444", optimize=False
            )
        )
        # Components are named 0, 1, 2: libjpeg would take "R", "G", "B" for a hint at the colours.
        stream = stream.replace(
            b"\x03\x52\x11\x00\x47\x11\x00\x42\x11\x00", b"\x03\x00\x11\x00\x01\x11\x00\x02\x11\x00", 1
        )
        return stream.replace(
            b"\xff\xda\x00\x0c\x03\x52\x00\x47\x00\x42\x00",
            b"\xff\xda\x00\x0c\x03\x00\x00\x01\x00\x02\x00",
            1,
        )


_PLAIN: dict[str, Any] = {"metadata": None, "software": False}
_STRIPS: dict[str, Any] = {**_PLAIN, "compression": "jpeg", "photometric": "rgb", "subsampling": (2, 2)}


def _write_strips(
    writer: tifffile.TiffWriter, pixels: Pixels, description: str, *, subfiletype: int | None = None
) -> None:
    writer.write(pixels, rowsperstrip=16, description=description, subfiletype=subfiletype, **_STRIPS)


def _write_label(writer: tifffile.TiffWriter, description: str) -> None:
    writer.write(
        label(),
        rowsperstrip=96,
        compression="lzw",
        photometric="rgb",
        subfiletype=1,
        description=description,
        **_PLAIN,
    )


def _head(size: tuple[int, int], tile: int) -> str:
    width, height = size
    return f"Aperio Image Library v12.0.15 \r\n{width}x{height} [0,0 {width}x{height}] ({tile}x{tile}) JPEG/RGB Q=80"


def _description(size: tuple[int, int], tile: int, level: Pixels, number: int) -> str:
    properties = f"|AppMag = 20|ScanScope ID = SYNTH01|Filename = {PATIENT}|User = {PATIENT}|MPP = {_MPP}"
    if number == 0:
        return _head(size, tile) + properties
    return f"{_head(size, tile)} -> {level.shape[1]}x{level.shape[0]} - {properties}"


def _strips(path: Path) -> Iterator[bytes]:
    """The stored bytes of thumbnail, label and macro."""
    with tifffile.TiffFile(path) as file:
        body = path.read_bytes()
        for number in range(len(file.pages)):
            page: Any = file.pages[number]
            if not page.is_tiled:
                for offset, length in zip(page.dataoffsets, page.databytecounts, strict=True):
                    yield scan_data(body[offset : offset + length])
