"""What a worker makes of canonical images: objects in the bucket `media`, and the events that announce them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from archive_shared.clock import SystemClock
from archive_shared.errors import NotFound
from archive_shared.events import PreviewReady, TilesFailed, TilesReady
from archive_shared.jobs.job import JobState
from tests.integration.tiler.conftest import Studio, announcement
from tests.support.canonical_images import gray_slide, mha, untiled_tiff
from tests.support.slides import as_pixels, tissue
from tiler.adapters.reading_here import ReadingHere
from tiler.bootstrap import jobs_of, rendering_handler
from tiler.domain.tile_index import TileIndex
from tiler.programs import rendering_work


def test_a_volume_gets_a_preview_of_its_middle_slice_and_no_tiles(studio: Studio, volume: bytes) -> None:
    image = studio.import_image(volume)

    job = studio.render(image)

    assert job.preview is not None
    assert job.preview.content_type == "image/jpeg"
    shown = as_pixels(studio.media.read(job.preview.key))
    assert shown.shape == (40, 40)
    assert shown[15:25, 15:25].min() > 240
    assert shown[:5].max() < 15
    assert job.index is None
    assert [blob.key for blob in studio.media.list()] == [job.preview.key]


def test_a_volume_announces_its_preview_only(studio: Studio, volume: bytes) -> None:
    image = studio.rendered(volume)

    assert studio.announced() == [PreviewReady(image=image)]
    assert studio.job(image).job.state is JobState.DONE


def test_a_time_series_gets_a_preview_of_the_middles_of_its_moments(studio: Studio, tmp_path: Path) -> None:
    voxels = np.zeros((5, 4, 32, 32), np.int16)
    voxels[2, 2, 8:24, 8:24] = 100

    image = studio.rendered(mha(tmp_path, voxels))

    preview = studio.job(image).preview
    assert preview is not None
    shown = as_pixels(studio.media.read(preview.key))
    assert shown.size >= voxels[:, 2].size
    assert 200 < (shown > 240).sum() < 300  # the square of 16 by 16 in one of the moments


def test_a_colour_picture_keeps_its_colours(studio: Studio, tmp_path: Path) -> None:
    scene = tissue(64, 48)

    image = studio.rendered(mha(tmp_path, scene, is_vector=True))

    preview = studio.job(image).preview
    assert preview is not None
    shown = as_pixels(studio.media.read(preview.key)).astype(int)
    assert np.abs(shown - scene).max() < 12


def test_a_label_map_gets_a_preview_without_loss(studio: Studio, tmp_path: Path) -> None:
    labels = np.kron(np.arange(16, dtype=np.uint8).reshape(1, 4, 4), np.ones((1, 10, 10), np.uint8))

    image = studio.rendered(mha(tmp_path, labels))

    preview = studio.job(image).preview
    assert preview is not None
    assert preview.content_type == "image/png"
    assert len(np.unique(as_pixels(studio.media.read(preview.key)).reshape(-1, 3), axis=0)) == 16


def test_a_pyramid_gets_a_preview_and_an_index_of_its_tiles(studio: Studio, slide: bytes) -> None:
    image = studio.import_image(slide, type="TIFF")

    job = studio.render(image)

    assert job.preview is not None
    assert as_pixels(studio.media.read(job.preview.key)).shape == (
        195,
        512,
        3,
    )  # its pixels are twice as wide
    assert job.index is not None
    index = TileIndex.from_bytes(studio.media.read(job.index.key))
    assert [(level.width, level.height) for level in index.levels] == [(500, 380), (250, 190), (125, 95)]
    assert index.source_size_bytes == len(slide)


@pytest.mark.parametrize("kind", ["jpeg", "gray"])
def test_a_pyramid_announces_its_preview_and_its_levels(studio: Studio, slide: bytes, kind: str) -> None:
    image = studio.rendered(slide if kind == "jpeg" else gray_slide(), type="TIFF")

    assert studio.announced() == [PreviewReady(image=image), TilesReady(image=image, levels=3)]


BROKEN = {
    "noise": (b"\x00\x01" * 500, "MHD", "neither a TIFF nor a MetaImage"),
    "empty": (b"", "MHD", "neither a TIFF nor a MetaImage"),
    "noise said to be a slide": (b"\x00\x01" * 500, "TIFF", "is no TIFF"),
    "a slide that is a volume": (b"NDims = 2\nDimSize = 4 4\n", "TIFF", "is no TIFF"),
    "strips instead of tiles": (untiled_tiff(), "TIFF", "must be stored as a tiled pyramid"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_image_announces_why_it_cannot_be_shown(studio: Studio, case: str) -> None:
    body, kind, reason = BROKEN[case]

    image = studio.rendered(body, type=kind)

    (said,) = studio.announced()
    assert isinstance(said, TilesFailed)
    assert said.image == image
    assert reason in said.reason
    assert said.reason.endswith(".")
    assert studio.job(image).job.state is JobState.FAILED


def test_a_volume_that_ends_before_its_middle_announces_so(studio: Studio, tmp_path: Path) -> None:
    noise = np.random.default_rng(1).integers(0, 4000, (9, 32, 32)).astype(np.int16)
    body = mha(tmp_path, noise)

    image = studio.rendered(body[: len(body) // 3])

    reason = "The image has fewer voxels than its header says."
    assert studio.announced() == [TilesFailed(image=image, reason=reason)]


@pytest.mark.parametrize("kept", [0.3, 0.7, 0.98])
def test_a_slide_that_is_cut_off_announces_so(studio: Studio, slide: bytes, kept: float) -> None:
    image = studio.rendered(slide[: int(len(slide) * kept)], type="TIFF")

    reason = "The file points outside itself; it is damaged or cut off."
    assert studio.announced() == [TilesFailed(image=image, reason=reason)]


def test_an_object_smaller_than_announced_is_refused(studio: Studio, slide: bytes) -> None:
    event = announcement(slide, type="TIFF")
    studio.images.put(event.files[0].key, slide[: len(slide) // 2])
    studio.hear(event)

    studio.render(event.image)

    assert studio.announced() == [TilesFailed(image=event.image, reason="The file ended early.")]


def test_an_image_that_is_gone_is_not_rendered(studio: Studio, volume: bytes) -> None:
    image = studio.import_image(volume)
    studio.images.delete(studio.job(image).source.key)

    with pytest.raises(NotFound):
        studio.render(image)


def test_a_late_attempt_writes_beside_the_products_of_a_newer_one(studio: Studio, slide: bytes) -> None:
    image = studio.import_image(slide, type="TIFF")
    queued = studio.job(image)
    attempts = [replace(queued, job=replace(queued.job, epoch=epoch)) for epoch in (1, 2)]
    work, handler = rendering_work(studio.settings, ReadingHere()), rendering_handler()

    first, second = (work.run(handler.payload(attempt)) for attempt in attempts)

    assert first["preview"]["key"] != second["preview"]["key"]
    assert first["index"]["key"] != second["index"]["key"]
    assert len(list(studio.media.list())) == 4


def test_making_a_product_again_goes_on_counting_epochs(studio: Studio, slide: bytes) -> None:
    image = studio.rendered(slide, type="TIFF")
    before = studio.job(image)
    assert before.index is not None
    lost = before.index.key
    jobs_of(studio.service.documents).change(image, lambda job: job.make_again(lost, SystemClock().now()))

    after = studio.render(image)

    assert after.job.epoch == 2
    assert after.index is not None
    assert after.index.key != lost
