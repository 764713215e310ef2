"""The files of a DICOM series: which of them are levels of the slide, and which are parts of the same level."""

import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import Any

import pydicom

from tiler.adapters.chained_source import ChainedSource
from tiler.domain.limits import MAX_DIRECTORY_BYTES
from tiler.domain.problems import UnreadableImage
from tiler.domain.ranged_source import RangedSource
from tiler.domain.slide_files import SlideFiles

_PREAMBLE = b"DICM"
_SLIDES = "1.2.840.10008.5.1.4.1.1.77.1.6"
_AT_ONCE_BYTES = 256 << 10

Tags = Any


@dataclass(frozen=True)
class DicomFile:
    """One file: its tags before the pixels, and where the pixels begin."""

    tags: Tags
    at: int
    source: RangedSource


@dataclass(frozen=True)
class DicomLevel:
    """A level of the slide; one file, unless somebody found that too large (PS3.3 C.7.6.16.2.2.4, concatenations).

    Parameters
    ----------
    parts
        In the order of their frames. Most tags are the same in all of them.
    shown
        Width and height of what it shows, if it is filled up to whole tiles.
    """

    parts: tuple[DicomFile, ...]
    shown: tuple[int, int] | None = None

    @property
    def tags(self) -> Tags:
        return self.parts[0].tags

    @property
    def size(self) -> tuple[int, int]:
        return self.shown or self.stored_size

    @property
    def stored_size(self) -> tuple[int, int]:
        return int(self.tags.TotalPixelMatrixColumns), int(self.tags.TotalPixelMatrixRows)

    @property
    def pixel_mm(self) -> tuple[float, float]:
        """Width and height of a pixel, 0 if not known; by the size of what frames show together if they do not say it."""
        whole_mm = (self.tags.get("ImagedVolumeWidth") or 0, self.tags.get("ImagedVolumeHeight") or 0)
        by_whole_mm = (float(whole_mm[0]) / self.stored_size[0], float(whole_mm[1]) / self.stored_size[1])
        return next(_spacings_mm(self.tags), by_whole_mm)

    @cached_property
    def source(self) -> RangedSource:
        """All parts, one after the other."""
        first, *others = (part.source for part in self.parts)
        return ChainedSource([first, *others]) if others else first

    @cached_property
    def starts(self) -> Sequence[int]:
        """Where in `source` each part begins."""
        return [*accumulate((part.source.size_bytes for part in self.parts[:-1]), initial=0)]


def _spacings_mm(tags: Tags) -> Iterator[tuple[float, float]]:
    """Yield width and height of a pixel as they are said for all frames, then for the first."""
    for name in ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"):
        for groups in (tags.get(name) or ())[:1]:
            for measures in groups.get("PixelMeasuresSequence") or ():
                if measures.get("PixelSpacing"):
                    down, across = map(float, measures.PixelSpacing)
                    yield across, down


def read_levels(files: SlideFiles) -> list[DicomLevel]:
    """Return the levels of the series that the main file belongs to, from large to small.

    Raises
    ------
    UnreadableImage
        The main file is no slide, the series has nothing but label and overview, or a part of a level lacks; or the full
        resolution shows the label, and what is left are smaller versions.
    """
    main = _read(files.open(files.main))
    if main is None or main.tags.get("SOPClassUID") != _SLIDES:
        raise UnreadableImage("The file is DICOM, but no whole-slide image.")
    volumes = list(_volumes(files, main.tags))
    levels = _put_together(file for file in volumes if not _shows_label(file.tags))
    if not levels:
        raise UnreadableImage("The slide has no image besides its label and overview.")
    levels.sort(key=lambda level: -level.size[0])
    left_out = (file.tags for file in volumes if _shows_label(file.tags))
    if any(int(tags.get("TotalPixelMatrixColumns") or 0) > levels[0].size[0] for tags in left_out):
        raise UnreadableImage("The largest image of the slide says that it shows the label.")
    return levels


def _volumes(files: SlideFiles, main: Tags) -> Iterator[DicomFile]:
    for name in files.names():
        if name == files.main or _may_be_dicom(name):
            found = _read(files.open(name))
            if found is not None and _is_volume(found.tags, main):
                yield found
            else:
                files.dismiss(name)


def _may_be_dicom(name: str) -> bool:
    """Many systems name files after their UID, which has dots."""
    _, dot, suffix = name.rpartition(".")
    return not dot or suffix.lower() in ("dcm", "dicom") or suffix.isdecimal()


def _is_volume(tags: Tags, main: Tags) -> bool:
    flavour = [str(value) for value in tags.get("ImageType", [])]
    is_sibling = tags.get("SeriesInstanceUID") == main.get("SeriesInstanceUID")
    return is_sibling and "VOLUME" in flavour[2:3]


def _shows_label(tags: Tags) -> bool:
    return bool(tags.get("SpecimenLabelInImage") == "YES")


def _put_together(volumes: Iterable[DicomFile]) -> list[DicomLevel]:
    levels: dict[str, list[DicomFile]] = {}
    for file in volumes:
        level = file.tags.get("ConcatenationUID") or file.tags.get("SOPInstanceUID")
        levels.setdefault(str(level), []).append(file)
    return [_in_order(parts) for parts in levels.values()]


def _in_order(parts: Sequence[DicomFile]) -> DicomLevel:
    """Sort the parts of a level, and make sure that none lacks."""
    if not parts[0].tags.get("ConcatenationUID"):
        if len(parts) > 1:
            raise UnreadableImage("Two files of the slide claim to be the same image.")
        return DicomLevel(tuple(parts))
    ordered = sorted(parts, key=lambda part: int(part.tags.InConcatenationNumber))
    total = int(ordered[0].tags.get("InConcatenationTotalNumber") or len(ordered))
    begins = accumulate((int(part.tags.NumberOfFrames) for part in ordered), initial=0)
    said = [
        (int(part.tags.InConcatenationNumber), int(part.tags.ConcatenationFrameOffsetNumber))
        for part in ordered
    ]
    if said != list(zip(range(1, total + 1), begins, strict=False)):
        raise UnreadableImage("A level of the slide is spread over several files, and some of them lack.")
    return DicomLevel(tuple(ordered))


def _read(source: RangedSource) -> DicomFile | None:
    """Return the header of a file; None when it is no DICOM."""
    stream = io.BufferedReader(_Stream(source), _AT_ONCE_BYTES)
    if stream.peek(132)[128:132] != _PREAMBLE:
        return None
    tags = pydicom.dcmread(stream, stop_before_pixels=True)
    return DicomFile(tags, stream.tell(), source)


class _Stream(io.RawIOBase):
    """A ranged source as a file that can only be read, within the budget of a header."""

    name = "slide"  # pydicom asks every buffered file for its name

    def __init__(self, source: RangedSource) -> None:
        self._source, self._at, self._left = source, 0, MAX_DIRECTORY_BYTES

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._source.size_bytes}[whence]
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: Any) -> int:
        end = min(self._at + len(buffer), self._source.size_bytes)
        body = self._source.read(self._at, end) if end > self._at else b""
        self._left -= len(body)
        if self._left < 0:
            raise UnreadableImage("The DICOM header of the slide is too large.")
        buffer[: len(body)] = body
        self._at += len(body)
        return len(body)
