"""Tiles that never change, for those who hold a pass: what it opens, for how long, and what browsers may keep."""

from base64 import urlsafe_b64decode
from datetime import timedelta

import pytest
import time_machine
from werkzeug.test import TestResponse

from archive_shared.clock import SystemClock
from archive_shared.sealing import AesGcmSeals
from tests.integration.tiler.conftest import IMAGES, Studio
from tests.support.slides import as_pixels
from tiler.bootstrap import PASSES


@pytest.fixture
def image(studio: Studio, slide: bytes) -> str:
    return studio.rendered(slide, type="TIFF")


class Viewer:
    """Somebody who got a pass."""

    def __init__(self, studio: Studio, image: str) -> None:
        answer = studio.get(f"{image}/pass", studio.member(image))
        assert answer.json is not None
        self.studio, self.answer = studio, answer
        self.written: str = answer.json["pass"]
        self.tiles: str = answer.json["tiles"]

    def iiif(self, path: str) -> TestResponse:
        base = self.tiles.partition("v/")[0]
        return self.studio.http.get(f"{base}iiif/{path}", headers={"X-Tile-Pass": self.written})

    def tile(self, path: str, method: str = "GET", **headers: str) -> TestResponse:
        sent = {
            "X-Tile-Pass": self.written,
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        return self.studio.http.open(f"{self.tiles}{path}", method=method, headers=sent)


@pytest.fixture
def viewer(studio: Studio, image: str) -> Viewer:
    return Viewer(studio, image)


def test_a_pass_opens_the_same_tiles_as_a_token(studio: Studio, image: str, viewer: Viewer) -> None:
    token = studio.member(image)
    for path in ("0/0/0.jpeg", "2/0/0.jpeg", "2/1/1.jpeg", "2/3/2.jpeg", "1/1/1.jpeg"):
        assert viewer.tile(path).data == studio.get(f"{image}/{path}", token).data


def test_the_cookie_works_like_the_header(studio: Studio, image: str, viewer: Viewer) -> None:
    cookie = viewer.answer.headers["Set-Cookie"]

    answer = studio.http.get(f"{viewer.tiles}2/0/0.jpeg")  # the test client keeps cookies as a browser does

    assert as_pixels(answer.data).shape == (128, 128, 3)
    assert f"Path={IMAGES}/{image}/" in cookie
    for attribute in ("Secure", "HttpOnly", "SameSite=Strict", "Max-Age=15"):
        assert attribute in cookie


def test_browsers_may_keep_tiles_without_asking_again(viewer: Viewer) -> None:
    answer = viewer.tile("2/0/0.jpeg")

    assert answer.headers["Cache-Control"] == "private, max-age=31536000, immutable"
    assert answer.headers["ETag"].startswith('"')
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_known_tile_is_not_sent_again(viewer: Viewer) -> None:
    tag = viewer.tile("2/0/0.jpeg").headers["ETag"]

    known = viewer.tile("2/0/0.jpeg", If_None_Match=f'"other", {tag}')
    other = viewer.tile("2/1/0.jpeg", If_None_Match=tag)

    assert (known.status_code, known.data, known.headers["ETag"]) == (304, b"", tag)
    assert other.status_code == 200


def test_a_star_is_every_tile_that_there_is(viewer: Viewer) -> None:
    tag = viewer.tile("2/0/0.jpeg").headers["ETag"]

    known = viewer.tile("2/0/0.jpeg", If_None_Match="*")

    assert (known.status_code, known.data, known.headers["ETag"]) == (304, b"", tag)
    assert viewer.tile("2/99/0.jpeg", If_None_Match="*").status_code == 404
    assert viewer.tile("2/0/0.png", If_None_Match="*").status_code == 404


def test_a_tile_comes_if_it_is_the_one_that_is_asked_for(viewer: Viewer) -> None:
    tag = viewer.tile("2/0/0.jpeg").headers["ETag"]

    said = ("*", tag, f'"other", {tag}', '"other"')
    answers = [viewer.tile("2/0/0.jpeg", If_Match=one).status_code for one in said]

    assert answers == [200, 200, 200, 412]


@pytest.mark.parametrize(
    ("wanted", "status", "part"),
    [
        ("bytes=0-9", 206, slice(0, 10)),
        ("bytes=10-", 206, slice(10, None)),
        ("bytes=-7", 206, slice(-7, None)),
        ("bytes=5-99999999", 206, slice(5, None)),
        ("bytes=1-2,5-6", 200, slice(None)),
        ("pages=1-2", 200, slice(None)),
    ],
)
def test_parts_of_tiles_can_be_asked_for(viewer: Viewer, wanted: str, status: int, part: slice) -> None:
    whole = viewer.tile("2/0/0.jpeg").data

    answer = viewer.tile("2/0/0.jpeg", Range=wanted)

    assert (answer.status_code, answer.data) == (status, whole[part])


def test_parts_behind_the_end_are_refused(viewer: Viewer) -> None:
    answer = viewer.tile("2/0/0.jpeg", Range="bytes=99999999-")
    none = viewer.tile("2/0/0.jpeg", Range="bytes=-0")

    assert answer.status_code == none.status_code == 416
    assert answer.headers["Content-Range"].startswith("bytes */")


def test_head_tells_the_size_alone(viewer: Viewer) -> None:
    whole, head = viewer.tile("2/0/0.jpeg"), viewer.tile("2/0/0.jpeg", method="HEAD")

    part = viewer.tile("2/0/0.jpeg", method="HEAD", Range="bytes=0-3")

    assert (head.data, part.data, part.status_code) == (b"", b"", 200)
    assert head.headers["Content-Length"] == part.headers["Content-Length"] == str(len(whole.data))


@pytest.mark.parametrize("path", ["9/0/0.jpeg", "2/4/0.jpeg", "2/0/9.jpeg", "2/0/0.png"])
def test_tiles_that_do_not_exist_are_not_found(viewer: Viewer, path: str) -> None:
    answer = viewer.tile(path)

    assert (answer.status_code, answer.content_type) == (404, "application/problem+json")


def test_without_a_pass_nothing_is_shown(studio: Studio, viewer: Viewer) -> None:
    studio.http.delete_cookie("tile_pass", path=viewer.tiles.partition("v/")[0])

    answer = studio.http.get(f"{viewer.tiles}2/0/0.jpeg")

    assert answer.status_code == 401


@pytest.mark.parametrize("damage", ["", ".", "x", "a.b", "é", "AAAA", "changed", "longer", "shorter"])
def test_passes_that_are_not_ours_open_nothing(viewer: Viewer, damage: str) -> None:
    written = viewer.written
    changed = "B" if written[40] == "A" else "A"
    damages = {
        "changed": written[:40] + changed + written[41:],
        "longer": written.rstrip("=") + "AAAA",
        "shorter": written[:-8],
    }

    viewer.written = damages.get(damage, damage)

    assert viewer.tile("2/0/0.jpeg").status_code == 401


def test_a_pass_gives_away_neither_the_token_nor_where_the_image_is(
    studio: Studio, image: str, viewer: Viewer
) -> None:
    body = urlsafe_b64decode(viewer.written)

    assert b"token" not in body
    assert studio.job(image).source.key.encode() not in body


def test_passes_for_another_purpose_are_not_passes(studio: Studio, viewer: Viewer) -> None:
    body = AesGcmSeals(studio.settings.secret, PASSES).unseal(viewer.written)
    assert body is not None
    viewer.written = AesGcmSeals(studio.settings.secret, b"something else").seal(body)

    assert viewer.tile("2/0/0.jpeg").status_code == 401


def test_a_pass_is_no_good_once_its_holder_may_not_see_the_image(studio: Studio, viewer: Viewer) -> None:
    assert viewer.tile("2/0/0.jpeg").status_code == 200

    for seen in studio.onlookers.visible.values():
        seen.clear()

    assert viewer.tile("2/0/0.jpeg").status_code == 404
    assert viewer.iiif("info.json").status_code == 404


def test_a_pass_is_no_good_once_the_token_it_was_given_for_is_revoked(studio: Studio, viewer: Viewer) -> None:
    assert viewer.tile("2/0/0.jpeg").status_code == 200

    studio.onlookers.visible.clear()

    assert viewer.tile("2/0/0.jpeg").status_code == 401
    assert viewer.iiif("info.json").status_code == 401


def test_a_known_tile_is_not_known_to_somebody_who_may_not_see_it_any_more(
    studio: Studio, viewer: Viewer
) -> None:
    tag = viewer.tile("2/0/0.jpeg").headers["ETag"]

    for seen in studio.onlookers.visible.values():
        seen.clear()

    assert viewer.tile("2/0/0.jpeg", If_None_Match=tag).status_code == 404


def test_a_pass_ends_after_seconds_even_if_it_was_used(viewer: Viewer) -> None:
    assert viewer.tile("2/0/0.jpeg").status_code == 200

    with time_machine.travel(SystemClock().now() + timedelta(seconds=16), tick=False):
        assert viewer.tile("2/0/0.jpeg").status_code == 401


def test_a_pass_opens_one_image_only(studio: Studio, slide: bytes, viewer: Viewer) -> None:
    second = studio.import_image(slide, name="other.tif", type="TIFF")
    studio.render(second)
    other = Viewer(studio, second)

    other.written = viewer.written

    assert other.tile("2/0/0.jpeg").status_code == 404


def test_an_address_of_another_version_is_not_found(viewer: Viewer) -> None:
    viewer.tiles = viewer.tiles[:-33] + "0" * 32 + "/"

    assert viewer.tile("2/0/0.jpeg").status_code == 404


def test_a_pass_opens_the_image_api_too(viewer: Viewer) -> None:
    assert viewer.iiif("info.json").status_code == 200


def test_tiles_seen_before_are_not_read_again(studio: Studio, image: str, viewer: Viewer) -> None:
    first = viewer.tile("2/0/0.jpeg").data
    studio.images.delete(studio.job(image).source.key)

    assert viewer.tile("2/0/0.jpeg").data == first
    assert viewer.tile("2/1/0.jpeg").status_code == 404


def test_a_damaged_tile_is_our_fault(studio: Studio, slide: bytes) -> None:
    image = studio.rendered(slide, type="TIFF")
    studio.images.put(studio.job(image).source.key, bytes(len(slide)))

    answer = Viewer(studio, image).tile("2/0/0.jpeg")

    assert (answer.status_code, answer.content_type) == (500, "application/problem+json")
