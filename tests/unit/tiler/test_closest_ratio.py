"""Fractions for TIFF, held against those of the standard library."""

from fractions import Fraction

from hypothesis import example, given
from hypothesis import strategies as st

from tiler.domain.closest_ratio import closest_ratio

PIXEL_SIZES_UM = st.floats(1e-9, 1e9) | st.integers(1, 10**6).map(lambda size: size / 10_000)


@given(st.integers(0, 10**12), st.integers(1, 10**12), st.integers(1, 10**6))
@example(1, 2, 1)  # in the middle between two
@example(4, 6, 3)  # not in lowest terms
def test_a_ratio_is_the_closest_fraction_with_so_small_a_denominator(
    numerator: int, denominator: int, most: int
) -> None:
    expected = Fraction(numerator, denominator).limit_denominator(most)

    assert closest_ratio(numerator, denominator, most=most) == expected.as_integer_ratio()


@given(PIXEL_SIZES_UM, st.integers(1, 4000), st.integers(1, 4000))
def test_pixels_per_centimetre_are_the_closest_fraction_too(size_um: float, width: int, smaller: int) -> None:
    um, parts = (size_um * width / smaller).as_integer_ratio()
    expected = (10_000 / Fraction(um, parts)).limit_denominator(100_000)

    assert closest_ratio(10_000 * parts, um, most=100_000) == expected.as_integer_ratio()
