"""Slices of volumes over HTTP: what is told of a volume, by token and by pass, and what browsers may keep."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from werkzeug.test import TestResponse

from archive_shared.http.sessions import csrf_word
from tests.integration.tiler.conftest import IMAGES, Studio
from tests.support import canonical_images
from tests.support.slides import as_pixels

VOXELS = np.random.default_rng(2).integers(-1000, 1000, (7, 30, 40)).astype(np.int16)


@pytest.fixture
def image(studio: Studio, tmp_path: Path) -> str:
    body = canonical_images.indexed_mha(tmp_path, VOXELS, WindowCenter="0", WindowWidth="2000")
    return studio.rendered(body)


@pytest.fixture
def token(studio: Studio, image: str) -> str:
    return studio.member(image)


def described(studio: Studio, image: str, token: str) -> Any:
    return studio.get(f"{image}/volume", token).get_json()


def by_pass(studio: Studio, image: str, path: str, token: str, **query: str) -> TestResponse:
    given = studio.get(f"{image}/pass", token).get_json()
    return studio.http.get(
        f"{given['slices']}{path}", headers={"X-Tile-Pass": given["pass"]}, query_string=query
    )


def test_a_volume_tells_how_it_can_be_cut_and_where_its_slices_are(
    studio: Studio, image: str, token: str
) -> None:
    found = described(studio, image, token)

    assert (found["size"], found["times"], found["channels"]) == ([40, 30, 7], 1, 1)
    assert found["window"] == {"center": 0, "width": 2000}
    told = ("axis", "name", "count", "towards")
    assert [tuple(plane[each] for each in told) for plane in found["planes"]] == [
        ("x", "sagittal", 40, "L"),
        ("y", "coronal", 30, "P"),
        ("z", "axial", 7, "H"),
    ]
    assert studio.get(f"{found['slices'].removeprefix(IMAGES)[1:]}z/3.jpeg", token).status_code == 200


@pytest.mark.parametrize(
    ("path", "voxels"),
    [
        ("axial/3.png", VOXELS[3]),
        ("z/3.png", VOXELS[3]),
        ("coronal/10.png", VOXELS[::-1, 10]),
        ("sagittal/10.png", VOXELS[::-1, :, 10]),
    ],
)
def test_slices_show_their_voxels(
    studio: Studio, image: str, token: str, path: str, voxels: np.ndarray
) -> None:
    shown = as_pixels(studio.get(f"{image}/slices/{path}", token).data)

    np.testing.assert_array_equal(shown, ((voxels + 1000.0) * 255 / 2000).round())


def test_another_window_may_be_asked_for(studio: Studio, image: str, token: str) -> None:
    shown = as_pixels(studio.get(f"{image}/slices/z/3.png?center=0&width=2", token).data)

    np.testing.assert_array_equal(shown > 128, VOXELS[3] > 0)


@pytest.mark.parametrize(
    "query", ["center=-.5&width=1e3", "center=%2B40&width=400.", "center=1E2&width=2.5e-3"]
)
def test_windows_may_be_written_as_programs_write_numbers(
    studio: Studio, image: str, token: str, query: str
) -> None:
    assert studio.get(f"{image}/slices/z/3.png?{query}", token).status_code == 200


def test_a_pass_opens_slices_for_good(studio: Studio, image: str, token: str) -> None:
    answer = by_pass(studio, image, "z/3.jpeg", token, center="0", width="100")

    assert answer.headers["Cache-Control"] == "private, max-age=31536000, immutable"
    assert answer.headers["ETag"].startswith('"')
    assert answer.data == studio.get(f"{image}/slices/z/3.jpeg?center=0&width=100", token).data


def test_without_a_version_browsers_have_to_ask_again(studio: Studio, image: str, token: str) -> None:
    answer = studio.get(f"{image}/slices/z/3.jpeg", token)
    known = studio.get(f"{image}/slices/z/3.jpeg", token, If_None_Match=answer.headers["ETag"])
    other = studio.get(f"{image}/slices/z/4.jpeg", token, If_None_Match=answer.headers["ETag"])

    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert (known.status_code, known.data) == (304, b"")
    assert other.status_code == 200


def test_windows_have_tags_of_their_own(studio: Studio, image: str, token: str) -> None:
    paths = ("z/3.jpeg", "z/3.png", "x/3.jpeg", "z/3.jpeg?center=0&width=100", "z/3.jpeg?center=1&width=100")

    tags = {studio.get(f"{image}/slices/{path}", token).headers["ETag"] for path in paths}

    assert len(tags) == len(paths)


def test_a_pass_is_no_good_once_its_holder_may_not_see_the_image(
    studio: Studio, image: str, token: str
) -> None:
    given = studio.get(f"{image}/pass", token).get_json()
    studio.onlookers.visible[token].clear()

    answer = studio.http.get(f"{given['slices']}z/3.jpeg", headers={"X-Tile-Pass": given["pass"]})

    assert answer.status_code == 404


def test_a_cookie_whose_time_is_over_does_not_hide_the_session_of_the_page(
    studio: Studio, image: str, token: str
) -> None:
    studio.http.set_cookie("tile_pass", "over", path=f"{IMAGES}/{image}/")
    studio.http.set_cookie("archive-session", token)
    studio.http.set_cookie("archive-csrf", csrf_word(token))

    assert studio.http.get(f"{IMAGES}/{image}/volume").status_code == 200
    assert studio.http.get(f"{IMAGES}/{image}/volume", headers={"X-Tile-Pass": "over"}).status_code == 401


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("z/7.jpeg", 404),
        ("w/0.jpeg", 404),
        ("z/0.gif", 404),
        ("z/0.jpeg?time=1", 404),
        ("z/0.jpeg?time=first", 400),
        ("z/0.jpeg?center=1", 400),
        ("z/0.jpeg?center=1&width=0", 400),
        ("z/0.jpeg?center=1_0&width=9", 400),
        ("z/0.jpeg?center=٣&width=9", 400),
        ("z/0.jpeg?center=1e999&width=9", 400),
        ("z/0.jpeg?center=nan&width=9", 400),
    ],
)
def test_what_cannot_be_shown_is_refused(
    studio: Studio, image: str, token: str, path: str, status: int
) -> None:
    assert studio.get(f"{image}/slices/{path}", token).status_code == status


def test_an_address_of_another_version_is_not_found(studio: Studio, image: str, token: str) -> None:
    assert studio.get(f"{image}/v/{'0' * 32}/slices/z/0.jpeg", token).status_code == 404


def test_others_see_nothing(studio: Studio, image: str) -> None:
    outsider = studio.member()

    assert studio.get(f"{image}/volume", None).status_code == 401
    for path in ("volume", "slices/z/3.jpeg", "pass"):
        assert studio.get(f"{image}/{path}", outsider).status_code == 404


def test_the_window_of_values_at_both_ends_of_their_type_can_be_told(studio: Studio, tmp_path: Path) -> None:
    """JSON has no infinity; a page would stumble over the null in its place."""
    ends = np.finfo(np.float64)
    voxels = np.where(np.arange(40) % 2, ends.max, ends.min) * np.ones((3, 30, 1))
    image = studio.rendered(canonical_images.mha(tmp_path, voxels))

    answer = studio.get(f"{image}/volume", studio.member(image)).json

    assert answer is not None
    assert answer["window"] == {"center": 0.0, "width": ends.max}


def test_pictures_are_slices_too(studio: Studio, tmp_path: Path) -> None:
    picture = np.random.default_rng(1).integers(0, 255, (50, 60, 3)).astype(np.uint8)
    image = studio.rendered(canonical_images.indexed_mha(tmp_path, picture, channels=3))
    token = studio.member(image)

    found = described(studio, image, token)

    assert (found["size"], len(found["planes"]), found["window"]) == ([60, 50, 1], 1, None)
    np.testing.assert_array_equal(as_pixels(studio.get(f"{image}/slices/z/0.png", token).data), picture)


def test_pictures_with_opacity_are_shown_too(studio: Studio, tmp_path: Path) -> None:
    picture = np.full((50, 60, 4), (200, 30, 30, 255), np.uint8)
    picture[:25] = 0
    image = studio.rendered(canonical_images.indexed_mha(tmp_path, picture, channels=4))
    token = studio.member(image)

    kept, flat = (as_pixels(studio.get(f"{image}/slices/z/0.{kind}", token).data) for kind in ("png", "jpeg"))

    assert described(studio, image, token)["format"] == "png"
    np.testing.assert_array_equal(kept, picture)
    assert flat[:16].min() > 250
    assert np.abs(flat[34:].astype(int) - (200, 30, 30)).max() < 4


def test_time_points_can_be_chosen(studio: Studio, tmp_path: Path) -> None:
    series = np.random.default_rng(1).integers(0, 256, (3, 4, 20, 30)).astype(np.int16)
    body = canonical_images.indexed_mha(tmp_path, series, WindowCenter="127.5", WindowWidth="255")
    image = studio.rendered(body)
    token = studio.member(image)

    shown = as_pixels(studio.get(f"{image}/slices/z/1.png?time=2", token).data)

    np.testing.assert_array_equal(shown, series[2, 1])


def test_volumes_from_before_the_index_are_shown_too(studio: Studio, tmp_path: Path) -> None:
    image = studio.rendered(canonical_images.mha(tmp_path, VOXELS))
    token = studio.member(image)

    shown = as_pixels(studio.get(f"{image}/slices/z/6.png?center=0&width=2000", token).data)

    np.testing.assert_array_equal(shown, ((VOXELS[6] + 1000.0) * 255 / 2000).round())


def test_pyramids_have_tiles_and_volumes_have_slices(studio: Studio, image: str, slide: bytes) -> None:
    pyramid = studio.import_image(slide, name="slide.tif", type="TIFF")
    studio.render(pyramid)
    token = studio.member(image, pyramid)
    volume_pass, pyramid_pass = (studio.get(f"{each}/pass", token).get_json() for each in (image, pyramid))

    assert "tiles" not in volume_pass
    assert "slices" not in pyramid_pass
    assert studio.get(f"{pyramid}/volume", token).status_code == 404
    assert studio.get(f"{image}/0/0/0.jpeg", token).status_code == 404
    headers = {"X-Tile-Pass": volume_pass["pass"]}
    tile = volume_pass["slices"].replace("slices/", "0/0/0.jpeg")
    assert studio.http.get(tile, headers=headers).status_code == 404
    assert studio.http.get(f"{IMAGES}/{image}/iiif/info.json", headers=headers).status_code == 404


def test_a_damaged_volume_is_our_fault(studio: Studio, image: str, token: str) -> None:
    key = studio.job(image).source.key
    studio.images.put(key, studio.images.read(key)[:500] + bytes(60_000))

    assert studio.get(f"{image}/slices/x/3.jpeg", token).status_code == 500
