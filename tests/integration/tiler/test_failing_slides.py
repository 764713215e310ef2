"""Slides whose later stages fail, or whose workers died: what people see then, and what is left over."""

from pathlib import Path

import pytest

from archive_shared.clock import SystemClock
from archive_shared.events import SlideComplete, TilesFailed
from archive_shared.jobs.claims import Claims
from archive_shared.jobs.handler import JobPolicy
from archive_shared.jobs.job import JobState
from tests.integration.tiler.conftest import Studio
from tests.support import slide_files
from tests.support.clocks import StoppedClock
from tiler.bootstrap import jobs_of, rendering_handler

TWO_DAYS_S = 2 * 24 * 3600.0


@pytest.fixture
def image(studio: Studio, folder: Path) -> str:
    slide_files.aperio_slide(folder / "slide.svs")
    return studio.import_slide(folder)


def fail_to_render(studio: Studio, image: str) -> None:
    jobs = jobs_of(studio.service.documents)
    claims = Claims(jobs, rendering_handler(), owner="test", policy=JobPolicy(), clock=SystemClock())
    claimed = claims.claim(image)
    assert claimed is not None
    claims.fail(claimed, "A store that the tiler works with does not answer.")


def hear_the_last(studio: Studio, clock: StoppedClock) -> None:
    complete = studio.announced()[-1]
    assert isinstance(complete, SlideComplete)
    studio.hear(complete, clock=clock)


def left(studio: Studio, image: str) -> set[str]:
    """Keys of all the tiler keeps of an image."""
    objects = [blob.key for store in (studio.images, studio.media) for blob in store.list()]
    return {key for key in objects if image in key and not key.startswith(f"{image}/1/")}


def test_a_slide_whose_complete_product_cannot_be_shown_is_shown_as_it_was(
    studio: Studio, image: str
) -> None:
    """It lost its tiles for good when the store was away for some minutes after its levels had been added."""
    token = studio.member(image)
    studio.convert(image)
    studio.render(image)
    studio.fill(image)
    announced = studio.announced()

    fail_to_render(studio, image)

    assert studio.job(image).job.state is JobState.FAILED
    assert [studio.get(f"{image}/{kind}", token).status_code for kind in ("", "preview.jpeg")] == [200, 200]
    assert studio.announced() == announced


def test_a_slide_that_cannot_be_shown_at_all_is_said_to_have_failed(studio: Studio, image: str) -> None:
    studio.convert(image)

    fail_to_render(studio, image)

    assert isinstance(studio.announced()[-1], TilesFailed)
    assert studio.job(image).index is None


def test_of_a_complete_slide_only_what_people_are_led_to_stays(studio: Studio, image: str) -> None:
    """Previews and indexes of the product before stayed for ever, and so did what attempts that died had stored."""
    clock = StoppedClock()
    studio.convert_but_die(image)
    studio.images.put(f"{image}/restricted/1-label.png", b"of an attempt that died")
    studio.convert(image)
    studio.render(image)
    studio.fill(image)
    studio.render(image)
    hear_the_last(studio, clock)
    token = studio.member(image)

    clock.advance(TWO_DAYS_S)
    list(studio.superseding(clock).sweep(False))

    job = studio.job(image)
    assert job.preview is not None
    assert job.index is not None
    assert left(studio, image) == {job.source.key, job.preview.key, job.index.key}
    assert studio.get(f"{image}/", token).status_code == 200


def test_an_index_that_came_into_use_after_it_was_noted_stays(studio: Studio, image: str) -> None:
    clock = StoppedClock()
    studio.convert(image)
    studio.render(image)
    studio.fill(image)
    job = studio.render(image)
    assert job.index is not None
    jobs = jobs_of(studio.service.documents)
    lost, now = job.index.key, clock.now()
    jobs.change(image, lambda stored: stored.make_again(lost, now))
    studio.media.put(f"indexes/{image}/{job.job.epoch + 1}", b"of the attempt under way")
    hear_the_last(studio, clock)
    again = studio.render(image)
    assert again.index is not None

    clock.advance(TWO_DAYS_S)
    list(studio.superseding(clock).sweep(False))

    assert again.index.key in left(studio, image)
