"""Products that cannot be read any more are made again, without anybody but the worker doing anything."""

from dataclasses import replace

import pytest
from werkzeug.test import TestResponse

from archive_shared.events import PreviewReady, TilesFailed, TilesReady
from archive_shared.jobs.job import JobState
from tests.integration.tiler.conftest import Studio
from tiler.bootstrap import jobs_of
from tiler.domain.rendering_job import RENDERING_JOBS

TILES = ("", ".dzi", "_files/9/1_1.jpeg", "/2/1/1.jpeg")
NEXT_VERSION = b"TILEINDEX\x02" + bytes(64)


@pytest.fixture
def image(studio: Studio, slide: bytes) -> str:
    return studio.rendered(slide, type="TIFF")


def index_key(studio: Studio, image: str) -> str:
    index = studio.job(image).index
    assert index is not None
    return index.key


def preview_key(studio: Studio, image: str) -> str:
    preview = studio.job(image).preview
    assert preview is not None
    return preview.key


def asks_to_come_back(answer: TestResponse) -> bool:
    return (
        answer.status_code == 503
        and answer.content_type == "application/problem+json"
        and answer.headers["Retry-After"] == "1"
    )


def tile_by_pass(studio: Studio, image: str) -> TestResponse:
    given = studio.get(f"{image}/pass", studio.member(image)).json
    assert given is not None
    return studio.http.get(f"{given['tiles']}2/0/0.jpeg", headers={"X-Tile-Pass": given["pass"]})


@pytest.mark.parametrize("kind", TILES)
@pytest.mark.parametrize("stored", [b"", b"garbage" * 100, NEXT_VERSION], ids=["empty", "garbled", "newer"])
def test_an_index_that_cannot_be_read_is_made_again(
    studio: Studio, image: str, stored: bytes, kind: str
) -> None:
    token = studio.member(image)
    studio.media.put(index_key(studio, image), stored)
    path = f"{image}/" if kind == "" else f"{image}{kind}"

    meanwhile = studio.get(path, token)
    studio.render(image)

    assert asks_to_come_back(meanwhile)
    assert studio.get(path, token).status_code == 200


def test_an_index_that_is_gone_is_made_again(studio: Studio, image: str) -> None:
    token = studio.member(image)
    studio.media.delete(index_key(studio, image))

    meanwhile = studio.get(f"{image}/2/1/1.jpeg", token)
    studio.render(image)

    assert asks_to_come_back(meanwhile)
    assert studio.get(f"{image}/2/1/1.jpeg", token).status_code == 200


@pytest.mark.parametrize("stored", [None, NEXT_VERSION], ids=["gone", "newer"])
def test_who_looks_by_a_pass_has_a_lost_index_made_again_too(
    studio: Studio, image: str, stored: bytes | None
) -> None:
    if stored is None:
        studio.media.delete(index_key(studio, image))
    else:
        studio.media.put(index_key(studio, image), stored)

    meanwhile = tile_by_pass(studio, image)
    studio.render(image)

    assert asks_to_come_back(meanwhile)
    assert tile_by_pass(studio, image).status_code == 200


def test_a_pass_for_an_index_that_was_replaced_has_nothing_made_again(studio: Studio, image: str) -> None:
    """The next pass leads to the new one; until then there is nothing to wait for."""
    given = studio.get(f"{image}/pass", studio.member(image)).json
    assert given is not None
    studio.media.delete(index_key(studio, image))
    present = studio.job(image).index
    assert present is not None
    another = replace(present, key="another")
    jobs_of(studio.service.documents).change(image, lambda each: setattr(each, "index", another))

    answer = studio.http.get(f"{given['tiles']}2/0/0.jpeg", headers={"X-Tile-Pass": given["pass"]})

    assert answer.status_code == 404
    assert studio.job(image).job.state is JobState.DONE


def test_a_preview_that_is_gone_is_made_again(studio: Studio, image: str) -> None:
    token = studio.member(image)
    studio.media.delete(preview_key(studio, image))

    meanwhile = studio.get(f"{image}/preview.jpeg", token)
    studio.render(image)

    assert asks_to_come_back(meanwhile)
    assert studio.get(f"{image}/preview.jpeg", token).status_code == 200


def test_workers_are_told_at_once_and_only_once(studio: Studio, image: str) -> None:
    token = studio.member(image)
    studio.media.delete(index_key(studio, image))
    studio.get(f"{image}/", token)
    first = studio.service.documents.get(RENDERING_JOBS.name, image)

    answers = [studio.get(f"{image}/", token) for _ in range(3)]

    assert first is not None
    assert first["job"]["state"] == "queued"
    assert first["job"]["hint_at"] is not None
    assert all(asks_to_come_back(answer) for answer in answers)
    assert studio.service.documents.get(RENDERING_JOBS.name, image) == first


def test_the_preview_is_shown_while_the_index_is_made_again(studio: Studio, image: str) -> None:
    token = studio.member(image)
    studio.media.delete(index_key(studio, image))
    studio.get(f"{image}/", token)

    assert studio.get(f"{image}/preview.jpeg", token).status_code == 200


def test_products_made_again_are_announced_again(studio: Studio, image: str) -> None:
    studio.media.delete(index_key(studio, image))
    studio.get(f"{image}/", studio.member(image))

    studio.render(image)

    assert studio.announced() == [PreviewReady(image=image), TilesReady(image=image, levels=3)] * 2


def test_products_that_cannot_be_made_again_are_gone_for_good(studio: Studio, image: str) -> None:
    token = studio.member(image)
    studio.media.delete(index_key(studio, image))
    studio.images.put(studio.job(image).source.key, b"damaged meanwhile")
    studio.get(f"{image}/", token)

    studio.render(image)

    assert [studio.get(f"{image}/{kind}", token).status_code for kind in ("", "preview.jpeg")] == [404, 404]
    assert isinstance(studio.announced()[-1], TilesFailed)
    assert studio.job(image).job.state is JobState.FAILED


@pytest.mark.parametrize("kind", ["", "preview.jpeg"])
def test_only_those_who_may_see_an_image_can_have_it_made_again(
    studio: Studio, image: str, kind: str
) -> None:
    studio.media.delete(index_key(studio, image))
    studio.media.delete(preview_key(studio, image))

    answers = [studio.get(f"{image}/{kind}", token) for token in (None, "wrong", studio.member())]

    assert [answer.status_code for answer in answers] == [401, 401, 404]
    assert studio.job(image).job.state is JobState.DONE
