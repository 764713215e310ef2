"""Turns a scanner's files into a canonical slide; called by the command and by the worker's program."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from tiler.adapters.slides.copying import copy_slide, require_whole_tiles
from tiler.adapters.slides.planning import plan_slide
from tiler.adapters.slides.product import Written
from tiler.domain.jpeg_stream import ForeignSegment
from tiler.domain.region import Region
from tiler.domain.slide import CopyPlan, DecodePlan, JoinPlan, Route, SlidePlan, Vendor
from tiler.domain.slide_files import SlideFiles

Progress = Callable[[int], None]


class Converted(NamedTuple):
    """A canonical slide with the levels that its source has; of decoded ones, with all levels.

    Parameters
    ----------
    is_complete
        Whether certainly no level lacks.
    """

    route: Route
    vendor: Vendor
    sha256: str
    size_bytes: int
    levels: int
    is_complete: bool


def convert_slide(
    files: SlideFiles,
    target: Path,
    *,
    name: str,
    threads: int,
    on_progress: Progress,
    checksum: bool = True,
) -> Converted:
    """Write the canonical slide to a new file; `fill_levels` adds the levels its source lacks.

    Parameters
    ----------
    name
        What the slide is called; stands in the file.
    on_progress
        Told how much is done, in thousandths.
    checksum
        Whether a slide that may lack levels gets one, too; not needed where they are added right away.

    Raises
    ------
    UnreadableImage
        The files are no slide, damaged, hostile, or of a kind that is not supported; nothing is left behind.
    """
    plan = plan_slide(files)
    try:
        plan, written = _written(
            plan, files, target, name=name, threads=threads, on_progress=on_progress, checksum=checksum
        )
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    return Converted(
        plan.route,
        plan.facts.vendor,
        written.sha256,
        target.stat().st_size,
        written.levels,
        written.is_complete,
    )


def _written(
    plan: SlidePlan,
    files: SlideFiles,
    target: Path,
    *,
    name: str,
    threads: int,
    on_progress: Progress,
    checksum: bool,
) -> tuple[SlidePlan, Written]:
    try:
        if isinstance(plan, JoinPlan):
            from tiler.adapters.slides.joining import join_slide  # noqa: PLC0415 (copying at full speed loads what it needs)

            return plan, join_slide(plan, target, name=name, checksum=checksum, on_progress=on_progress)
        if isinstance(plan, CopyPlan):
            written = copy_slide(
                plan, target, name=name, threads=threads, checksum=checksum, on_progress=on_progress
            )
            return plan, written
    except ForeignSegment:
        target.unlink(missing_ok=True)
        plan = _decoded_instead(plan)
    from tiler.adapters.slides.decoding import decode_slide  # noqa: PLC0415 (OpenSlide and codecs; few slides need them)

    return plan, decode_slide(plan, files, target, name=name, threads=threads, on_progress=on_progress)


def _decoded_instead(plan: SlidePlan) -> DecodePlan:
    """Return how to make a slide without what its streams carry besides pixels."""
    level = plan.levels[0] if isinstance(plan, CopyPlan) else None
    if level is not None:
        require_whole_tiles(level)
    return DecodePlan(plan.facts, Region(0, 0, *plan.size), level)
