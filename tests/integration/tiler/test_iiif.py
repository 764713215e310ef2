"""The IIIF Image API: what the consortium's own validator says, and what is true of slides besides."""

import random
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from flask import Flask
from iiif_validator import validator
from werkzeug.serving import make_server

from tests.integration.tiler.conftest import IMAGES, Studio
from tests.support.processes import wait_until
from tests.support.slides import as_pixels, tifffile_slide, tissue
from tiler.adapters import cropping
from tiler.adapters.region_reader import read_region
from tiler.entrypoints.http.app import app_for

LEVEL = 2
# Of levels 0 to 2 for version 3.0; the names have to be there when tests are collected.
SUITE = {
    name: test
    for name, test in validator.TestSuite(validator.ValidationInfo()).list_tests("3.0").items()
    if test["level"] <= LEVEL
}
BEYOND = ("rot_mirror", "quality_bitonal")


def squares() -> bytes:
    """The validator's own test image: ten by ten squares in colours it knows."""
    colours = np.array(validator.ValidationInfo().colorInfo, np.uint8).transpose(1, 0, 2)
    pixels = np.kron(colours, np.ones((100, 100, 1), np.uint8))
    return tifffile_slide([pixels, pixels[::2, ::2]], tile=256, photometric="rgb", compression="deflate")


@pytest.fixture
def server(studio: Studio) -> Iterator[tuple[str, str]]:
    """Serve over HTTP with the token that a browser's cookie would bring; yield address and image."""
    image = studio.rendered(squares(), type="TIFF")
    token = studio.member(image)
    apps: list[Flask] = []

    def as_member(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        answer: Iterable[bytes] = apps[0](
            {**environ, "HTTP_AUTHORIZATION": f"Bearer {token}"}, start_response
        )
        return answer

    listening = make_server("127.0.0.1", 0, as_member, threaded=True)
    address = f"http://127.0.0.1:{listening.server_port}"
    apps.append(app_for(replace(studio.service, public_url=address)))
    thread = threading.Thread(target=listening.serve_forever)
    thread.start()
    yield f"127.0.0.1:{listening.server_port}", image
    listening.shutdown()
    thread.join()
    listening.server_close()


def test_the_validator_finds_nothing_wrong_at_level_2(
    server: tuple[str, str],
) -> None:
    random.seed(7)
    address, image = server
    failures = {}
    for name in (*SUITE, *BEYOND):
        client = validator.ImageAPI(
            "iiif", address, f"api/v1/tiles/images/{image}", version="3.0", debug=False
        )
        validator.TestSuite(validator.ValidationInfo()).run_test(name, client)
        if client.exception:
            failures[name] = str(client.exception)

    assert len(SUITE) > 20
    assert failures == {}


WHOLE = "full/max/0/default.png"


def iiif(studio: Studio, image: str, path: str, **headers: str) -> Any:
    return studio.get(f"{image}/iiif/{path}", studio.member(image), **headers)


@pytest.fixture
def slide_of(studio: Studio) -> tuple[str, Any]:
    scene = tissue(900, 700)
    levels = [scene, scene[::4, ::4]]
    body = tifffile_slide(levels, photometric="rgb", compression="deflate")
    return studio.rendered(body, type="TIFF"), scene


def test_any_part_comes_at_any_size_from_the_level_that_is_fine_enough(
    studio: Studio, slide_of: tuple[str, Any]
) -> None:
    image, scene = slide_of

    answer = iiif(studio, image, "101,203,400,300/100,75/0/default.png")

    expected = scene[203:503, 101:501].reshape(75, 4, 100, 4, 3).mean(axis=(1, 3))
    shown = as_pixels(answer.data)
    assert shown.shape == (75, 100, 3)
    assert np.abs(shown - expected).mean() < 2


def test_the_description_names_tiles_and_sizes_that_can_be_asked_for(
    studio: Studio, slide_of: tuple[str, Any]
) -> None:
    image, _ = slide_of

    info = iiif(studio, image, "info.json").json

    assert (info["width"], info["height"]) == (900, 700)
    assert info["tiles"] == [{"width": 128, "height": 128, "scaleFactors": [1, 2, 4, 8]}]
    for size in info["sizes"]:
        assert iiif(studio, image, f"full/{size['width']},{size['height']}/0/default.jpg").status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "0,0,0,10/max/0/default.jpg",
        "900,0,10,10/max/0/default.jpg",
        "full/901,/0/default.jpg",
        "full/^99999,/0/default.jpg",
        "full/,/0/default.jpg",
        "full/^65501,1/0/default.jpg",
        "full/max/45/default.jpg",
        "full/max/0/pretty.jpg",
        "full/max/0/default.bmp",
        "pct:1e9,0,1,1/max/0/default.jpg",
    ],
)
def test_what_makes_no_sense_is_a_bad_request(studio: Studio, slide_of: tuple[str, Any], path: str) -> None:
    assert iiif(studio, slide_of[0], path).status_code == 400


