"""Parts of pictures: every address that answers with one takes ranges, and names what it is a part of."""

from pathlib import Path

import pytest

from tests.integration.tiler.conftest import Studio
from tests.support.canonical_images import slide, volume

OF_SLIDES = (
    ".dzi",
    "/",
    "/preview.jpeg",
    "_files/9/1_1.jpeg",
    "/2/1/1.jpeg",
    "/icc",
    "/iiif/0,0,100,100/max/0/default.png",
    "/region.jpeg?width=64&height=64",
    "/thumbnail.jpeg",
)
OF_VOLUMES = ("/preview.jpeg", "/slices/z/3.png")


@pytest.fixture(scope="module")
def bodies(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder: Path = tmp_path_factory.mktemp("images")
    return {"TIFF": slide(folder, profile="srgb"), "MHD": volume(folder)}


@pytest.fixture(
    params=[*(("TIFF", path) for path in OF_SLIDES), *(("MHD", path) for path in OF_VOLUMES)], ids="".join
)
def address(request: pytest.FixtureRequest, studio: Studio, bodies: dict[str, bytes]) -> str:
    kind, path = request.param
    return studio.rendered(bodies[kind], type=kind) + str(path)


def test_a_range_is_part_of_the_whole_and_has_its_tag(studio: Studio, address: str) -> None:
    token = studio.member(address[:36])
    whole = studio.get(address, token)

    part = studio.get(address, token, Range="bytes=3-9")
    rest = studio.get(address, token, Range="bytes=-5", If_Range=whole.headers["ETag"])

    assert whole.headers["Accept-Ranges"] == "bytes"
    assert not whole.headers["ETag"].startswith("W/")
    assert (part.status_code, part.data) == (206, whole.data[3:10])
    assert part.headers["Content-Range"] == f"bytes 3-9/{len(whole.data)}"
    assert part.headers["ETag"] == whole.headers["ETag"]
    assert (rest.status_code, rest.data) == (206, whole.data[-5:])


def test_a_range_of_something_else_is_answered_with_the_whole(studio: Studio, address: str) -> None:
    token = studio.member(address[:36])

    answer = studio.get(address, token, Range="bytes=3-9", If_Range='"another"')

    assert answer.status_code == 200


def test_a_range_behind_the_end_is_none(studio: Studio, address: str) -> None:
    token = studio.member(address[:36])
    length = len(studio.get(address, token).data)

    answer = studio.get(address, token, Range=f"bytes={length}-")

    assert answer.status_code == 416
    assert answer.headers["Content-Range"] == f"bytes */{length}"


def test_who_has_it_gets_no_part(studio: Studio, address: str) -> None:
    token = studio.member(address[:36])
    tag = studio.get(address, token).headers["ETag"]

    answer = studio.get(address, token, Range="bytes=3-9", If_None_Match=tag)

    assert (answer.status_code, answer.data) == (304, b"")


def test_the_last_zero_bytes_are_none(studio: Studio, address: str) -> None:
    answer = studio.get(address, studio.member(address[:36]), Range="bytes=-0")

    assert answer.status_code == 416


def test_who_asks_for_another_version_gets_none(studio: Studio, address: str) -> None:
    token = studio.member(address[:36])
    tag = studio.get(address, token).headers["ETag"]

    any_version = studio.get(address, token, If_Match="*")
    same = studio.get(address, token, If_Match=f'"another", {tag}')
    another = studio.get(address, token, If_Match='"another"', Range="bytes=3-9")

    assert (any_version.status_code, same.status_code, another.status_code) == (200, 200, 412)


@pytest.mark.parametrize("wanted", ["bytes=0-1,4-5", "lines=0-1", "bytes=x", "bytes="])
def test_what_is_not_one_range_of_bytes_is_answered_with_the_whole(
    studio: Studio, bodies: dict[str, bytes], wanted: str
) -> None:
    address = f"{studio.rendered(bodies['TIFF'], type='TIFF')}/2/1/1.jpeg"
    token = studio.member(address[:36])

    answer = studio.get(address, token, Range=wanted)

    assert (answer.status_code, answer.data) == (200, studio.get(address, token).data)


def test_parts_are_given_to_a_get_that_knows_the_very_bytes(studio: Studio, bodies: dict[str, bytes]) -> None:
    address = f"{studio.rendered(bodies['TIFF'], type='TIFF')}/2/1/1.jpeg"
    token = studio.member(address[:36])
    whole = studio.get(address, token)

    head = studio.get(address, token, method="HEAD", Range="bytes=3-9")
    weak = studio.get(address, token, Range="bytes=3-9", If_Range=f"W/{whole.headers['ETag']}")

    assert (head.status_code, head.headers["Content-Length"]) == (200, str(len(whole.data)))
    assert (weak.status_code, weak.data) == (200, whole.data)
