"""Converts slides in tests, and reads what came of them with libraries that know nothing of us."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import openslide
import pytest
from numpy.typing import NDArray

from tiler.adapters.file_source import FileSource
from tiler.adapters.slides.conversion import Converted, convert_slide
from tiler.adapters.slides.filling import Filled, fill_levels
from tiler.adapters.slides.local_files import LocalFiles
from tiler.adapters.tiff_directory import read_pages
from tiler.adapters.tile_bytes import read_stored
from tiler.domain.problems import UnreadableImage


def convert(source: Path, target: Path, *, name: str = "slide") -> Converted:
    """Convert without adding levels."""
    with LocalFiles(source) as files:
        return convert_slide(files, target, name=name, threads=2, on_progress=lambda _: None)


def refusal(path: Path) -> str:
    """Return why a slide cannot be converted; nothing is left behind."""
    target = path.with_name("product.tif")
    with pytest.raises(UnreadableImage) as refused:
        convert(path, target)
    assert not target.exists()
    return refused.value.reason


def fill(target: Path) -> Filled:
    return fill_levels(target, threads=2, on_progress=lambda _: None)


@dataclass(frozen=True)
class Seen:
    """A slide as OpenSlide sees it.

    Parameters
    ----------
    pixels
        Of what was scanned, shape (rows, columns, 3).
    is_scanned
        Where they are no gap between photographs; shape (rows, columns).
    """

    vendor: str
    pixels: NDArray[np.uint8]
    is_scanned: NDArray[np.bool_]
    levels: tuple[tuple[int, int], ...]
    properties: dict[str, str]


def seen_by_openslide(path: Path) -> Seen:
    with openslide.OpenSlide(path) as slide:
        properties = dict(slide.properties)
        corner = [int(properties.get(f"openslide.bounds-{side}", 0)) for side in ("x", "y")]
        size = [
            int(properties.get(f"openslide.bounds-{name}", length))
            for name, length in zip(("width", "height"), slide.dimensions, strict=True)
        ]
        region = np.asarray(slide.read_region((corner[0], corner[1]), 0, (size[0], size[1])))
    opaque = region[..., 3:] / 255
    pixels = (region[..., :3] * opaque + 255 * (1 - opaque)).round().astype(np.uint8)
    is_scanned = region[..., 3] == 255
    return Seen(properties["openslide.vendor"], pixels, is_scanned, slide_levels(path), properties)


def slide_levels(path: Path) -> tuple[tuple[int, int], ...]:
    with openslide.OpenSlide(path) as slide:
        return tuple((int(width), int(height)) for width, height in slide.level_dimensions)


def stored_tiles(path: Path, page: int = 0) -> list[bytes]:
    """The compressed tiles of one page, row by row."""
    with FileSource(path) as source:
        level = read_pages(source)[page].as_level()
        return [
            read_stored(source, level.locate(column, row))
            for row in range(level.rows)
            for column in range(level.columns)
        ]
