"""A slide from its upload to all of its levels: viewable first, complete later, and always one product at a time."""

from pathlib import Path

import numpy as np
import pytest

from archive_shared.clock import SystemClock
from archive_shared.errors import Unavailable
from archive_shared.events import (
    ImageDeleted,
    PreviewReady,
    SlideComplete,
    SlideViewable,
    TilesFailed,
    TilesReady,
)
from archive_shared.jobs.claims import Claims
from archive_shared.jobs.handler import JobPolicy
from archive_shared.jobs.job import JobState, NotClaimable
from archive_shared.sweeping import Stage
from tests.integration.tiler.conftest import Studio
from tests.support import slide_files
from tests.support.clocks import StoppedClock
from tests.support.slides import as_pixels
from tiler.bootstrap import jobs_of, rendering_handler, slide_work_over
from tiler.domain.tile_index import TileIndex

DAY_S = 24 * 3600.0
AT_ONCE = [PreviewReady, TilesReady, SlideViewable, SlideComplete]


@pytest.fixture
def image(studio: Studio, folder: Path) -> str:
    slide_files.aperio_slide(folder / "slide.svs")
    return studio.import_slide(folder)


@pytest.fixture
def decoded(studio: Studio, folder: Path) -> str:
    """Return a slide that has to be encoded anew, which makes all levels."""
    slide_files.mirax_slide(folder / "slide.mrxs", photos=2)
    return studio.import_slide(folder, name="slide.mrxs")


def progress_of(studio: Studio, image: str) -> object:
    return studio.get(f"{image}/progress/", studio.member(image)).json


def index_of(studio: Studio, image: str) -> TileIndex:
    index = studio.job(image).index
    assert index is not None
    return TileIndex.from_bytes(studio.media.read(index.key))


def products(studio: Studio, image: str) -> list[str]:
    return [blob.key for blob in studio.images.list(f"{image}/pyramid/")]


def originals(studio: Studio, image: str) -> list[str]:
    return [blob.key for blob in studio.images.list(f"{image}/1/slide/")]


def completed(studio: Studio, image: str) -> SlideComplete:
    """Take a slide through all of its stages, and let the tiler hear of the last one."""
    studio.convert(image)
    studio.render(image)
    if studio.lacks_levels(image):
        studio.fill(image)
        studio.render(image)
    complete = studio.announced()[-1]
    assert isinstance(complete, SlideComplete)
    studio.hear(complete)
    return complete


def test_a_slide_is_viewable_with_the_levels_its_scanner_stored(studio: Studio, image: str) -> None:
    studio.convert(image)
    studio.render(image)

    viewable = studio.announced()[-1]
    assert isinstance(viewable, SlideViewable)
    assert (viewable.width, viewable.height, viewable.levels) == (1100, 700, 2)
    assert viewable.voxel_width_mm == pytest.approx(0.000499, rel=1e-3)
    assert studio.images.stat(viewable.file.key).size_bytes == viewable.file.size_bytes
    token = studio.member(image)
    virtual = studio.get(f"{image}_files/10/0_0.jpeg", token)  # half size: no such level is stored
    assert as_pixels(virtual.data).shape == (240, 240, 3)


def test_missing_levels_are_added_in_the_background(studio: Studio, image: str) -> None:
    studio.convert(image)
    studio.render(image)
    studio.fill(image)
    before = studio.get(f"{image}/", studio.member(image)).json
    studio.render(image)
    after = studio.get(f"{image}/", studio.member(image)).json

    kinds = [type(event) for event in studio.announced()]
    assert kinds == [PreviewReady, TilesReady, SlideViewable, PreviewReady, TilesReady, SlideComplete]
    complete = studio.announced()[-1]
    assert isinstance(complete, SlideComplete)
    assert complete.levels == 4
    assert before is not None
    assert after is not None
    assert (len(before["levels"]), len(after["levels"])) == (2, 4)


def test_a_slide_that_lacks_nothing_is_viewable_and_complete_at_once(studio: Studio, decoded: str) -> None:
    studio.convert(decoded)
    (product,) = products(studio, decoded)
    studio.render(decoded)

    assert [type(event) for event in studio.announced()] == AT_ONCE
    viewable, complete = studio.announced()[-2:]
    assert isinstance(viewable, SlideViewable)
    assert isinstance(complete, SlideComplete)
    assert viewable.file == complete.file
    assert complete.file.key == product
    assert not studio.lacks_levels(decoded)
    assert progress_of(studio, decoded) == {"stage": "complete", "done": 1, "reason": ""}


def test_a_worker_that_dies_before_it_is_done_with_such_a_slide_changes_nothing_for_those_who_hear(
    studio: Studio, decoded: str
) -> None:
    clock = StoppedClock()
    studio.convert_but_die(decoded)
    studio.render(decoded)
    studio.convert(decoded)

    assert [type(event) for event in studio.announced()] == AT_ONCE
    complete = studio.announced()[-1]
    assert isinstance(complete, SlideComplete)
    assert studio.job(decoded).job.state is JobState.DONE
    assert len(products(studio, decoded)) == 2
    studio.hear(complete, clock=clock)
    clock.advance(DAY_S)
    assert len(list(studio.superseding(clock).sweep(False))) == 1
    assert products(studio, decoded) == [complete.file.key]


