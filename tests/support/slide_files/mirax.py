"""3DHISTECH's MRXS: overlapping camera images at measured positions, in data files beside a small JPEG that names them."""

import re
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image

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

_PHOTO = 256
_OVERLAP = 12
_LEVELS = 3
_SLIDE_ID = "SYNTHSYNTHSYNTHSYNTHSYNTHSYNTH01"
_PAGE = 500
_POSITIONS = {"plain": "VIMSLIDE_POSITION_BUFFER", "packed": "StitchingIntensityLayer", "none": "Nothing"}
_ASSOCIATED = (("Thumbnail", "THUMBNAIL"), ("Barcode", "BARCODE"), ("Preview", "PREVIEW"))


def mirax_slide(
    path: Path,
    *,
    photos: int = 4,
    kind: str = "SLIDE_TYPE_BRIGHTFIELD",
    planes: int = 1,
    with_margin: bool = False,
    drawn: Pixels | None = None,
    divisions: int = 2,
    positions: Literal["plain", "packed", "none"] = "plain",
    codec: Literal["JPEG", "PNG"] = "JPEG",
    subsampling: str = "4:2:2",
) -> VendorSlide:
    """Write a slide of `photos` × `photos` positions, one of them never taken, with jittered overlaps.

    Parameters
    ----------
    with_margin
        The first row and column were never taken either.
    divisions
        Images of a photograph, across as well as down.
    positions
        Whether the slide says where its photographs lie, and whether it does so in zlib's format.
    """
    folder = path.with_suffix("")
    folder.mkdir()
    drawn = scene(photos * _PHOTO, photos * _PHOTO) if drawn is None else drawn
    mosaic = _Mosaic.photographed(drawn, photos, divisions, with_margin=with_margin)
    encode = partial(jpeg, subsampling=subsampling) if codec == "JPEG" else _png
    data = bytearray(37)
    levels = [list(_store_level(data, mosaic, level, encode)) for level in range(_LEVELS)]
    pictures = [jpeg(pixels) for pixels in (reduced(drawn, 16), label(), macro())]
    records = [_store(data, picture) for picture in pictures]
    buffer = mosaic.position_buffer()
    records.append(_store(data, zlib.compress(buffer) if positions == "packed" else buffer))
    (folder / "Data0000.dat").write_bytes(data)
    (folder / "Index.dat").write_bytes(_index(levels, records))
    (folder / "Slidedat.ini").write_text(
        "\r\n".join(_settings(photos, divisions, kind, planes, positions, codec))
    )
    path.write_bytes(jpeg(reduced(drawn, 16)))
    return VendorSlide(path, drawn, (PATIENT.encode(), scan_data(pictures[1]), scan_data(pictures[2])))


def damage_image(slide: Path, number: int) -> None:
    """Put zeros into the middle of one of the images of the full resolution, with which the slide's data file begins."""
    data = slide.with_suffix("") / "Data0000.dat"
    body = bytearray(data.read_bytes())
    start, end = [found.start() for found in re.finditer(b"\xff\xd8\xff", body)][number : number + 2]
    middle = (start + end) // 2
    body[middle : middle + 60] = bytes(60)
    data.write_bytes(body)


@dataclass(frozen=True)
class _Mosaic:
    """All photographs side by side as they are stored, and where the stage stood for each."""

    stored: Pixels
    positions: "np.ndarray[tuple[int, int, int], np.dtype[np.int64]]"
    taken: "np.ndarray[tuple[int, int], np.dtype[np.bool_]]"
    divisions: int

    @classmethod
    def photographed(cls, drawn: Pixels, photos: int, divisions: int, *, with_margin: bool) -> "_Mosaic":
        jitter = np.random.default_rng(1).integers(-2, 3, (photos, photos, 2))
        jitter[0, :, 1] = jitter[:, 0, 0] = 0
        grid = np.stack(np.meshgrid(np.arange(photos), np.arange(photos)), axis=-1)
        positions = grid * (_PHOTO - _OVERLAP) + jitter
        taken = np.ones((photos, photos), np.bool_)
        taken[0, photos - 1] = False
        if with_margin:
            taken[0, :] = taken[:, 0] = False
        stored = np.full_like(drawn, 255)
        for row, column in np.argwhere(taken):
            x, y = positions[row, column]
            photo = drawn[y : y + _PHOTO, x : x + _PHOTO]
            stored[row * _PHOTO : (row + 1) * _PHOTO, column * _PHOTO : (column + 1) * _PHOTO] = photo
        return cls(stored, positions, taken, divisions)

    def position_buffer(self) -> bytes:
        return b"".join(
            struct.pack("<Bii", int(taken), *(map(int, position) if taken else (0, 0)))
            for taken, position in zip(self.taken.ravel(), self.positions.reshape(-1, 2), strict=True)
        )

    def has(self, x: int, y: int, images: int) -> bool:
        last_x, last_y = (min(at + images, self.taken.shape[0] * self.divisions) - 1 for at in (x, y))
        return bool(
            self.taken[
                y // self.divisions : last_y // self.divisions + 1,
                x // self.divisions : last_x // self.divisions + 1,
            ].any()
        )


