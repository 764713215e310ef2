"""What IIIF image requests ask for, where the image itself is not needed to tell."""

import pytest

from archive_shared.errors import Invalid
from tiler.domain.iiif import MAX_AREA, ImageRequest
from tiler.domain.region import Region


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


@pytest.mark.parametrize(
    ("region", "expected"),
    [
        ("pct:33.333333333333336,0,66.66666666666667,100", Region(333, 0, 667, 1000)),
        ("pct:99.99,0,0.01,100", Region(999, 0, 1, 1000)),
        ("pct:50,50,0.01,0.01", Region(500, 500, 1, 1)),
    ],
)
def test_parts_in_percent_are_understood_as_programs_write_them_and_hold_a_pixel(
    region: str, expected: Region
) -> None:
    """IIIF Image API 3, 4.1: only what has no width or height, or lies outside, is a bad request."""
    assert ImageRequest(region, "max", "0", "default", "jpg").resolved(1000, 1000).region == expected


@pytest.mark.parametrize("region", ["pct:0,0,0,10", "pct:100,0,1,1", "٣,0,5,5", "pct:1e1,0,1,1"])
def test_parts_without_a_pixel_or_in_other_digits_are_refused(region: str) -> None:
    with pytest.raises(Invalid):
        ImageRequest(region, "max", "0", "default", "jpg").resolved(1000, 1000)


def test_sizes_in_percent_are_understood_as_programs_write_them() -> None:
    assert asked_size("pct:33.33333333333333", side=300) == (100, 100)
