"""What IIIF image requests ask for, where the image itself is not needed to tell."""

import pytest

from archive_shared.errors import Invalid
from tiler.domain.iiif import MAX_AREA, ImageRequest


def asked_size(size: str, *, side: int) -> tuple[int, int]:
    crop = ImageRequest("full", size, "0", "default", "jpg").resolved(side, side)
    return crop.width, crop.height


@pytest.mark.parametrize("size", ["!5000,5000", "!5000,39999", "^!90000,50000"])
def test_a_box_is_filled_as_far_as_one_answer_may_be_large(size: str) -> None:
    """IIIF Image API 3, 4.2: no larger than the box, the region, or what the server allows."""
    assert asked_size(size, side=40_000) == (4000, 4000)
    assert MAX_AREA == 4000 * 4000


def test_a_box_that_fits_is_filled() -> None:
    assert asked_size("!3000,5000", side=40_000) == (3000, 3000)


@pytest.mark.parametrize("size", ["5000,5000", "^5000,5000", "5000,", "!20000,20000"])
def test_sizes_that_are_too_large_are_refused(size: str) -> None:
    side = 500 if size.startswith("!") else 40_000

    with pytest.raises(Invalid):
        asked_size(size, side=side)


@pytest.mark.parametrize("size", ["!0,5", "!5,0", "^!0,0", "0,5", "0,", ",0", "pct:0"])
def test_sizes_without_a_pixel_are_refused(size: str) -> None:
    """IIIF Image API 3, 4.2: a size of no pixels is a bad request."""
    with pytest.raises(Invalid):
        asked_size(size, side=500)
