"""What becomes of an image's products once it is gone for good, whoever still works on it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from archive_shared.clock import SystemClock
from archive_shared.errors import NotFound
from archive_shared.events import ImageDeleted
from archive_shared.jobs.claims import Claims
from archive_shared.jobs.handler import JobPolicy
from tests.integration.tiler.conftest import Studio, announcement, as_sent
from tests.support import slide_files
from tests.support.clocks import StoppedClock
from tiler.adapters.reading_here import ReadingHere
from tiler.bootstrap import jobs_of, slide_work_over
from tiler.domain.deleted_image import DELETED_IMAGES
from tiler.domain.rendering_job import RENDERING_JOBS, RenderingJob
from tiler.domain.slide_jobs import LEVEL_FILLINGS, SLIDE_CONVERSIONS
from tiler.programs import conversion_work

LONG_S = 3600.0


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock()


@pytest.fixture
def slide(studio: Studio, folder: Path) -> str:
    slide_files.aperio_slide(folder / "slide.svs")
    return studio.import_slide(folder)


def delete(studio: Studio, image: str) -> None:
    studio.hear(ImageDeleted(image=image))


def left(studio: Studio) -> list[str]:
    """Everything that is stored, objects and jobs; what imports store is removed by the ingest worker."""
    objects = [blob.key for store in (studio.images, studio.media) for blob in store.list()]
    kept = [key for key in objects if not key.split("/")[1].isdigit()]
    for collection in (RENDERING_JOBS, SLIDE_CONVERSIONS, LEVEL_FILLINGS):
        kept += [document["_id"] for document in studio.service.documents.find(collection.name)]
    return kept


def test_a_deleted_slide_leaves_nothing_behind(studio: Studio, slide: str) -> None:
    studio.convert(slide)
    studio.render(slide)
    studio.fill(slide)
    studio.render(slide)
    token = studio.member(slide)
    assert studio.get(f"{slide}/preview.jpeg", token).status_code == 200

    delete(studio, slide)

    assert left(studio) == []
    assert studio.get(f"{slide}/preview.jpeg", token).status_code == 404


def test_products_of_other_images_stay(studio: Studio, slide: str, volume: bytes) -> None:
    other = studio.rendered(volume)
    kept = set(left(studio)) - {slide, *(file for file in left(studio) if file.startswith(f"{slide}/"))}
    studio.convert(slide)

    delete(studio, slide)

    assert set(left(studio)) == kept
    assert studio.get(f"{other}/preview.jpeg", studio.member(other)).status_code == 200


def test_what_was_imported_is_left_to_who_imported_it(studio: Studio, volume: bytes) -> None:
    image = studio.rendered(volume)

    delete(studio, image)

    assert left(studio) == []
    assert [blob.key for blob in studio.images.list()] == [announcement(b"").files[0].key]


def test_hearing_of_it_before_the_import_is_enough(studio: Studio) -> None:
    event = announcement(b"pixels")

    delete(studio, event.image)
    studio.hear(event)

    assert left(studio) == []


def test_hearing_of_it_again_and_again_changes_nothing(studio: Studio, slide: str) -> None:
    delete(studio, slide)

    assert left(studio) == []
    assert studio.service.documents.count(DELETED_IMAGES.name) == 1


class UnderWay:
    """A conversion that a worker is busy with, while other things happen."""

    def __init__(self, studio: Studio, image: str) -> None:
        work = slide_work_over(studio.service.documents)
        self._handler = work.converting
        self._claims = Claims(
            work.conversions, self._handler, owner="test", policy=JobPolicy(), clock=SystemClock()
        )
        claimed = self._claims.claim(image)
        assert claimed is not None
        self._claimed, self._studio = claimed, studio
        self._order = as_sent(self._handler.payload(claimed))

    def program(self) -> Mapping[str, Any]:
        """What the program does, up to its result."""
        return conversion_work(self._studio.settings, ReadingHere()).run(self._order, lambda _: None)

    def commit(self, result: Mapping[str, Any]) -> None:
        """What the worker does with it."""
        self._handler.keep(self._claimed, result)
        self._claims.succeed(self._claimed, result)


def test_a_job_that_ends_after_the_deletion_leaves_nothing(studio: Studio, slide: str) -> None:
    under_way = UnderWay(studio, slide)
    result = under_way.program()
    delete(studio, slide)

    with pytest.raises(NotFound):
        under_way.commit(result)

    assert left(studio) == []


def test_what_a_program_stores_after_the_deletion_is_found_and_deleted_as_well(
    studio: Studio, slide: str, clock: StoppedClock
) -> None:
    under_way = UnderWay(studio, slide)
    result = under_way.program()
    stored = studio.images.read(result["product"]["key"])
    studio.hear(ImageDeleted(image=slide), clock=clock)
    studio.images.put(result["product"]["key"], stored)  # the program was a little slower
    sweep = studio.removal(clock).sweep

    early = list(sweep(False))
    clock.advance(LONG_S)
    told = [leftover.name for leftover in sweep(True)]
    swept = [leftover.name for leftover in sweep(False)]

    assert (early, told, swept) == ([], [result["product"]["key"]], [result["product"]["key"]])
    assert left(studio) == []


def test_a_job_that_was_queued_by_a_worker_that_was_slow_is_swept_up_as_well(
    studio: Studio, slide: str, clock: StoppedClock
) -> None:
    studio.convert(slide)
    job = studio.job(slide)
    studio.hear(ImageDeleted(image=slide), clock=clock)
    jobs_of(studio.service.documents).add(RenderingJob(id=slide, source=job.source, job=job.job))
    clock.advance(LONG_S)

    assert list(studio.removal(clock).sweep(False)) == []

    assert left(studio) == []


def test_sweeps_look_until_nothing_turns_up_any_more(studio: Studio, slide: str, clock: StoppedClock) -> None:
    studio.hear(ImageDeleted(image=slide), clock=clock)
    unsettled = {"settled": False}

    assert studio.service.documents.count(DELETED_IMAGES.name, unsettled) == 1
    clock.advance(LONG_S)
    list(studio.removal(clock).sweep(False))
    assert studio.service.documents.count(DELETED_IMAGES.name, unsettled) == 0


@pytest.mark.parametrize("stop_after", range(6))
def test_deletion_goes_on_where_it_was_cut_off(
    studio: Studio, slide: str, stop_after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio.convert(slide)
    studio.render(slide)
    deletions = iter(range(stop_after))
    for store in (type(studio.images), type(studio.service.documents)):
        monkeypatch.setattr(store, "delete", dying_after(deletions, store.delete))
    with pytest.raises(ConnectionError):
        studio.hear(ImageDeleted(image=slide))
    monkeypatch.undo()

    delete(studio, slide)

    assert left(studio) == []


def dying_after(steps: Any, delete: Any) -> Any:
    def step(*arguments: Any, **named: Any) -> Any:
        if next(steps, None) is None:
            raise ConnectionError("the process dies here")
        return delete(*arguments, **named)

    return step
