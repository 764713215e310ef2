"""What scanners write into JPEG streams besides pixels never gets into a product: a patient's name may be among it."""

from collections.abc import Callable, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
import tifffile
from PIL import Image
from pydicom.encaps import encapsulate, generate_frames

from tests.support import slide_files
from tests.support.converting import convert, fill, seen_by_openslide, stored_tiles
from tests.support.slide_files.scene import Pixels, jpeg, scan_start, scene
from tiler.domain.slide import Route

TEXT = b"Jane Roe, born 1961-03-05"
TILE = 128
Change = Callable[[bytes], bytes]


def segment(marker: int, contents: bytes) -> bytes:
    return bytes((0xFF, marker)) + (2 + len(contents)).to_bytes(2) + contents


def in_head(marker: int, start: bytes = b"") -> Change:
    return lambda stream: stream[:2] + segment(marker, start + TEXT) + stream[2:]


def before_end(marker: int) -> Change:
    return lambda stream: stream[:-2] + segment(marker, TEXT) + stream[-2:]


def behind(stream: bytes) -> bytes:
    return stream + TEXT + b"\xff\xd9"


def between_scans(stream: bytes) -> bytes:
    second = stream.index(b"\xff\xda", scan_start(stream))
    return stream[:second] + segment(0xFE, TEXT) + stream[second:]


def progressive(pixels: Pixels) -> bytes:
    body = BytesIO()
    Image.fromarray(pixels).save(body, "JPEG", quality=85, progressive=True)
    return body.getvalue()


def slide_of(path: Path, tiles: Sequence[bytes], tables: bytes | None = None) -> Path:
    """Write a slide of two by two tiles."""
    with tifffile.TiffWriter(path) as writer:
        writer.write(
            iter(tiles),
            shape=(2 * TILE, 2 * TILE, 3),
            dtype=np.uint8,
            tile=(TILE, TILE),
            compression="jpeg",
            photometric="ycbcr",
            subsampling=(2, 2),
            jpegtables=tables,
            metadata=None,
            software=False,
        )
    return path


def tiles_of(encode: Callable[[Pixels], bytes]) -> list[bytes]:
    pixels = scene(2 * TILE, 2 * TILE)
    return [
        encode(np.ascontiguousarray(pixels[y : y + TILE, x : x + TILE])) for y in (0, TILE) for x in (0, TILE)
    ]


def plain(pixels: Pixels) -> bytes:
    return jpeg(pixels, subsampling="4:2:0")


def split(stream: bytes) -> tuple[bytes, bytes]:
    """Return tables, and the stream without them and its JFIF marker."""
    tables, rest, at = b"", b"\xff\xd8", 2
    while stream[at + 1] != 0xDA:
        end = at + 2 + int.from_bytes(stream[at + 2 : at + 4])
        if stream[at + 1] in (0xDB, 0xC4):
            tables += stream[at:end]
        elif stream[at + 1] < 0xE0:
            rest += stream[at:end]
        at = end
    return tables, rest + stream[at:]


@pytest.mark.parametrize("marker", [0xFE, 0xE0, 0xE1, 0xED])
def test_text_among_the_shared_tables_is_left_out(marker: int, tmp_path: Path) -> None:
    tiles = tiles_of(plain)
    tables = b"\xff\xd8" + segment(marker, TEXT) + split(tiles[0])[0] + segment(marker, TEXT) + b"\xff\xd9"
    slide = slide_of(tmp_path / "a.tif", [split(tile)[1] for tile in tiles], tables)
    target = tmp_path / "slide.tif"

    converted = convert(slide, target)
    fill(target)

    assert converted.route == Route.COPY
    assert TEXT not in target.read_bytes()
    assert np.array_equal(seen_by_openslide(target).pixels, seen_by_openslide(slide).pixels)


