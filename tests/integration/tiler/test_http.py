"""Previews and tiles over HTTP: what is served, to whom, and what is said when there is nothing to serve."""

from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import openslide
import pytest
import tifffile
from numpy.typing import NDArray
from openslide.deepzoom import DeepZoomGenerator
from werkzeug.test import TestResponse

from archive_shared.identifiers import new_id
from tests.integration.tiler.conftest import IMAGES, Studio
from tests.support.canonical_images import gray_slide, mha
from tests.support.slides import as_pixels, tifffile_slide, tissue
from tiler.adapters import cropping
from tiler.domain.tile_index import TileIndex

TILE = 128
KINDS = ("preview.jpeg", "", ".dzi", "_files/9/1_1.jpeg", "/2/1/1.jpeg")


def path_of(kind: str, image: str) -> str:
    """The path of one kind of resource of an image, below the address of all images."""
    return f"{image}/{kind}" if kind in ("preview.jpeg", "") else f"{image}{kind}"


def is_problem(answer: TestResponse, status: int) -> bool:
    return (
        answer.status_code == status
        and answer.content_type == "application/problem+json"
        and answer.json is not None
        and answer.json["status"] == status
    )


def test_the_stored_preview_is_served(studio: Studio, volume: bytes) -> None:
    image = studio.rendered(volume)
    stored = studio.job(image).preview
    assert stored is not None

    answer = studio.get(f"{image}/preview.jpeg", studio.member(image))

    assert answer.status_code == 200
    assert answer.content_type == "image/jpeg"
    assert answer.data == studio.media.read(stored.key)


def test_a_preview_without_loss_says_that_it_is_png(studio: Studio, tmp_path: Path) -> None:
    labels = np.kron(np.arange(16, dtype=np.uint8).reshape(1, 4, 4), np.ones((1, 10, 10), np.uint8))
    image = studio.rendered(mha(tmp_path, labels))

    answer = studio.get(f"{image}/preview.jpeg", studio.member(image))

    assert answer.content_type == "image/png"


def test_a_pyramid_is_described(studio: Studio, slide: bytes) -> None:
    image = studio.rendered(slide, type="TIFF")

    answer = studio.get(f"{image}/", studio.member(image))

    assert answer.content_type == "application/json"
    assert answer.json == {
        "width": 500,
        "height": 380,
        "tile_size": TILE,
        "format": "jpeg",
        "zoom_levels": 3,
        "pixel_width_um": 0.5,
        "pixel_height_um": 0.25,
        "magnification": None,
        "vendor": None,
        "route": None,
        "background": None,
        "bounds": None,
        "icc_profile": False,
        "levels": [
            {"width": 500, "height": 380, "downsample": 1.0},
            {"width": 250, "height": 190, "downsample": 2.0},
            {"width": 125, "height": 95, "downsample": 4.0},
        ],
    }


def test_the_deep_zoom_descriptor_says_how_tiles_are_cut(studio: Studio, slide: bytes) -> None:
    image = studio.rendered(slide, type="TIFF")

    answer = studio.get(f"{image}.dzi", studio.member(image))

    assert answer.content_type == "application/xml"
    found = ElementTree.fromstring(answer.data)
    assert found.attrib == {"TileSize": str(TILE), "Overlap": "0", "Format": "jpeg"}
    assert found[0].attrib == {"Width": "500", "Height": "380"}


def test_deep_zoom_tiles_of_stored_levels_are_those_that_openslide_cuts(
    studio: Studio, tmp_path: Path, slide: bytes
) -> None:
    image = studio.rendered(slide, type="TIFF")
    token = studio.member(image)
    with openslide.open_slide(tmp_path / "slide.tif") as reader:
        theirs = DeepZoomGenerator(reader, tile_size=TILE, overlap=0)
        for level in (7, 8, 9):
            for column, row in np.ndindex(theirs.level_tiles[level]):
                expected = np.asarray(theirs.get_tile(level, (column, row)))

                shown = as_pixels(studio.get(f"{image}_files/{level}/{column}_{row}.jpeg", token).data)

                assert_alike(shown, expected)


def assert_alike(shown: NDArray[np.uint8], expected: NDArray[np.uint8]) -> None:
    """Whole tiles are passed on as they are stored; those cut at the edge are encoded again."""
    if expected.shape == (TILE, TILE, 3):
        np.testing.assert_array_equal(shown, expected)
    else:
        assert shown.shape == expected.shape
        assert np.abs(shown.astype(int) - expected).mean() < 1.5


