"""Slides without any service: convert one, describe one, read its tiles; what the command `tiler` and scripts call."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tiler.adapters.file_source import FileSource
from tiler.adapters.slides.conversion import convert_slide
from tiler.adapters.slides.local_files import LocalFiles
from tiler.adapters.slides.planning import plan_slide
from tiler.domain.problems import UnreadableImage
from tiler.domain.slide import CopyPlan, JoinPlan, SlidePlan
from tiler.domain.tile_index import TileIndex

Progress = Callable[[str, int], None]
"""Told which of "copying" and "adding levels" goes on, and how much of it is done, in thousandths."""


@dataclass(frozen=True)
class ConvertedSlide:
    """A canonical slide on disk.

    Parameters
    ----------
    route
        How its pixels got there: "copy" and "join" leave them as they are, "decode" does not.
    damaged_tiles
        Tiles that could not be read; they are white in levels that were added.
    """

    path: Path
    vendor: str
    route: str
    levels: int
    size_bytes: int
    sha256: str
    damaged_tiles: int


def convert(
    source: Path, target: Path, *, threads: int | None = None, on_progress: Progress
) -> ConvertedSlide:
    """Convert a slide into a new file with all levels.

    Raises
    ------
    UnreadableImage
        The file is no slide, damaged, hostile, or of a kind that is not supported; nothing is left behind.
    FileExistsError
        There is a target already.
    """
    workers = threads or os.cpu_count() or 1
    with LocalFiles(source) as files:
        converted = convert_slide(
            files,
            target,
            name=source.name,
            threads=workers,
            on_progress=lambda done: on_progress("copying", done),
        )
    from tiler.adapters.slides.filling import fill_levels  # noqa: PLC0415 (codecs; copying needs none)

    filled = fill_levels(target, threads=workers, on_progress=lambda done: on_progress("adding levels", done))
    return ConvertedSlide(
        path=target,
        vendor=converted.vendor.value,
        route=converted.route.value,
        levels=filled.levels,
        size_bytes=filled.size_bytes,
        sha256=filled.sha256,
        damaged_tiles=filled.damaged_tiles,
    )


def describe(source: Path) -> dict[str, object]:
    """Return what is known of a slide before it is converted, and how it would be; errors as for `convert`."""
    with LocalFiles(source) as files:
        plan = plan_slide(files)
    facts = plan.facts
    return {
        "vendor": facts.vendor.value,
        "route": plan.route.value,
        "width": plan.size[0] or None,
        "height": plan.size[1] or None,
        "pixel_width_um": facts.pixel_width_um,
        "pixel_height_um": facts.pixel_height_um,
        "magnification": facts.magnification,
        "icc_profile_bytes": len(facts.icc_profile),
        "levels": _levels(plan),
    }


def _levels(plan: SlidePlan) -> list[dict[str, int]]:
    if isinstance(plan, CopyPlan):
        return [{"width": one.level.width, "height": one.level.height} for one in plan.levels]
    if isinstance(plan, JoinPlan):
        return [{"width": one.width, "height": one.height} for one in plan.levels]
    return []


def servable(path: Path) -> tuple[FileSource, TileIndex] | None:
    """Return a file whose tiles can be served as it is, with its index; None when it has to be converted first."""
    from tiler.adapters.tiff_index import build_index  # noqa: PLC0415 (numpy; converting by copying needs none)

    source = FileSource(path)
    try:
        return source, build_index(source)
    except UnreadableImage:
        source.close()
        return None
