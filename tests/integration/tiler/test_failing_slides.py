"""Slides whose later stages fail, or whose workers died: what people see then, and what is left over."""

from pathlib import Path

import pytest

from archive_shared.clock import SystemClock
from archive_shared.events import TilesFailed
from archive_shared.jobs.claims import Claims
from archive_shared.jobs.handler import JobPolicy
from archive_shared.jobs.job import JobState
from tests.integration.tiler.conftest import Studio
from tests.support import slide_files
from tiler.bootstrap import jobs_of, rendering_handler


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