@pytest.mark.parametrize("ending", ["converted", "given up", "deleted"])
def test_a_word_that_comes_before_the_worker_is_done_waits_for_its_end_whatever_that_is(
    studio: Studio, decoded: str, ending: str
) -> None:
    studio.convert_but_die(decoded)
    studio.render(decoded)
    complete = studio.announced()[-1]
    assert isinstance(complete, SlideComplete)
    with pytest.raises(Unavailable):  # so the bus will bring it again
        studio.hear(complete)

    match ending:
        case "converted":
            studio.convert(decoded)
        case "given up":
            give_up(studio, decoded)
        case "deleted":
            studio.hear(ImageDeleted(image=decoded))

    studio.hear(complete)


def give_up(studio: Studio, image: str) -> None:
    """Have one worker after the other die of a conversion, until it is not tried any more."""
    work = slide_work_over(studio.service.documents)
    clock, policy = StoppedClock(), JobPolicy()
    claims = Claims(work.conversions, work.converting, owner="mortal", policy=policy, clock=clock)
    for _ in range(policy.max_attempts + 1):
        clock.advance(36_500 * DAY_S)  # beyond every lease and pause, of today's attempts too
        claims.claim(image)
    assert work.conversions.require(image).job.state is JobState.FAILED


def test_another_attempt_at_rendering_such_a_slide_announces_it_once(studio: Studio, decoded: str) -> None:
    studio.convert(decoded)
    jobs = jobs_of(studio.service.documents)
    claims = Claims(jobs, rendering_handler(), owner="mortal", policy=JobPolicy(), clock=SystemClock())
    claimed = claims.claim(decoded)
    assert claimed is not None
    claims.give_back(claimed, "The worker died.")

    studio.render(decoded)

    assert [type(event) for event in studio.announced()] == AT_ONCE


def test_a_lost_preview_of_such_a_slide_does_not_make_it_viewable_again(studio: Studio, decoded: str) -> None:
    studio.convert(decoded)
    studio.render(decoded)
    preview = studio.job(decoded).preview
    assert preview is not None

    jobs_of(studio.service.documents).change(
        decoded, lambda job: job.make_again(preview.key, SystemClock().now())
    )
    studio.render(decoded)

    assert [type(event) for event in studio.announced()].count(SlideViewable) == 1


def test_a_plain_pyramid_need_not_say_how_large_a_pixel_is(studio: Studio, folder: Path) -> None:
    slide = slide_files.plain_slide(folder / "slide.tif", says_size=False)
    image = studio.import_slide(folder, name="slide.tif")

    complete = completed(studio, image)

    assert (complete.width, complete.height, complete.levels) == (1100, 700, 4)
    assert (complete.voxel_width_mm, complete.voxel_height_mm) == (None, None)
    stored = studio.images.read(complete.file.key)
    assert not [private for private in slide.private if private in stored]


def test_tiles_stay_readable_while_the_complete_slide_waits_to_be_indexed(studio: Studio, image: str) -> None:
    token = studio.member(image)
    studio.convert(image)
    studio.render(image)
    first = studio.get(f"{image}/2/0/0.jpeg", token).data

    studio.fill(image)

    assert studio.job(image).job.state is JobState.QUEUED
    assert studio.get(f"{image}/2/0/0.jpeg", token).data == first


def test_adding_levels_leaves_the_slide_that_people_look_at_as_it_is(studio: Studio, image: str) -> None:
    studio.convert(image)
    (viewable,) = products(studio, image)
    before = studio.images.read(viewable)

    studio.fill(image)

    assert len(products(studio, image)) == 2
    assert studio.images.read(viewable) == before


def test_the_product_that_was_replaced_stays_a_day_for_those_who_still_read_it(
    studio: Studio, image: str
) -> None:
    clock = StoppedClock()
    studio.convert(image)
    studio.render(image)
    (replaced,) = products(studio, image)
    before = studio.get(f"{image}/pass", studio.member(image)).json
    assert before is not None
    studio.fill(image)
    studio.render(image)
    complete = studio.announced()[-1]
    assert isinstance(complete, SlideComplete)

    studio.hear(complete, clock=clock)
    sweep = studio.superseding(clock).sweep
    assert {leftover.stage for leftover in sweep(False)} == {Stage.WAITING}
    tile = studio.http.get(f"{before['tiles']}2/0/0.jpeg", headers={"X-Tile-Pass": before["pass"]})
    assert tile.status_code == 200

    clock.advance(DAY_S - 60)
    studio.hear(complete, clock=clock)  # once more, which prolongs nothing
    clock.advance(60)
    assert {leftover.stage for leftover in sweep(True)} == {Stage.DUE}
    assert len(products(studio, image)) == 2
    assert {(leftover.name, leftover.stage) for leftover in sweep(False)} == {
        (key, Stage.REMOVED) for key in (replaced, f"previews/{image}/1", f"indexes/{image}/1")
    }

    assert products(studio, image) == [complete.file.key]
    assert list(sweep(False)) == []
    assert studio.get(f"{image}/2/0/0.jpeg", studio.member(image)).status_code == 200


