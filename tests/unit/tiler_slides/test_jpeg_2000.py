"""Why slides in JPEG 2000 are decoded (docs/decisions/0007), and that their colours survive it."""

import base64
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import openslide
import pytest
import pyvips
import tifffile

from tests.support.converting import convert, seen_by_openslide
from tests.support.slide_files.scene import scene

TILE = 128

COARSE_COLOURS = base64.b64decode(
    "/0//UQAvAAAAAABAAAAAQAAAAAAAAAAAAAAAQAAAAEAAAAAAAAAAAAADBwEBBwIBBwIB/1IADAAAAAEAAgQEAAD/XAARQl9S"
    "UAVQBVBHV9NX01di/5AACgAAAAACjAAB/5PD7LVAE40AvFdnAgAkFoM55rrzoxvhO3L/eW4jsxbiBBH7b1Hwu8+bHWoGEGg6"
    "DBzyT/if5WLcAgDQMUdkO5kJ2ziHAxC3vjGQmfCTPtsZHb5+CF2ha0q07NdrDAQ1N+xGJBGGdWgc9f0WXNjwYMTQ7s9KYs+e"
    "hAVD54LAtAzRyj5J78/OWBhmaS1T1SyNXkh8xvTrpwbaUuyZlyAP+XANcEHQYkIVxjGKgrBrOOPqrykKflyxFdLo0aKBNQa5"
    "WoEEUkGahmJbNbOmgVHI9W7eITynSWYKBuznx97oRJtmvkDxLxG8bJpfZfLkDA9f8utt5TKjo38tJkPyVmZA/A8zXWQ9/oH5"
    "8teXrbIW2NMLUE5WMJAl4hjQIM+8HS07uF8vLQ3qG+MllxFJFfdyjAKe3mKzX2mUp0alBtJMkEE4SP3DRjSxcvS1Kogzpzl5"
    "ye7H3vQDV1F+Qw34tWQHmsY3XkmK4MNjym1Yxc+rhco8FEe6J/eLvhGq7/Dq5qxQm1sfRBek/iOxHNnXbalbq9LVnec9Oq1o"
    "sD3GKtBByc20egcMC8/AtPSzPL7ib+8nB9e3rGOvTCTs7NLrcDTN+BO7nWtebLVn+O75PMeGUsA8VA+UgF+lkHVnO5gxWRym"
    "Gqo/hqtdvHFQ/BVIIhUZwHxEID4xQDSWzsvBAWg2lS+83EkyEPWHUagoorCw/cKzwPlMwPlEgDad5IRQKLJmh+rGWwE48Pv7"
    "iqN4l2Tj2SiFLygMJ/8MFT+gHSDit0pEn+YI2MAZUAdKAJ3ZSV/z5AA0ngjIemdG32ZsPW1/wDyUA8UAX66p6Gvv9daWG6fZ"
    "Nd8+FZ9byL6SH5gICirpd//Z"
)
"""YCbCr in 64 by 64 pixels, with half as many samples of colour across, as Aperio writes it.

Made with opj_compress: none of the libraries that tests use writes such.
"""


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


def test_colours_in_half_as_many_samples_are_those_that_openslide_shows(tmp_path: Path) -> None:
    slide, target = tmp_path / "a.svs", tmp_path / "slide.tif"
    with tifffile.TiffWriter(slide) as writer:
        writer.write(
            iter([COARSE_COLOURS] * 4),
            shape=(128, 128, 3),
            dtype=np.uint8,
            tile=(64, 64),
            compression=33003,
            photometric="ycbcr",
            description="Aperio Image Library\n128x128 J2K/YUV16|AppMag = 20|MPP = 0.5",
            metadata=None,
        )

    convert(slide, target)

    shown, expected = seen_by_openslide(target).pixels.astype(int), seen_by_openslide(slide).pixels
    assert expected.std(axis=(0, 1)).min() > 10
    assert np.abs(shown - expected).mean() < 2
