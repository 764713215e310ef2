"""Nothing of a slide is left out without a word: channels besides its colours, and pages larger than the first."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray

from tests.support.converting import convert, refusal, seen_by_openslide
from tests.support.slide_files.scene import scene

COLOURS = scene(300, 200)
HALF_SHOWN = np.dstack([COLOURS, np.full(COLOURS.shape[:2], 255, np.uint8)])
HALF_SHOWN[:, :128, 3] = 0
HALF_SHOWN[:, 128:256, 3] = 127


def written(path: Path, pixels: NDArray[np.uint8], **options: Any) -> Path:
    tifffile.imwrite(path, pixels, tile=(128, 128), metadata=None, **options)
    return path


@pytest.mark.parametrize(
    ("samples", "options"),
    [
        (4, {"photometric": "rgb", "extrasamples": ["unspecified"]}),
        (3, {"photometric": "minisblack", "planarconfig": "contig"}),
        (2, {"photometric": "minisblack", "planarconfig": "contig", "extrasamples": ["unspecified"]}),
    ],
)
def test_channels_besides_the_colours_are_refused(
    samples: int, options: dict[str, Any], tmp_path: Path
) -> None:
    """The first was kept, the others were lost."""
    slide = written(tmp_path / "a.tif", np.ascontiguousarray(HALF_SHOWN[..., :samples]), **options)

    assert "several channels" in refusal(slide)


@pytest.mark.parametrize(
    "layout",
    [
        {},
        {"compression": "webp", "compressionargs": {"level": 95}},
        {"planarconfig": "separate", "compression": "deflate"},
        {"planarconfig": "separate", "compression": "jpeg", "compressionargs": {"level": 95}},
    ],
    ids=["plain", "WebP", "planes", "planes of JPEG"],
)
@pytest.mark.parametrize("kind", ["unassalpha", "assocalpha"])
def test_what_is_not_opaque_is_shown_before_white(kind: str, layout: dict[str, Any], tmp_path: Path) -> None:
    opacity = HALF_SHOWN[..., 3:] / 255
    before_white = COLOURS * opacity + 255 * (1 - opacity)
    stored = HALF_SHOWN.copy()
    if kind == "assocalpha":
        stored[..., :3] = (COLOURS * opacity).round()

    if "planarconfig" in layout:
        stored = np.ascontiguousarray(np.moveaxis(stored, 2, 0))

    convert(
        written(tmp_path / "a.tif", stored, photometric="rgb", extrasamples=[kind], **layout),
        tmp_path / "product.tif",
    )

    shown = seen_by_openslide(tmp_path / "product.tif").pixels
    for part in (slice(0, 120), slice(136, 248), slice(264, 300)):
        assert np.abs(shown[:, part] - before_white[:, part]).mean() < 4


def test_gray_with_opacity_in_another_plane_is_shown_before_white(tmp_path: Path) -> None:
    planes = np.stack([255 - COLOURS[..., 0], HALF_SHOWN[..., 3]])
    options = {"photometric": "miniswhite", "planarconfig": "separate", "extrasamples": ["unassalpha"]}

    convert(written(tmp_path / "a.tif", planes, **options), tmp_path / "product.tif")

    shown = seen_by_openslide(tmp_path / "product.tif").pixels[..., 0]
    assert shown[:, :120].min() > 250
    assert np.abs(shown[:, 264:].astype(int) - COLOURS[:, 264:, 0]).mean() < 4


def test_a_larger_page_without_tiles_is_not_left_out(tmp_path: Path) -> None:
    slide = tmp_path / "a.tif"
    with tifffile.TiffWriter(slide) as writer:
        writer.write(COLOURS, tile=(128, 128), photometric="rgb", compression="jpeg", metadata=None)
        writer.write(scene(600, 400), photometric="rgb", metadata=None)

    assert "several areas" in refusal(slide)
