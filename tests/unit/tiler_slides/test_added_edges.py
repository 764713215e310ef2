"""What scanners put beyond the edge of a slide, where its last tiles reach, is nowhere in the levels that are added."""

from pathlib import Path

import numpy as np
import pytest
import tifffile

from tests.support.converting import convert, fill
from tests.support.slides import halved, tifffile_slide, tissue


@pytest.mark.parametrize("size", [(1000, 20), (20, 1000), (517, 389)])
def test_levels_are_right_up_to_the_edge(size: tuple[int, int], tmp_path: Path) -> None:
    """Tifffile leaves black beyond it, which darkened the last pixels; those of narrow slides altogether."""
    slide, product = tmp_path / "a.tif", tmp_path / "product.tif"
    slide.write_bytes(tifffile_slide([tissue(*size)], compression="jpeg", subsampling=(1, 1)))

    convert(slide, product)
    fill(product)

    with tifffile.TiffFile(product) as file:
        pixels, *levels = [page.asarray() for page in file.pages]
    assert len(levels) > 1
    for level in levels:
        pixels = halved(pixels)
        difference = np.abs(level.astype(int) - pixels)
        assert difference[-1].mean() < 8
        assert difference[:, -1].mean() < 8