def test_deep_zoom_goes_down_to_one_pixel_by_averaging(studio: Studio, slide: bytes) -> None:
    image = studio.rendered(slide, type="TIFF")
    token = studio.member(image)
    smallest = tifffile.imread(BytesIO(slide), key=2).astype(float)

    for level in range(7):
        shown = as_pixels(studio.get(f"{image}_files/{level}/0_0.jpeg", token).data)

        expected = averaged(smallest, by=2 ** (7 - level))
        assert shown.shape == expected.shape
        assert np.abs(shown - expected).mean() < 8  # what JPEG makes of pictures of a few pixels


def averaged(pixels: NDArray[np.float64], *, by: int) -> NDArray[np.float64]:
    """The mean of every block of `by` times `by` pixels; blocks at the edge are smaller."""
    height, width = pixels.shape[:2]
    rows = [
        [pixels[y : y + by, x : x + by].mean(axis=(0, 1)) for x in range(0, width, by)]
        for y in range(0, height, by)
    ]
    return np.array(rows)


def test_deep_zoom_of_gray_values_never_mixes_them(studio: Studio) -> None:
    body = gray_slide()
    image = studio.rendered(body, type="TIFF")
    token = studio.member(image)
    smallest = tifffile.imread(BytesIO(body), key=2)

    for level in range(7):
        shown = as_pixels(studio.get(f"{image}_files/{level}/0_0.png", token).data)

        step = 2 ** (7 - level)
        np.testing.assert_array_equal(shown, smallest[::step, ::step])


def test_full_resolution_tiles_are_the_stored_ones_bit_by_bit(studio: Studio, slide: bytes) -> None:
    image = studio.rendered(slide, type="TIFF")
    token = studio.member(image)
    source = tifffile.imread(BytesIO(slide), key=0)

    for x, y in np.ndindex(3, 2):  # those that are not cut at the edge
        shown = as_pixels(studio.get(f"{image}/2/{x}/{y}.jpeg", token).data)
        np.testing.assert_array_equal(shown, source[y * TILE :, x * TILE :][:TILE, :TILE])


def test_gray_tiles_are_png_and_equal_to_the_source(studio: Studio) -> None:
    body = gray_slide()
    image = studio.rendered(body, type="TIFF")
    token = studio.member(image)

    mosaic = np.concatenate(
        [
            np.concatenate(
                [as_pixels(studio.get(f"{image}/2/{x}/{y}.png", token).data) for x in range(4)], axis=1
            )
            for y in range(3)
        ]
    )

    np.testing.assert_array_equal(mosaic, tifffile.imread(BytesIO(body), key=0))


def test_both_views_serve_the_same_tiles(studio: Studio, slide: bytes) -> None:
    image = studio.rendered(slide, type="TIFF")
    token = studio.member(image)

    deep_zoom = studio.get(f"{image}_files/9/3_2.jpeg", token)
    zoom = studio.get(f"{image}/2/3/2.jpeg", token)

    assert zoom.status_code == 200
    assert zoom.data == deep_zoom.data


@pytest.mark.parametrize("kind", KINDS)
def test_answers_are_kept_by_one_browser_that_asks_again_each_time(
    studio: Studio, slide: bytes, kind: str
) -> None:
    image = studio.rendered(slide, type="TIFF")

    answer = studio.get(path_of(kind, image), studio.member(image))

    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert not answer.get_etag()[1]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("sent", ["{}", "W/{}", '"other", {}', "*"])
def test_what_a_browser_has_already_is_not_sent_again(
    studio: Studio, slide: bytes, kind: str, sent: str
) -> None:
    image = studio.rendered(slide, type="TIFF")
    token = studio.member(image)
    first = studio.get(path_of(kind, image), token)

    again = studio.get(path_of(kind, image), token, If_None_Match=sent.format(first.headers["ETag"]))

    assert again.status_code == 304
    assert again.data == b""
    assert "Content-Type" not in again.headers
    assert again.headers["ETag"] == first.headers["ETag"]
    assert again.headers["Cache-Control"] == "private, no-cache"


@pytest.mark.parametrize("kind", KINDS)
def test_something_else_in_the_cache_is_replaced(studio: Studio, slide: bytes, kind: str) -> None:
    image = studio.rendered(slide, type="TIFF")

    answer = studio.get(path_of(kind, image), studio.member(image), If_None_Match='"other"')

    assert answer.status_code == 200


