"""Slides on an S3 server, whose tiles are read in blocks: the same tiles, for the same people."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from werkzeug.test import TestResponse

from archive_shared.blobs.platform import platform_blobs
from archive_shared.settings import PlatformSettings
from tests.integration.tiler.conftest import Studio
from tests.support.servers import MinioServer
from tests.support.slides import MemorySource
from tiler.adapters.tiff_index import build_index
from tiler.adapters.tile_reader import read_zoom_tile
from tiler.domain.deep_zoom import DeepZoom

pytestmark = pytest.mark.servers


@pytest.fixture
def settings(settings: PlatformSettings, minio_server: MinioServer) -> PlatformSettings:
    """Keep documents where they are, and blobs on the server."""
    distant = replace(
        settings,
        blobs_url=f"s3://{minio_server.endpoint}?secure=0",
        blobs_access_key=minio_server.access_key,
        blobs_secret_key=minio_server.secret_key,
    )
    for bucket in ("images", "media"):
        platform_blobs(distant, bucket).ensure_bucket()
    return distant


def tiles_for(studio: Studio, image: str, token: str) -> Callable[[str], TestResponse]:
    """Get a pass, and return what fetches tiles with it."""
    given = studio.get(f"{image}/pass", token).json
    assert given is not None
    tiles, held = given["tiles"], {"X-Tile-Pass": given["pass"]}
    return lambda path: studio.http.get(f"{tiles}{path}.jpeg", headers=held)


def test_every_tile_is_the_one_that_is_stored(studio: Studio, slide: bytes) -> None:
    image = studio.rendered(slide, type="TIFF")
    source = MemorySource(slide)
    index = build_index(source)
    last, level = DeepZoom.of(index).zoom_levels - 1, index.levels[0]
    places = [(x, y) for y in range(level.rows) for x in range(level.columns)]

    tile = tiles_for(studio, image, studio.member(image))

    assert [tile(f"{last}/{x}/{y}").data for x, y in places] == [
        read_zoom_tile(source, index, last, x, y).body for x, y in places
    ]


def test_who_may_not_see_a_slide_any_more_gets_no_neighbour_of_a_tile_that_was_seen(
    studio: Studio, slide: bytes
) -> None:
    image = studio.rendered(slide, type="TIFF")
    token = studio.member(image)
    tile = tiles_for(studio, image, token)
    assert tile("2/0/0").status_code == 200

    studio.onlookers.visible[token].clear()

    assert tile("2/1/0").status_code == 404