def test_as_large_as_possible_means_larger_than_it_is_if_that_is_asked_for(
    studio: Studio, slide_of: tuple[str, Any]
) -> None:
    image, scene = slide_of

    whole = as_pixels(iiif(studio, image, "full/max/0/default.jpg").data)
    enlarged = as_pixels(iiif(studio, image, "0,0,90,10/^max/0/default.jpg").data)

    assert whole.shape == scene.shape
    assert enlarged.shape == (1333, 12000, 3)


def test_a_strip_is_no_longer_than_a_jpeg_can_be(studio: Studio) -> None:
    strip = tissue(66_000, 16)
    image = studio.rendered(tifffile_slide([strip], photometric="rgb", compression="deflate"), type="TIFF")

    info = iiif(studio, image, "info.json").json
    shown = as_pixels(iiif(studio, image, "full/max/0/default.jpg").data)

    assert info["maxWidth"] == shown.shape[1] == 65_500
    assert max(size["width"] for size in info["sizes"]) == 33_000


@pytest.mark.parametrize(("path", "status"), [("info.json", 200), ("full/max/0/pretty.jpg", 400)])
def test_pages_of_other_sites_may_ask_with_a_token(
    studio: Studio, slide_of: tuple[str, Any], path: str, status: int
) -> None:
    image, _ = slide_of
    may_i = {"Origin": "https://other.test", "Access-Control-Request-Headers": "authorization"}

    allowed = studio.http.options(f"/api/v1/tiles/images/{image}/iiif/{path}", headers=may_i)
    answer = iiif(studio, image, path, Origin="https://other.test")

    assert allowed.status_code == 200
    assert "authorization" in allowed.headers["Access-Control-Allow-Headers"].lower()
    assert "GET" in allowed.headers["Access-Control-Allow-Methods"]
    assert answer.status_code == status
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in answer.headers


def test_other_addresses_are_for_our_own_pages(studio: Studio, slide_of: tuple[str, Any]) -> None:
    image, _ = slide_of

    answer = studio.get(f"{image}/thumbnail.jpeg", studio.member(image))

    assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize("path", ["iiif/full/max/0/default.jpg", "thumbnail.jpeg", "region.png"])
def test_a_damaged_slide_is_our_fault(studio: Studio, slide_of: tuple[str, Any], path: str) -> None:
    image, _ = slide_of
    located = studio.job(image).source
    studio.images.put(located.key, bytes(located.size_bytes))

    answer = studio.get(f"{image}/{path}", studio.member(image))

    assert (answer.status_code, answer.content_type) == (500, "application/problem+json")


def test_turning_and_mirroring_happen_in_the_order_of_the_standard(
    studio: Studio, slide_of: tuple[str, Any]
) -> None:
    image, scene = slide_of

    turned = as_pixels(iiif(studio, image, "0,0,200,100/max/90/default.png").data)
    mirrored = as_pixels(iiif(studio, image, "0,0,200,100/max/!90/default.png").data)

    part = scene[:100, :200]
    assert np.array_equal(turned, np.rot90(part, -1))
    assert np.array_equal(mirrored, np.rot90(part[:, ::-1], -1))


