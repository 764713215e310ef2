"""A rendering job: what its outcomes announce, and when its work is queued once more."""

from datetime import UTC, datetime, timedelta

import pytest

from archive_shared.events import PreviewReady, TilesFailed, TilesReady
from archive_shared.jobs.job import Job, JobState
from tiler.domain.rendering_job import RenderingJob, SourceObject, StoredIndex, StoredPreview

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
PREVIEW = StoredPreview("previews/i/1", "image/jpeg")
INDEX = StoredIndex("indexes/i/1", 5)


def queued() -> RenderingJob:
    return RenderingJob(id="i", source=SourceObject("i/1/i.tif", 100, "TIFF"), job=Job.queued(NOW))


def done(*, attempts: int = 1) -> RenderingJob:
    """A job that succeeded, after some attempts."""
    job = queued()
    for _ in range(attempts - 1):
        job.job = job.job.claim(NOW, owner="worker", lease_s=30).give_back(NOW, reason="crashed")
    job.job = job.job.claim(NOW, owner="worker", lease_s=30).finish()
    job.finish(PREVIEW, INDEX)
    return job


def test_a_pyramid_announces_preview_and_tiles() -> None:
    assert done()._recorded == [PreviewReady(image="i"), TilesReady(image="i", levels=5)]


def test_what_is_no_pyramid_announces_its_preview_only() -> None:
    job = queued()

    job.finish(PREVIEW, None)

    assert job._recorded == [PreviewReady(image="i")]


def test_giving_up_announces_why_and_leaves_no_products() -> None:
    job = done()

    job.give_up("The file is damaged.")

    assert job._recorded[-1] == TilesFailed(image="i", reason="The file is damaged.")
    assert (job.preview, job.index) == (None, None)


@pytest.mark.parametrize("lost", [PREVIEW.key, INDEX.key])
def test_a_lost_product_queues_the_work_with_all_its_attempts_and_a_higher_epoch_to_come(lost: str) -> None:
    job = done(attempts=3)

    job.make_again(lost, LATER)

    assert job.job.state is JobState.QUEUED
    assert (job.job.due_at, job.job.hint_at) == (LATER, LATER)
    assert job.job.attempts == 0
    assert job.job.claim(LATER, owner="another", lease_s=30).epoch == 4


def test_a_lost_product_stays_named_until_there_is_another() -> None:
    job = done()

    job.make_again(INDEX.key, LATER)

    assert (job.preview, job.index) == (PREVIEW, INDEX)


def test_a_product_that_was_replaced_meanwhile_is_not_made_again() -> None:
    job = done()

    job.make_again("indexes/i/0", LATER)

    assert job.job.state is JobState.DONE


def test_work_that_is_under_way_is_not_queued_again() -> None:
    job = done()
    job.make_again(INDEX.key, NOW)
    job.job = job.job.claim(NOW, owner="worker", lease_s=30)
    running = job.job

    job.make_again(INDEX.key, LATER)

    assert job.job == running


def test_work_that_failed_is_not_queued_again() -> None:
    job = done()
    job.job = job.job.fail("The file is damaged.")

    job.make_again(INDEX.key, LATER)

    assert job.job.state is JobState.FAILED
