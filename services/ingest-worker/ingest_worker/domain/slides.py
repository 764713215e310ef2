"""Whole-slide images: recognised with everything that belongs to them, and handed on as they came."""

import posixpath
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ingest_worker.domain.files import Source, SourceFile
from ingest_worker.domain.formats import SlideFormat
from ingest_worker.domain.images import image_key


@dataclass(frozen=True)
class SlideFile:
    """One file of a slide.

    Parameters
    ----------
    name
        Where it lies beside the others: a relative path of plain names, as those that name it spell it.
    path
        Where its bytes are.
    """

    name: str
    path: Path
    source: Source


@dataclass(frozen=True)
class FoundSlide:
    """A slide with all its files; the first is the one to open.

    Parameters
    ----------
    key
        As for other images, see `ConvertedImage`.
    name
        For people.
    removed
        Names of what will not come along so that nobody can tell whose slide it is; empty unless that was asked for.
    """

    key: str
    name: str
    format: SlideFormat
    files: tuple[SlideFile, ...]
    removed: tuple[str, ...] = ()


def found_slide(kind: SlideFormat, files: Sequence[SourceFile], sources: Sequence[Source]) -> FoundSlide:
    """Return the slide these files are; `sources` describes them in the same order."""
    top = posixpath.commonpath([f"/{file.folder}" for file in files])
    return FoundSlide(
        key=image_key([file.name for file in files], 0),
        name=files[0].base_name,
        format=kind,
        files=tuple(
            SlideFile(posixpath.relpath(f"/{file.spelt or file.name}", top), file.path, source)
            for file, source in zip(files, sources, strict=True)
        ),
    )
