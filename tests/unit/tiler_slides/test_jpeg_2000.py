"""Why slides in JPEG 2000 are decoded: docs/decisions/0007."""

from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import openslide
import pytest
import pyvips
import tifffile

from tests.support.slide_files.scene import scene

TILE = 128


def pyramid_of(path: Path, compression: int) -> Path:
    """Tiles of JPEG 2000, written as the tiles of products are."""
    pixels = scene(2 * TILE, TILE)
    tiles = [np.ascontiguousarray(pixels[:, x : x + TILE]) for x in (0, TILE)]
    with tifffile.TiffWriter(path, bigtiff=True) as writer:
        writer.write(
            iter([bytes(imagecodecs.jpeg2k_encode(tile, level=45, codecformat="j2k")) for tile in tiles]),
            shape=pixels.shape,
            dtype=np.uint8,
            tile=(TILE, TILE),
            compression=compression,
            photometric="rgb",
            metadata=None,
            software=False,
        )
    return path


@pytest.mark.parametrize("compression", [33003, 33005, 34712])
def test_no_reader_but_tifffile_would_open_a_product_in_jpeg_2000(compression: int, tmp_path: Path) -> None:
    product, drawn = pyramid_of(tmp_path / "a.tif", compression), scene(2 * TILE, TILE).astype(int)

    assert np.abs(tifffile.imread(product) - drawn).mean() < 3
    assert openslide.OpenSlide.detect_format(product) == "generic-tiff"
    with pytest.raises(openslide.OpenSlideError, match="Unsupported TIFF compression"):
        openslide.OpenSlide(product)
    assert not libvips_reads(product, drawn)


def libvips_reads(product: Path, drawn: "np.ndarray[tuple[int, ...], np.dtype[np.int64]]") -> bool:
    image: Any = pyvips.Image.new_from_file(str(product))
    try:
        return bool(np.abs(image.numpy() - drawn).mean() < 3)
    except pyvips.Error:
        return False