@pytest.mark.parametrize("kind", KINDS)
def test_only_those_who_may_see_an_image_are_told_that_it_did_not_change(
    studio: Studio, slide: bytes, kind: str
) -> None:
    image = studio.rendered(slide, type="TIFF")
    tag = studio.get(path_of(kind, image), studio.member(image)).headers["ETag"]
    outsider = studio.member()

    answers = [
        studio.get(path_of(kind, image), token, If_None_Match=tag) for token in (None, "wrong", outsider)
    ]

    assert [answer.status_code for answer in answers] == [401, 401, 404]


@pytest.mark.parametrize("kind", ["preview.jpeg", "_files/9/1_1.jpeg", "/2/1/1.jpeg"])
@pytest.mark.parametrize("sent", ["{}", "W/{}"])
def test_pictures_are_not_made_for_those_who_have_them(
    studio: Studio, slide: bytes, kind: str, sent: str
) -> None:
    image = studio.rendered(slide, type="TIFF")
    token = studio.member(image)
    tag = studio.get(path_of(kind, image), token).headers["ETag"]
    job = studio.job(image)
    assert job.preview is not None
    studio.images.delete(job.source.key)
    studio.media.delete(job.preview.key)

    answer = studio.get(path_of(kind, image), token, If_None_Match=sent.format(tag))

    assert answer.status_code == 304


def test_a_star_does_not_make_a_tile_that_is_none(studio: Studio, slide: bytes) -> None:
    image = studio.rendered(slide, type="TIFF")

    answer = studio.get(f"{image}/2/9/9.jpeg", studio.member(image), If_None_Match="*")

    assert is_problem(answer, 404)


@pytest.mark.parametrize("kind", ["preview.jpeg", "_files/9/1_1.jpeg", "/2/1/1.jpeg"])
def test_pictures_that_were_made_again_have_another_entity_tag(
    studio: Studio, slide: bytes, kind: str
) -> None:
    image = studio.rendered(slide, type="TIFF")
    token = studio.member(image)
    before = studio.get(path_of(kind, image), token).headers["ETag"]
    job = studio.job(image)
    assert job.preview is not None
    studio.media.delete(job.preview.key)
    studio.get(f"{image}/preview.jpeg", token)
    studio.render(image)

    after = studio.get(path_of(kind, image), token, If_None_Match=before)

    assert after.status_code == 200
    assert after.headers["ETag"] != before


def test_every_tile_has_an_entity_tag_of_its_own_that_tells_nothing(studio: Studio, slide: bytes) -> None:
    image = studio.rendered(slide, type="TIFF")
    token = studio.member(image)
    paths = [f"{image}/2/{x}/{y}.jpeg" for x in range(4) for y in range(3)]

    tags = {studio.get(path, token).get_etag()[0] for path in [*paths, f"{image}/preview.jpeg"]}

    assert len(tags) == 13
    assert {len(tag or "") for tag in tags} == {32}
    assert not any(image in (tag or "") for tag in tags)


NOWHERE = {
    "outside to the right": "_files/9/4_0.jpeg",
    "outside below": "_files/9/0_3.jpeg",
    "a level too fine": "_files/10/0_0.jpeg",
    "a zoom too far": "/3/0/0.jpeg",
    "a column of another zoom": "/0/1/0.jpeg",
    "a number without end": f"/0/{'9' * 60}/0.jpeg",
    "a negative column": "_files/9/-1_0.jpeg",
    "no number": "_files/9/a_b.jpeg",
    "a format there is not": "/2/0/0.png",
    "a format in capitals": "/2/0/0.JPEG",
    "another name of the format": "_files/9/0_0.jpg",
    "no format": "/2/0/0.",
    "a preview as png": "/preview.png",
}


@pytest.mark.parametrize("case", NOWHERE)
def test_what_is_not_there_is_not_found(studio: Studio, slide: bytes, case: str) -> None:
    image = studio.rendered(slide, type="TIFF")

    answer = studio.get(f"{image}{NOWHERE[case]}", studio.member(image))

    assert is_problem(answer, 404)


@pytest.mark.parametrize("kind", KINDS)
def test_an_image_nobody_heard_of_is_not_found(studio: Studio, kind: str) -> None:
    unknown = new_id()

    assert is_problem(studio.get(path_of(kind, unknown), studio.member()), 404)
    assert is_problem(studio.get(path_of(kind, unknown), studio.member(unknown)), 404)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["x", "1", "6F4F3A8E-1A2B-4C3D-8E4F-5A6B7C8D9E0F", "%2e%2e%2fx", "é"])
def test_a_malformed_identifier_is_not_found(studio: Studio, kind: str, name: str) -> None:
    assert is_problem(studio.get(path_of(kind, name), studio.member(name)), 404)


