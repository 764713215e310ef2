"""What scanners, or people after them, did to files: each is converted, or refused with a reason that its owner understands."""

import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import tifffile

from tests.support import slide_files
from tests.support.converting import convert, refusal, seen_by_openslide
from tests.support.slide_files.scene import jpeg, scene, split_tables
from tiler.domain.slide import Route
from tiler.slides import describe

SCENE = scene(512, 256)
JPEG_XR = 22610


def tiled(path: Path, tiles: Iterator[bytes], tables: bytes | None) -> Path:
    with tifffile.TiffWriter(path) as writer:
        writer.write(
            tiles,
            shape=SCENE.shape,
            dtype=np.uint8,
            tile=(256, 256),
            photometric="ycbcr",
            subsampling=(2, 1),
            compression="jpeg",
            jpegtables=tables,
            metadata=None,
        )
    return path


def test_tiles_whose_tables_got_lost_are_refused(tmp_path: Path) -> None:
    """They were copied, and nobody could look at the product."""
    streams = [split_tables(jpeg(np.ascontiguousarray(SCENE[:, x : x + 256]))) for x in (0, 256)]
    bare = [rest for _, rest in streams]

    kept = tiled(tmp_path / "kept.tif", iter(bare), streams[0][0])
    lost = tiled(tmp_path / "lost.tif", iter(bare), None)

    assert convert(kept, tmp_path / "slide.tif").route == Route.COPY
    assert "lack their tables" in refusal(lost)


def test_ndpi_in_another_compression_says_so(tmp_path: Path) -> None:
    slide = slide_files.ndpi_slide(tmp_path / "a.ndpi").path
    body = slide.read_bytes()
    said = struct.pack("<HHIH", 259, 3, 1, 7)
    assert said in body
    slide.write_bytes(body.replace(said, struct.pack("<HHIH", 259, 3, 1, JPEG_XR)))

    assert "not compressed as JPEG" in refusal(slide)


@pytest.mark.parametrize("picture", [b"", b"BM" + bytes(1000), b"\x89PNG\r\n\x1a\n"])
def test_the_picture_of_an_mrxs_may_be_any(picture: bytes, tmp_path: Path) -> None:
    """OpenSlide does not look at it either, and people empty it, as it may show the label."""
    slide = slide_files.mirax_slide(tmp_path / "a.mrxs").path
    expected = seen_by_openslide(slide).pixels
    slide.write_bytes(picture)

    convert(slide, tmp_path / "slide.tif")

    assert np.abs(seen_by_openslide(tmp_path / "slide.tif").pixels.astype(int) - expected).mean() < 5


@pytest.mark.parametrize(
    ("said_um", "known_um"), [(0.25, 0.25), (25.0, 25.0), (25_400 / 72, None), (10_000.0, None)]
)
def test_pixels_larger_than_any_glass_has_room_for_have_no_size(
    said_um: float, known_um: float | None, tmp_path: Path
) -> None:
    """One pixel for a centimetre stands for "unknown" (as in openslide/openslide#328), 72 for an inch for a screen."""
    slide = slide_files.plain_slide(tmp_path / "a.tif", um_per_pixel=said_um).path

    told = describe(slide)["pixel_width_um"]

    assert told == (None if known_um is None else pytest.approx(known_um, rel=1e-3))