def test_thumbnails_and_regions_have_plain_addresses_too(studio: Studio, slide_of: tuple[str, Any]) -> None:
    image, scene = slide_of
    token = studio.member(image)

    small = as_pixels(studio.get(f"{image}/thumbnail.jpeg?size=90", token).data)
    part = as_pixels(studio.get(f"{image}/region.png?x=10&y=20&width=30&height=40", token).data)

    assert small.shape == (70, 90, 3)
    assert np.array_equal(part, scene[20:60, 10:40])
    for wrong in (
        "region.png?x=-1",
        "region.png?size=0",
        "thumbnail.jpeg?size=small",
        "thumbnail.jpeg?size=-9",
    ):
        assert studio.get(f"{image}/{wrong}", token).status_code == 400


@pytest.mark.parametrize(
    ("size", "shape"), [("90", (68, 90, 3)), ("9999", (300, 400, 3)), ("^800,", (600, 800, 3))]
)
def test_regions_take_a_size_as_thumbnails_do_or_as_iiif_says_it(
    studio: Studio, slide_of: tuple[str, Any], size: str, shape: tuple[int, ...]
) -> None:
    image, _ = slide_of

    answer = studio.get(
        f"{image}/region.png?x=10&y=20&width=400&height=300&size={size}", studio.member(image)
    )

    assert as_pixels(answer.data).shape == shape


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ({}, "application/ld+json"),
        ({"Accept": "*/*"}, "application/json"),
        ({"Accept": "application/json"}, "application/json"),
        ({"Accept": "application/ld+json"}, "application/ld+json"),
    ],
)
def test_the_description_is_of_the_type_that_is_asked_for(
    studio: Studio, slide_of: tuple[str, Any], accept: dict[str, str], expected: str
) -> None:
    """IIIF Image API 3, 5.1: JSON-LD for who asks for nothing; caches have to tell the two from one another."""
    answer = iiif(studio, slide_of[0], "info.json", **accept)

    assert answer.mimetype == expected
    assert "Accept" in answer.vary


@pytest.mark.parametrize(
    "path",
    [
        "iiif/info.json",
        "iiif/full/max/0/default.jpg",
        "thumbnail.jpeg",
        "region.png?x=0&y=0&width=9&height=9",
        "pass",
    ],
)
def test_those_who_may_not_see_an_image_learn_nothing(
    studio: Studio, slide_of: tuple[str, Any], path: str
) -> None:
    image, _ = slide_of

    answers = [studio.get(f"{image}/{path}", token) for token in (None, "wrong", studio.member())]

    assert [answer.status_code for answer in answers] == [401, 401, 404]


def test_large_parts_leave_the_server_to_tiles(
    studio: Studio, slide_of: tuple[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each holds a thread for seconds: four may, who asks for a fifth is to come back, and tiles wait for none of them."""
    image, _ = slide_of
    token, begun, may_go_on = studio.member(image), threading.Semaphore(0), threading.Event()

    def read_slowly(*arguments: Any, **options: Any) -> Any:
        if threading.current_thread() is not threading.main_thread():
            begun.release()
            assert may_go_on.wait(20)
        return read_region(*arguments, **options)

    def ask() -> int:
        headers = {"Authorization": f"Bearer {token}"}
        with studio.http.application.test_client() as client:
            return client.get(f"{IMAGES}/{image}/iiif/{WHOLE}", headers=headers).status_code

    monkeypatch.setattr(cropping, "_LARGE_PIXELS", 500 * 500)
    monkeypatch.setattr(cropping, "read_region", read_slowly)
    with ThreadPoolExecutor(4) as others:
        large = [others.submit(ask) for _ in range(4)]
        assert all(begun.acquire(timeout=20) for _ in range(2))
        wait_until(lambda: cropping._PLACES._value == 0, timeout_s=20, what="all that may wait")
        refused = iiif(studio, image, WHOLE)
        tile = iiif(studio, image, "0,0,256,256/256,256/0/default.png")
        may_go_on.set()

    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "1")
    assert tile.status_code == 200
    assert [each.result() for each in large] == [200] * 4
    assert iiif(studio, image, WHOLE).status_code == 200