@pytest.mark.parametrize("kind", KINDS)
def test_an_image_that_is_not_rendered_yet_has_nothing_to_show(
    studio: Studio, slide: bytes, kind: str
) -> None:
    image = studio.import_image(slide, type="TIFF")

    assert is_problem(studio.get(path_of(kind, image), studio.member(image)), 404)


@pytest.mark.parametrize("kind", KINDS)
def test_an_image_that_cannot_be_rendered_has_nothing_to_show(studio: Studio, kind: str) -> None:
    image = studio.rendered(b"noise", type="TIFF")

    assert is_problem(studio.get(path_of(kind, image), studio.member(image)), 404)


@pytest.mark.parametrize("kind", KINDS[1:])
def test_a_volume_has_no_tiles(studio: Studio, volume: bytes, kind: str) -> None:
    image = studio.rendered(volume)

    assert is_problem(studio.get(path_of(kind, image), studio.member(image)), 404)


@pytest.mark.parametrize("kind", KINDS)
def test_a_head_says_what_a_get_would(studio: Studio, slide: bytes, kind: str) -> None:
    image = studio.rendered(slide, type="TIFF")
    token = studio.member(image)
    got = studio.get(path_of(kind, image), token)

    head = studio.get(path_of(kind, image), token, method="HEAD")

    assert head.data == b""
    same = ("Content-Type", "Content-Length", "ETag", "Cache-Control")
    assert [head.headers[name] for name in same] == [got.headers[name] for name in same]


def test_pictures_cannot_be_changed(studio: Studio, slide: bytes) -> None:
    image = studio.rendered(slide, type="TIFF")

    answer = studio.get(f"{image}/preview.jpeg", studio.member(image), method="PUT")

    assert is_problem(answer, 405)


def test_a_damaged_tile_is_our_fault_and_says_so(studio: Studio, slide: bytes) -> None:
    image = studio.rendered(slide, type="TIFF")
    studio.images.put(studio.job(image).source.key, b"\xff" * len(slide))

    answer = studio.get(f"{image}/2/0/0.jpeg", studio.member(image))

    assert is_problem(answer, 500)
    assert answer.json is not None
    assert answer.json["detail"] == "A tile that should be JPEG does not start like one."


@pytest.fixture
def without_levels(studio: Studio) -> str:
    """A slide whose only level has too many tiles to be decoded for one view."""
    body = tifffile_slide([tissue(512, 512)], tile=16, photometric="rgb", compression="jpeg")
    return studio.rendered(body, type="TIFF")


def test_a_slide_is_seen_whole_before_its_smaller_levels_are_made(
    studio: Studio, without_levels: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cropping, "_MOST_TILES", 256)
    token = studio.member(without_levels)
    given = studio.get(f"{without_levels}/pass", token).get_json()
    tiles = {"X-Tile-Pass": given["pass"]}

    shown = {
        size: as_pixels(answer.data).astype(int)
        for size, answer in {
            16: studio.get(f"{without_levels}/0/0/0.jpeg", token),
            8: studio.get(f"{without_levels}_files/3/0_0.jpeg", token),
            64: studio.get(f"{without_levels}/iiif/full/64,/0/default.jpg", token),
        }.items()
    }

    assert studio.http.get(f"{given['tiles']}0/0/0.jpeg", headers=tiles).status_code == 200
    larger = studio.get(f"{without_levels}/iiif/full/^1000,/0/default.jpg", token)
    assert larger.status_code == 503  # a program may measure what it gets, so it is not blown up
    for size, pixels in shown.items():
        step = 512 // size
        expected = tissue(512, 512).reshape(size, step, size, step, 3).mean(axis=(1, 3))
        assert np.abs(pixels - expected).mean() < 3


def test_an_index_from_before_overviews_asks_for_patience_with_such_a_slide(
    studio: Studio, without_levels: str
) -> None:
    stored = studio.job(without_levels).index
    assert stored is not None
    index = replace(TileIndex.from_bytes(studio.media.read(stored.key)), overview=b"")
    studio.media.put(stored.key, index.to_bytes())
    image, token = without_levels, studio.member(without_levels)
    given = studio.get(f"{image}/pass", token).get_json()

    answers = [
        studio.get(f"{image}/0/0/0.jpeg", token),
        studio.http.get(f"{given['tiles']}0/0/0.jpeg", headers={"X-Tile-Pass": given["pass"]}),
    ]

    for answer in answers:
        assert is_problem(answer, 503)
        assert answer.headers["Retry-After"]
        assert "No level" in answer.get_json()["detail"]
    assert studio.get(f"{image}/1/0/0.jpeg", token).status_code == 200


