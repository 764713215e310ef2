"""What is told of a slide, and its colours: the profile for those who show tiles, applied where a picture is made anew."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.integration.tiler.conftest import Studio
from tests.support import slide_files
from tests.support.colour_profiles import red_for_blue, seen_through
from tests.support.converting import seen_by_openslide
from tests.support.slides import as_pixels


def converted(studio: Studio, folder: Path, name: str) -> str:
    image = studio.import_slide(folder, name=name)
    studio.convert(image)
    studio.render(image)
    return image


@pytest.fixture
def plain(studio: Studio, folder: Path) -> str:
    """A slide whose scanner calls blue what others call red."""
    slide_files.plain_slide(folder / "slide.tif", icc=red_for_blue())
    return converted(studio, folder, "slide.tif")


def test_traits_of_a_slide_are_told(studio: Studio, folder: Path) -> None:
    slide_files.aperio_slide(folder / "slide.svs", icc=True)
    image = converted(studio, folder, "slide.svs")

    told = studio.get(f"{image}/", studio.member(image)).json

    assert told is not None
    expected = {"vendor": "aperio", "route": "copy", "magnification": 20.0, "background": "#ffffff"}
    assert {name: told[name] for name in expected} == expected
    assert told["icc_profile"] is True
    assert told["bounds"] is None


def test_where_a_slide_lies_on_its_glass_is_told(studio: Studio, folder: Path) -> None:
    path = slide_files.leica_slide(folder / "slide.scn").path
    image = converted(studio, folder, "slide.scn")

    told = studio.get(f"{image}/", studio.member(image)).json

    expected = seen_by_openslide(path).properties
    assert told is not None
    assert told["bounds"] == {
        name: int(expected[f"openslide.bounds-{name}"]) for name in ("x", "y", "width", "height")
    }


def test_of_a_pyramid_that_was_no_slide_they_are_not_known(studio: Studio, slide: bytes) -> None:
    image = studio.rendered(slide, type="TIFF")
    token = studio.member(image)

    told = studio.get(f"{image}/", token).json

    assert told is not None
    assert [told[name] for name in ("vendor", "route", "magnification", "background")] == [None] * 4
    assert told["icc_profile"] is False
    assert studio.get(f"{image}/icc", token).status_code == 404


def test_the_colour_profile_is_given_to_those_who_may_see_the_image(studio: Studio, plain: str) -> None:
    member = studio.member(plain)

    given = studio.get(f"{plain}/icc", member)

    assert np.array_equal(seen_through(given.data), seen_through(red_for_blue()))
    assert given.content_type == "application/vnd.iccprofile"
    assert studio.get(f"{plain}/icc", member, If_None_Match=given.headers["ETag"]).status_code == 304
    assert studio.get(f"{plain}/icc", studio.member()).status_code == 404
    assert studio.get(f"{plain}/icc", None).status_code == 401


@pytest.mark.parametrize("path", ["thumbnail.jpeg", "preview.jpeg", "region.png?size=200,"])
def test_pictures_made_anew_have_the_profile_applied(studio: Studio, plain: str, path: str) -> None:
    token = studio.member(plain)
    stored = mean_colour(studio.get(f"{plain}/iiif/full/200,/0/default.png", token).data)

    shown = mean_colour(studio.get(f"{plain}/{path}", token).data)

    assert stored[0] > stored[2] + 10  # pink as it is stored
    assert np.abs(shown - stored[::-1]).max() < 6


def test_tiles_keep_the_colours_that_are_stored(studio: Studio, plain: str) -> None:
    token = studio.member(plain)

    tile = studio.get(f"{plain}_files/11/0_0.jpeg", token)
    cut = studio.get(f"{plain}/iiif/0,0,256,256/max/0/default.png", token)

    assert np.abs(mean_colour(tile.data) - mean_colour(cut.data)).max() < 1


def test_a_profile_that_is_damaged_changes_nothing(studio: Studio, folder: Path) -> None:
    slide_files.plain_slide(folder / "slide.tif", icc=red_for_blue()[:200])
    image = converted(studio, folder, "slide.tif")
    token = studio.member(image)

    stored = mean_colour(studio.get(f"{image}/iiif/full/200,/0/default.png", token).data)
    shown = mean_colour(studio.get(f"{image}/region.png?size=200,", token).data)

    assert np.array_equal(stored, shown)


def mean_colour(body: bytes) -> np.ndarray:
    pixels = as_pixels(body)
    assert Image.fromarray(pixels).mode == "RGB"
    mean: np.ndarray = pixels.reshape(-1, 3).mean(axis=0)
    return mean