def test_what_was_replaced_goes_with_its_image(studio: Studio, image: str) -> None:
    clock = StoppedClock()
    completed(studio, image)
    studio.hear(ImageDeleted(image=image))

    clock.advance(7 * DAY_S)

    assert list(studio.superseding(clock).sweep(False)) == []
    assert products(studio, image) == []


def test_the_files_of_the_scanner_go_once_the_complete_slide_holds_the_same_pixels(
    studio: Studio, image: str
) -> None:
    completed(studio, image)

    assert originals(studio, image) == []
    assert studio.get(f"{image}/2/0/0.jpeg", studio.member(image)).status_code == 200


def test_they_stay_when_the_slide_had_to_be_encoded_anew(studio: Studio, folder: Path) -> None:
    slide_files.mirax_slide(folder / "slide.mrxs")
    image = studio.import_slide(folder, name="slide.mrxs")
    before = originals(studio, image)

    completed(studio, image)

    assert originals(studio, image) == before


def test_they_stay_when_the_slide_is_refused_for_its_focal_planes(studio: Studio, folder: Path) -> None:
    slide_files.ndpi_slide(folder / "slide.ndpi", planes_nm=(0, 2000))
    image = studio.import_slide(folder, name="slide.ndpi")

    studio.convert(image)

    failed = studio.announced()[-1]
    assert isinstance(failed, TilesFailed)
    assert "focal planes" in failed.reason
    assert len(originals(studio, image)) == 1


def test_they_stay_while_the_slide_is_not_complete(studio: Studio, image: str) -> None:
    studio.convert(image)
    studio.render(image)

    assert len(originals(studio, image)) == 1


def test_an_early_word_of_completion_deletes_nothing(studio: Studio, image: str) -> None:
    studio.convert(image)
    studio.render(image)
    studio.fill(image)
    studio.render(image)
    complete = studio.announced()[-1]
    assert isinstance(complete, SlideComplete)
    (other,) = [key for key in products(studio, image) if key != complete.file.key]
    studio.images.delete(other)

    studio.hear(complete)

    assert products(studio, image) == [complete.file.key]


def test_a_slide_announced_twice_is_converted_once(studio: Studio, folder: Path, image: str) -> None:
    studio.convert(image)

    with pytest.raises(NotClaimable):
        studio.convert(image)


def test_a_conversion_kept_twice_asks_for_nothing_more(studio: Studio, image: str) -> None:
    studio.convert(image)
    studio.render(image)
    state = studio.job(image)

    from tiler.bootstrap import slide_work_over

    work = slide_work_over(studio.service.documents)
    conversion = work.conversions.require(image)
    assert conversion.product is not None
    work.converting.keep(conversion, {"product": vars(conversion.product), "associated": []})

    assert studio.job(image) == state


def test_slides_with_companions_are_brought_together(studio: Studio, folder: Path) -> None:
    slide = slide_files.mirax_slide(folder / "slide.mrxs")
    image = studio.import_slide(folder, name="slide.mrxs")

    conversion = studio.convert(image)
    studio.render(image)

    assert conversion.product is not None
    assert (conversion.product.route, conversion.product.vendor) == ("decode", "mirax")
    preview = studio.get(f"{image}/preview.jpeg", studio.member(image))
    assert as_pixels(preview.data).shape == (512, 512, 3)
    assert np.abs(as_pixels(preview.data).mean(axis=(0, 1)) - slide.scene.mean(axis=(0, 1))).max() < 20
    assert index_of(studio, image).width == 988


def test_what_cannot_be_converted_is_announced_with_its_reason(studio: Studio, folder: Path) -> None:
    slide_files.leica_slide(folder / "slide.scn", areas=2)
    image = studio.import_slide(folder, name="slide.scn")

    conversion = studio.convert(image)

    assert conversion.job.state is JobState.FAILED
    (said,) = studio.announced()
    assert isinstance(said, TilesFailed)
    assert "2 scanned areas" in said.reason
    assert products(studio, image) == []


def test_no_byte_of_the_label_reaches_anything_that_is_served(studio: Studio, folder: Path) -> None:
    slide = slide_files.aperio_slide(folder / "slide.svs")
    image = studio.import_slide(folder)
    studio.convert(image)
    studio.render(image)
    studio.fill(image)
    studio.render(image)

    made = [studio.images.read(key) for key in products(studio, image)]
    made += [studio.media.read(blob.key) for blob in studio.media.list()]

    assert len(made) >= 4
    assert not [private for private in slide.private for body in made if private in body]