def _store_level(
    data: bytearray, mosaic: _Mosaic, level: int, encode: Callable[[Pixels], bytes]
) -> Iterator[tuple[int, int, int, int]]:
    """Append the images of a level; yield place in the grid, offset, length and number of the file."""
    step = 1 << level
    pixels = reduced(mosaic.stored, step)
    images, side = mosaic.taken.shape[0] * mosaic.divisions, _PHOTO // mosaic.divisions
    for y in range(0, images, step):
        for x in range(0, images, step):
            if mosaic.has(x, y, step):
                top, left = y // step * side, x // step * side
                offset, length, file = _store(data, encode(pixels[top : top + side, left : left + side]))
                yield y * images + x, offset, length, file


def _store(data: bytearray, body: bytes) -> tuple[int, int, int]:
    data.extend(body)
    return len(data) - len(body), len(body), 0


def _index(levels: list[list[tuple[int, int, int, int]]], records: list[tuple[int, int, int]]) -> bytes:
    index = bytearray(b"01.02" + _SLIDE_ID.encode())
    roots = _room(index, 2)
    struct.pack_into("<i", index, roots, len(index))
    table = _room(index, len(levels))
    for number, entries in enumerate(levels):
        struct.pack_into("<i", index, table + 4 * number, len(index))
        index += struct.pack("<ii", 0, len(index) + 8)
        for first in range(0, len(entries), _PAGE):
            page = entries[first : first + _PAGE]
            following = len(index) + 8 + 16 * len(page) if first + _PAGE < len(entries) else 0
            index += struct.pack("<ii", len(page), following)
            index += b"".join(struct.pack("<iiii", *entry) for entry in page)
    struct.pack_into("<i", index, roots + 4, len(index))
    table = _room(index, len(records))
    for number, record in enumerate(records):
        struct.pack_into("<i", index, table + 4 * number, len(index))
        index += struct.pack("<iiiiiiiii", 0, len(index) + 8, 1, 0, 0, 0, *record)
    return bytes(index)


def _room(index: bytearray, pointers: int) -> int:
    index.extend(bytes(4 * pointers))
    return len(index) - 4 * pointers


def _png(pixels: Pixels) -> bytes:
    body = BytesIO()
    Image.fromarray(pixels).save(body, "PNG")
    return body.getvalue()


def _settings(
    photos: int, divisions: int, kind: str, planes: int, positions: str, codec: str
) -> Iterator[str]:
    yield from (
        "[GENERAL]",
        "SLIDE_VERSION = 01.02",
        f"SLIDE_ID = {_SLIDE_ID}",
        f"SLIDE_NAME = {PATIENT}",
        f"SLIDE_TYPE = {kind}",
        f"IMAGENUMBER_X = {photos * divisions}",
        f"IMAGENUMBER_Y = {photos * divisions}",
        "OBJECTIVE_MAGNIFICATION = 20",
        f"CameraImageDivisionsPerSide = {divisions}",
        "[HIERARCHICAL]",
        "HIER_COUNT = 2",
        "NONHIER_COUNT = 2",
        "INDEXFILE = Index.dat",
        "HIER_0_NAME = Slide zoom level",
        f"HIER_0_COUNT = {_LEVELS}",
    )
    for level in range(_LEVELS):
        yield f"HIER_0_VAL_{level} = ZoomLevel_{level}"
        yield f"HIER_0_VAL_{level}_SECTION = LAYER_0_LEVEL_{level}_SECTION"
    yield from ("HIER_1_NAME = Microscope focus level", f"HIER_1_COUNT = {planes}")
    yield from ("NONHIER_0_NAME = Scan data layer", "NONHIER_0_COUNT = 3")
    for number, (name, _) in enumerate(_ASSOCIATED):
        yield f"NONHIER_0_VAL_{number} = ScanDataLayer_Slide{name}"
        yield f"NONHIER_0_VAL_{number}_SECTION = NONHIERLAYER_0_LEVEL_{number}_SECTION"
    yield from (
        f"NONHIER_1_NAME = {_POSITIONS[positions]}",
        "NONHIER_1_COUNT = 1",
        "NONHIER_1_VAL_0 = default",
        "NONHIER_1_VAL_0_SECTION = NONHIERLAYER_1_LEVEL_0_SECTION",
        "[DATAFILE]",
        "FILE_COUNT = 1",
        "FILE_0 = Data0000.dat",
    )
    for number, (_, key) in enumerate(_ASSOCIATED):
        yield from (f"[NONHIERLAYER_0_LEVEL_{number}_SECTION]", f"{key}_IMAGE_TYPE = JPEG")
    for level in range(_LEVELS):
        yield from _level_settings(level, _PHOTO // divisions, codec)


def _level_settings(level: int, side: int, codec: str) -> Iterator[str]:
    step = 1 << level
    yield from (
        f"[LAYER_0_LEVEL_{level}_SECTION]",
        f"OVERLAP_X = {_OVERLAP / step}",
        f"OVERLAP_Y = {_OVERLAP / step}",
        f"MICROMETER_PER_PIXEL_X = {0.325 * step}",
        f"MICROMETER_PER_PIXEL_Y = {0.325 * step}",
        f"IMAGE_FORMAT = {codec}",
        "IMAGE_FILL_COLOR_BGR = 16777215",
        f"DIGITIZER_WIDTH = {side}",
        f"DIGITIZER_HEIGHT = {side}",
        f"IMAGE_CONCAT_FACTOR = {1 if level else 0}",
    )
