"""Slides without any service: convert one, describe one, read its tiles; what the command `tiler` and scripts call."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from archive_shared.processors import usable_processors
from tiler.adapters.file_source import FileSource
from tiler.adapters.slides.conversion import convert_slide
from tiler.adapters.slides.local_files import LocalFiles
from tiler.adapters.slides.planning import plan_slide
from tiler.adapters.slides.tiff_vendors import is_placed_by_text
from tiler.adapters.tiff_directory import read_pages
from tiler.domain.problems import UnreadableImage
from tiler.domain.slide import CopyPlan, DecodePlan, JoinPlan, SlideFacts, SlidePlan
from tiler.domain.slide_traits import bounds_of
from tiler.domain.tile_index import TileIndex

Progress = Callable[[str, int], None]
"""Told which of "copying" and "adding levels" goes on, and how much of it is done, in thousandths."""


class ConvertedSlide(NamedTuple):
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
    # Codecs, and NumPy, with which copying looks at tiles in half the time.
    from tiler.adapters.slides.filling import fill_levels  # noqa: PLC0415

    workers = threads or usable_processors()
    with LocalFiles(source) as files:
        converted = convert_slide(
            files,
            target,
            name=source.name,
            threads=workers,
            on_progress=lambda done: on_progress("copying", done),
            checksum=False,
        )
    made = ConvertedSlide(
        path=target,
        vendor=converted.vendor.value,
        route=converted.route.value,
        levels=converted.levels,
        size_bytes=converted.size_bytes,
        sha256=converted.sha256,
        damaged_tiles=0,
    )
    if converted.is_complete:
        return made
    filled = fill_levels(target, threads=workers, on_progress=lambda done: on_progress("adding levels", done))
    return made._replace(**filled._asdict())


def describe(source: Path) -> dict[str, object]:
    """Return what is known of a slide before it is converted, and how it would be; errors as for `convert`.

    `levels` are those that the scanner stored, from large to small; of what it placed on a larger canvas, `bounds` tells where.
    """
    with LocalFiles(source) as files:
        plan = plan_slide(files)
        if isinstance(plan, DecodePlan) and plan.level is None:
            return _seen_by_openslide(plan, files.on_disk())
        return _described(plan, plan.facts, plan.size, _levels(plan))


def _seen_by_openslide(plan: DecodePlan, path: Path) -> dict[str, object]:
    """Describe a slide that only OpenSlide can put together, and knows the size of."""
    from tiler.adapters.slides.openslide_pixels import OpenSlidePixels  # noqa: PLC0415 (few slides need it)

    with OpenSlidePixels.open(path, plan.facts) as pixels:
        region = pixels.region
        levels = [
            (round(region.width / downsample), round(region.height / downsample))
            for downsample in pixels.slide.level_downsamples
        ]
        return _described(plan, pixels.facts, (region.width, region.height), levels)


def _described(
    plan: SlidePlan, facts: SlideFacts, size: tuple[int, int], levels: Sequence[tuple[int, int]]
) -> dict[str, object]:
    return {
        "vendor": facts.vendor.value,
        "route": plan.route.value,
        "width": size[0],
        "height": size[1],
        "pixel_width_um": facts.pixel_width_um,
        "pixel_height_um": facts.pixel_height_um,
        "magnification": facts.magnification,
        "background": "#{:02x}{:02x}{:02x}".format(*facts.background),
        "bounds": bounds_of(facts.origin_px, size),
        "icc_profile_bytes": len(facts.icc_profile),
        "levels": [{"width": width, "height": height} for width, height in levels],
    }


def _levels(plan: SlidePlan) -> list[tuple[int, int]]:
    if isinstance(plan, CopyPlan):
        return [(one.level.width, one.level.height) for one in plan.levels]
    if isinstance(plan, JoinPlan):
        return [(one.width, one.height) for one in plan.levels]
    return [plan.size]


def servable(path: Path) -> tuple[FileSource, TileIndex] | None:
    """Return a file whose tiles can be served as it is, with its index; None when it has to be converted first."""
    from tiler.adapters.tiff_index import build_index  # noqa: PLC0415 (numpy; converting by copying needs none)

    source = FileSource(path)
    try:
        if not is_placed_by_text(read_pages(source)):
            index = build_index(source)
            if not index.too_large_to_see_whole:
                return source, index
    except UnreadableImage:
        pass
    source.close()
    return None