ROUTES = {
    # route: statuses for anonymous, a wrong token, an outsider, a member
    ("GET", f"{IMAGES}/<image>/preview.jpeg"): (401, 401, 404, 200),
    ("GET", f"{IMAGES}/<image>/"): (401, 401, 404, 200),
    ("GET", f"{IMAGES}/<image>.dzi"): (401, 401, 404, 200),
    ("GET", f"{IMAGES}/<image>_files/<int:level>/<int:column>_<int:row>.<extension>"): (401, 401, 404, 200),
    ("GET", f"{IMAGES}/<image>/<int:z>/<int:x>/<int:y>.<extension>"): (401, 401, 404, 200),
    ("GET", f"{IMAGES}/<image>/pass"): (401, 401, 404, 200),
    # The image is a slide, which has no slices; what a member gets of a volume is in test_slices.py.
    ("GET", f"{IMAGES}/<image>/volume"): (401, 401, 404, 404),
    ("GET", f"{IMAGES}/<image>/slices/<axis>/<int:index>.<encoding>"): (401, 401, 404, 404),
    ("GET", f"{IMAGES}/<image>/v/<version>/slices/<axis>/<int:index>.<encoding>"): (401, 401, 404, 404),
    ("GET", f"{IMAGES}/<image>/progress/"): (401, 401, 404, 404),  # it is no slide: test_progress
    ("GET", f"{IMAGES}/<image>/associated/"): (
        401,
        401,
        404,
        200,
    ),  # empty for all but editors: test_associated
    ("GET", f"{IMAGES}/<image>/associated/<name>.png"): (401, 401, 404, 404),
    ("GET", f"{IMAGES}/<image>/thumbnail.jpeg"): (401, 401, 404, 200),
    ("GET", f"{IMAGES}/<image>/region.<extension>"): (401, 401, 404, 200),
    ("GET", f"{IMAGES}/<image>/icc"): (401, 401, 404, 404),  # it has none: test_slide_description
    ("GET", f"{IMAGES}/<image>/iiif"): (401, 401, 404, 303),
    ("GET", f"{IMAGES}/<image>/iiif/info.json"): (401, 401, 404, 200),
    ("GET", f"{IMAGES}/<image>/iiif/<region>/<size>/<rotation>/<quality>.<format>"): (401, 401, 404, 200),
    ("GET", "/livez"): (200, 200, 200, 200),
    ("GET", "/readyz"): (200, 200, 200, 200),
}
PLACES = {
    "<int:level>": "9",
    "<int:column>": "1",
    "<int:row>": "1",
    "<version>": "0" * 32,
    "<axis>": "axial",
    "<int:index>": "0",
    "<int:z>": "2",
    "<int:x>": "1",
    "<int:y>": "1",
    "<extension>": "jpeg",
    "<name>": "label",
    "<region>": "full",
    "<size>": "90,",
    "<rotation>": "0",
    "<quality>.<format>": "default.jpg",
}


def routes(studio: Studio) -> Iterator[tuple[str, str]]:
    for rule in studio.http.application.url_map.iter_rules():
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            yield method, rule.rule


def test_every_route_has_a_row_in_the_table(studio: Studio) -> None:
    assert set(routes(studio)) == set(ROUTES)


@pytest.mark.parametrize(("method", "route"), ROUTES)
@pytest.mark.parametrize("who", range(4), ids=["anonymous", "wrong-token", "outsider", "member"])
def test_every_route_answers_everybody_as_the_table_says(
    studio: Studio, slide: bytes, method: str, route: str, who: int
) -> None:
    image = studio.rendered(slide, type="TIFF")
    token = [None, "wrong", studio.member(new_id()), studio.member(image)][who]
    path = route.replace("<image>", image)
    for name, value in PLACES.items():
        path = path.replace(name, value)

    headers = {"Authorization": f"Bearer {token}"} if token else {}
    answer = studio.http.open(path, method=method, headers=headers)

    assert answer.status_code == ROUTES[method, route][who]


@pytest.mark.parametrize("header", ["Basic YTpi", "Bearer", "Bearer a b", "Bearer t\xf6ken", ""])
def test_what_is_no_token_is_refused(studio: Studio, volume: bytes, header: str) -> None:
    image = studio.rendered(volume)

    answer = studio.http.get(f"{IMAGES}/{image}/preview.jpeg", headers={"Authorization": header})

    assert is_problem(answer, 401)
    assert answer.headers["WWW-Authenticate"] == "Bearer"
