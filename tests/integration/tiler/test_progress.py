"""How far a slide is, as those see it who wait for it."""

from pathlib import Path
from typing import Any

import pytest

from archive_shared.clock import SystemClock
from archive_shared.jobs.claims import Claims
from archive_shared.jobs.handler import JobHandler, JobPolicy
from archive_shared.jobs.job import JobAggregate
from tests.integration.tiler.conftest import Studio
from tests.support import slide_files
from tiler.bootstrap import slide_work_over


@pytest.fixture
def slide(studio: Studio, folder: Path) -> str:
    slide_files.aperio_slide(folder / "slide.svs")
    return studio.import_slide(folder)


def progress(studio: Studio, image: str) -> Any:
    return studio.get(f"{image}/progress/", studio.member(image)).json


def begin(jobs: Any, handler: JobHandler[Any], image: str, done: int) -> tuple[Claims[Any], JobAggregate]:
    """Let a worker be so far with a job, in thousandths."""
    claims: Claims[Any] = Claims(jobs, handler, owner="test", policy=JobPolicy(), clock=SystemClock())
    claimed = claims.claim(image)
    assert claimed is not None
    claims.report(claimed, {"done": done})
    return claims, claimed


def test_a_slide_goes_through_all_stages(studio: Studio, slide: str) -> None:
    work = slide_work_over(studio.service.documents)
    stages = [progress(studio, slide)]
    claims, claimed = begin(work.conversions, work.converting, slide, 250)
    stages.append(progress(studio, slide))
    claims.give_back(claimed, "The worker was stopped.")
    stages.append(progress(studio, slide))
    studio.convert(slide)
    claims, claimed = begin(work.fillings, work.filling, slide, 500)
    stages.append(progress(studio, slide))
    claims.give_back(claimed, "")
    studio.fill(slide)
    stages.append(progress(studio, slide))

    assert stages == [
        {"stage": "queued", "done": 0, "reason": ""},
        {"stage": "converting", "done": 0.25, "reason": ""},
        {"stage": "queued", "done": 0, "reason": "The worker was stopped."},
        {"stage": "adding levels", "done": 0.5, "reason": ""},
        {"stage": "complete", "done": 1, "reason": ""},
    ]


def test_what_cannot_be_converted_says_why(studio: Studio, folder: Path) -> None:
    slide_files.leica_slide(folder / "slide.scn", areas=2)
    image = studio.import_slide(folder, name="slide.scn")
    studio.convert(image)

    found = progress(studio, image)

    assert found["stage"] == "failed"
    assert "2 scanned areas" in found["reason"]


def test_a_slide_whose_levels_cannot_be_added_stays_as_it_is_and_says_why(studio: Studio, slide: str) -> None:
    work = slide_work_over(studio.service.documents)
    studio.convert(slide)
    claims, claimed = begin(work.fillings, work.filling, slide, 0)

    claims.fail(claimed, "The slide has no room for more levels.")

    assert progress(studio, slide) == {
        "stage": "incomplete",
        "done": 0,
        "reason": "The slide has no room for more levels.",
    }


def test_other_images_have_no_conversion(studio: Studio, volume: bytes) -> None:
    image = studio.rendered(volume)

    assert studio.get(f"{image}/progress/", studio.member(image)).status_code == 404