def test_what_lies_behind_the_picture_is_blanked(tmp_path: Path) -> None:
    tiles, target = tiles_of(plain), tmp_path / "slide.tif"
    slide = slide_of(tmp_path / "a.tif", [tiles[0], behind(tiles[1]), tiles[2] + b"\0", behind(tiles[3])])

    converted = convert(slide, target)

    assert converted.route == Route.COPY
    assert TEXT not in target.read_bytes()
    assert [tile.rstrip(b"\0") for tile in stored_tiles(target)] == tiles


@pytest.mark.parametrize(
    "change",
    [
        in_head(0xFE),
        in_head(0xE1),
        in_head(0xE0, b"JFIF\0\1\1\0\0\1\0\1\x03\x03"),
        in_head(0xEE, b"Adobe\0d\0\0\0\0\1"),
        before_end(0xFE),
        before_end(0xE2),
    ],
)
def test_slides_whose_tiles_hold_text_are_encoded_anew_without_it(change: Change, tmp_path: Path) -> None:
    tiles, target = tiles_of(plain), tmp_path / "slide.tif"
    slide = slide_of(tmp_path / "a.tif", [*tiles[:3], change(tiles[3])])

    converted = convert(slide, target)

    assert converted.route == Route.DECODE
    assert TEXT not in target.read_bytes()
    difference = seen_by_openslide(target).pixels.astype(int) - scene(2 * TILE, 2 * TILE)
    assert np.abs(difference).mean() < 6


def test_tiles_in_several_scans_are_copied(tmp_path: Path) -> None:
    tiles, target = tiles_of(progressive), tmp_path / "slide.tif"

    converted = convert(slide_of(tmp_path / "a.tif", tiles), target)

    assert converted.route == Route.COPY
    assert stored_tiles(target) == tiles


def test_text_between_two_scans_is_found(tmp_path: Path) -> None:
    tiles, target = tiles_of(progressive), tmp_path / "slide.tif"

    converted = convert(slide_of(tmp_path / "a.tif", [*tiles[:3], between_scans(tiles[3])]), target)

    assert converted.route == Route.DECODE
    assert TEXT not in target.read_bytes()


def test_text_in_a_frame_of_dicom_is_left_behind(tmp_path: Path) -> None:
    slide, target = slide_files.dicom_slide(tmp_path / "a").path, tmp_path / "slide.tif"
    dataset: Any = pydicom.dcmread(slide)
    frames = list(generate_frames(dataset.PixelData, number_of_frames=dataset.NumberOfFrames))
    dataset.PixelData = encapsulate([*frames[:-1], in_head(0xFE)(frames[-1])])
    dataset.save_as(slide)

    converted = convert(slide, target)

    assert converted.route == Route.DECODE
    assert TEXT not in target.read_bytes()


def test_text_before_the_end_of_an_ndpi_stream_is_left_behind(tmp_path: Path) -> None:
    slide, target = slide_files.ndpi_slide(tmp_path / "a.ndpi", steps=(1,)).path, tmp_path / "slide.tif"
    body = slide.read_bytes()
    end, text = body.index(b"\xff\xd9\0") + 2, segment(0xFE, TEXT) + b"\xff\xd9"
    slide.write_bytes(body[: end - len(text)] + text + body[end:])

    converted = convert(slide, target)

    assert converted.route == Route.DECODE
    assert TEXT not in target.read_bytes()


def test_text_behind_the_streams_of_a_vms_is_left_behind(tmp_path: Path) -> None:
    slide, target = slide_files.vms_slide(tmp_path / "a.vms").path, tmp_path / "slide.tif"
    expected = seen_by_openslide(slide).pixels
    for part in ("a(0,0).jpg", "a(1,0).jpg"):
        (tmp_path / part).write_bytes(behind((tmp_path / part).read_bytes()))

    converted = convert(slide, target)

    assert converted.route == Route.JOIN
    assert TEXT not in target.read_bytes()
    assert np.array_equal(seen_by_openslide(target).pixels, expected)
