"""Puts the tiler's programs with the keys to the stores together; `reading_programs` those without, which read uploads for them."""

import sys
import tempfile
from functools import partial
from pathlib import Path

from archive_shared.blobs.platform import platform_blobs
from archive_shared.jobs.work_folders import remove_abandoned
from archive_shared.settings import PlatformSettings
from tiler.adapters.blob_source import BlobSource
from tiler.adapters.confinement.confined_reading import ConfinedReading
from tiler.adapters.slides.stored_files import StoredFiles
from tiler.domain.reading_limits import ReadingLimits
from tiler.use_cases.convert_slide import ConversionWork
from tiler.use_cases.fill_levels import FillingWork
from tiler.use_cases.reading import Reading
from tiler.use_cases.render_image import RenderingWork

_READING_PROGRAM = (sys.executable, "-P", "-m", "tiler.entrypoints.reading_program")


def confined_reading(kind: str, limits: ReadingLimits, *, warm: bool = True) -> ConfinedReading:
    """Return what has uploads read by processes without secrets, which have loaded what a kind of order needs."""
    return ConfinedReading((*_READING_PROGRAM, kind), limits, warm=warm)


def rendering_work(settings: PlatformSettings, reading: Reading) -> RenderingWork:
    """Return what the rendering program does."""
    return RenderingWork(
        open_source=partial(BlobSource, platform_blobs(settings, "images")),
        media=platform_blobs(settings, "media"),
        reading=reading,
        scratch=_scratch(),
    )


def conversion_work(settings: PlatformSettings, reading: Reading) -> ConversionWork:
    """Return what the conversion program does."""
    images = platform_blobs(settings, "images")
    return ConversionWork(
        open_files=partial(StoredFiles, images), images=images, reading=reading, scratch=_scratch()
    )


def filling_work(settings: PlatformSettings, reading: Reading) -> FillingWork:
    """Return what the filling program does."""
    return FillingWork(images=platform_blobs(settings, "images"), reading=reading, scratch=_scratch())


def _scratch() -> Path:
    """Return where files are while they are worked on, without those of attempts that were killed."""
    folder = Path(tempfile.gettempdir()) / "tiler-slides"
    remove_abandoned(folder)
    return folder
