"""What `image.imported` makes the tiler do."""

from archive_shared.clock import SystemClock
from archive_shared.jobs.job import JobState
from tests.integration.tiler.conftest import Studio, announcement
from tiler.domain.rendering_job import RENDERING_JOBS, SourceObject


def test_an_imported_image_queues_one_job_that_workers_are_told_of_at_once(studio: Studio) -> None:
    event = announcement(b"pixels", type="TIFF")

    studio.hear(event)

    job = studio.job(event.image)
    assert job.source == SourceObject(event.files[0].key, 6, "TIFF")
    assert job.job.state is JobState.QUEUED
    assert job.job.is_claimable(SystemClock().now())
    assert job.job.hint_at is not None


def test_an_event_delivered_twice_queues_one_job(studio: Studio) -> None:
    event = announcement(b"pixels")

    studio.hear(event)
    studio.hear(event)

    assert studio.service.documents.count(RENDERING_JOBS.name) == 1


def test_an_event_that_comes_again_late_does_not_start_finished_work_again(
    studio: Studio, volume: bytes
) -> None:
    image = studio.rendered(volume)

    studio.hear(announcement(volume))

    assert studio.job(image).job.state is JobState.DONE
    assert studio.job(image).job.epoch == 1
