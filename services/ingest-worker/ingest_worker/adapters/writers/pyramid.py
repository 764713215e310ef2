"""Writes tiled pyramidal TIFF: keeps the tiles of a file that is one already, or tiles a picture without losing a bit of it."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyvips
from tifffile import TiffFile

from archive_shared.colour_profile import without_origin
from ingest_worker.adapters.readers.tiff_page import READING_ERRORS
from ingest_worker.adapters.refused_by_system import refusal_behind
from ingest_worker.adapters.volumes import PyramidReading
from ingest_worker.adapters.writers.kept_pyramid import keep_pyramid
from ingest_worker.domain.images import ColorSpace, ImageMetadata
from ingest_worker.domain.refusals import Damaged, Refused

TILE_PIXELS = 256
STRIP_ROWS = 256
ORIENTATION = "orientation"
PROFILE = "icc-profile-data"
KEPT_METADATA = 1 << 3  # VIPS_FOREIGN_KEEP_ICC: EXIF, XMP and the like may name the patient
GRAY_AND_ALPHA = 2
OPAQUE = {"uchar": 255, "ushort": 65535}
COLOR_SPACES = {1: ColorSpace.GRAY, 3: ColorSpace.RGB, 4: ColorSpace.RGBA}


@dataclass(frozen=True)
class WrittenPyramid:
    """What is known about a pyramid after it was written."""

    size_bytes: int
    pixels_sha256: str
    metadata: ImageMetadata


def write_pyramid(
    reading: PyramidReading, path: Path, *, on_progress: Callable[[int], None]
) -> WrittenPyramid:
    """Write the canonical file and decode its full resolution once, so that no damaged tile goes unnoticed.

    Parameters
    ----------
    on_progress
        Told how much is done so far, in thousandths.

    Raises
    ------
    Refused
        The pixels cannot be decoded, or are of a colour model that cannot be imported.
    OSError
        The disk is full, or a limit is reached.
    """
    pyvips.cache_set_max(0)
    metadata = reading.metadata
    try:
        if not (reading.ready and keep_pyramid(reading.path, path)):
            metadata = _tile(reading, path)
        digest = _pixels_sha256(path, on_progress)
    except pyvips.Error as error:
        if refused := refusal_behind(error):
            raise refused from error
        raise Damaged(reading.name, "its pixels cannot be decoded to the end") from error
    except READING_ERRORS as error:
        raise Damaged(reading.name, "its TIFF directories cannot be read") from error
    return WrittenPyramid(path.stat().st_size, digest, metadata)


def _tile(reading: PyramidReading, path: Path) -> ImageMetadata:
    """Cut a picture into tiles and halve it until one is left, compressed without loss."""
    picture = _opened(reading.path)
    if picture.bands == GRAY_AND_ALPHA:
        picture = _as_gray_is_seen(picture, _opened(reading.path))
    picture = _in_known_colors(_upright(picture, path.with_suffix(".v")), reading.name)
    picture = _without_origin(picture)
    picture.tiffsave(
        str(path),
        tile=True,
        tile_width=TILE_PIXELS,
        tile_height=TILE_PIXELS,
        pyramid=True,
        bigtiff=True,
        compression="deflate",
        predictor="float" if picture.format in ("float", "double") else "horizontal",
        region_shrink="nearest" if reading.is_label_map else "mean",
        resunit="cm",
        xres=1 / (reading.metadata.voxel_width_mm or 1.0),
        yres=1 / (reading.metadata.voxel_height_mm or 1.0),
        keep=KEPT_METADATA,
    )
    with TiffFile(path) as tiff:
        levels = len(tiff.pages)
    return replace(reading.metadata, resolution_levels=levels, color_space=COLOR_SPACES[picture.bands])


def _opened(path: Path) -> pyvips.Image:
    return pyvips.Image.tiffload(str(path), access="sequential", fail_on="error")


def _as_gray_is_seen(picture: pyvips.Image, again: pyvips.Image) -> pyvips.Image:
    """Return gray with alpha as gray, or as RGBA if something of it is hidden.

    Parameters
    ----------
    again
        The same picture, to be decoded for the look.
    """
    gray = picture[0]
    if again[1].min() == OPAQUE[str(picture.format)]:
        return gray
    colored = gray.bandjoin(gray).bandjoin(picture)
    return colored.copy(interpretation="srgb" if picture.format == "uchar" else "rgb16")


def _upright(picture: pyvips.Image, scratch: Path) -> pyvips.Image:
    """Turn a picture as its orientation says; one that lies has to be decoded first, since rows become columns."""
    if picture.get_typeof(ORIENTATION) == 0 or picture.get(ORIENTATION) == 1:
        return picture
    picture.vipssave(str(scratch))
    decoded = pyvips.Image.vipsload(str(scratch))
    scratch.unlink()  # it stays readable as long as it is open
    return decoded.autorot()


def _in_known_colors(picture: pyvips.Image, name: str) -> pyvips.Image:
    if picture.interpretation == "cmyk":
        picture = picture.colourspace("rgb16" if picture.format == "ushort" else "srgb")
    if picture.bands not in COLOR_SPACES:
        raise Refused(f"The picture {name} has {picture.bands} values per pixel, which cannot be imported.")
    return picture


def _without_origin(picture: pyvips.Image) -> pyvips.Image:
    """Return a picture whose colour profile, if it has one, names no device."""
    if picture.get_typeof(PROFILE) == 0:
        return picture
    found: Any = picture.get(PROFILE)  # bytes, of which the stubs know nothing
    kept: Any = without_origin(found)
    unnamed = picture.copy()
    unnamed.remove(PROFILE)
    if kept:
        unnamed.set_type(pyvips.GValue.blob_type, PROFILE, kept)
    return unnamed


def _pixels_sha256(path: Path, on_progress: Callable[[int], None]) -> str:
    """Return the digest of the full resolution's samples, row by row."""
    picture = _opened(path)
    region = pyvips.Region.new(picture)
    digest = hashlib.sha256()
    for top in range(0, picture.height, STRIP_ROWS):
        digest.update(region.fetch(0, top, picture.width, min(STRIP_ROWS, picture.height - top)))
        on_progress(1000 * top // picture.height)
    return digest.hexdigest()
