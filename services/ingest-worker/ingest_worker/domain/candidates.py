"""Gathers recognised files into candidates: the sets of files that may become an image together."""

import posixpath
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from archive_shared.file_names import as_called
from ingest_worker.domain.files import SourceFile, natural_order, neighbour_name
from ingest_worker.domain.formats import AnyFormat, Format, SlideFormat, UnsupportedFormat
from ingest_worker.domain.refusals import Companion
from ingest_worker.domain.report import Rejection

SERIES = (Format.DICOM, SlideFormat.DICOM)
PACKED = ".gz"
MIRAX_INDEX = "slidedat.ini"
MOST_FILES_OF_A_SLIDE = 2000
"""Scanners write some hundreds; one document and one event name them all."""
_MOST_REASONS = 5


@dataclass(frozen=True)
class Recognised:
    """What a first look at a file found.

    Parameters
    ----------
    format
        None when the content is unknown; such a file may still be another file's pixels.
    series
        What DICOM files of one series have in common.
    references
        Names of files this one cannot do without, as its header spells them.
    companions
        Names of files that mean nothing without this one, which can do without them.
    reason
        Why the file can be no image by itself, if that is already certain.
    """

    file: SourceFile
    format: AnyFormat | None = None
    series: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    companions: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True)
class Candidate:
    """Files that may become an image together; `files[0]` is the one that says how."""

    format: Format | SlideFormat
    files: tuple[SourceFile, ...]

    def without_tiler(self) -> "Candidate":
        """Return a slide in no vendor's format as the TIFF that it is, which can be kept here as well."""
        return replace(self, format=Format.TIFF) if self.format is SlideFormat.TIFF else self


def without_heaps(candidates: list[Candidate]) -> tuple[list[Candidate], list[Rejection]]:
    """Return the candidates that are no slides of more files than can be told of, and why the files of others are refused."""
    reason = f"This slide has more than {MOST_FILES_OF_A_SLIDE:,} files, which is not supported."
    heaps = [one for one in candidates if _is_heap(one)]
    refused = [Rejection(file.name, (reason,)) for heap in heaps for file in heap.files]
    return [one for one in candidates if not _is_heap(one)], refused


def gather(recognised: Sequence[Recognised]) -> tuple[list[Candidate], list[Rejection]]:
    """Return the candidates among the files, ordered by name, and the files that can belong to none.

    Every file ends up in at least one candidate or in exactly one rejection.
    """
    upload = _Upload(sorted(recognised, key=lambda one: natural_order(one.file.name)))
    found: list[Candidate] = []
    rejections: dict[str, Rejection] = {}
    for one in upload.headed:
        outcome = upload.candidate(one)
        if isinstance(outcome, Candidate):
            found.append(outcome)
        else:
            rejections[one.file.name] = outcome
    found += _series(upload.files)
    pixels = {file.name for candidate in found if _has_header(candidate) for file in candidate.files[1:]}
    candidates = [one for one in found if one.files[0].name not in pixels and not upload.is_owned(one)]
    used = {file.name for candidate in candidates for file in candidate.files}
    for one in upload.files:
        if one.file.name not in used and one.file.name not in rejections:
            rejections[one.file.name] = Rejection(one.file.name, (upload.reason_against(one),))
    ordered = sorted(candidates, key=lambda candidate: natural_order(candidate.files[0].name))
    return ordered, [rejections[name] for name in sorted(rejections, key=natural_order)]


def _series(files: Iterable[Recognised]) -> list[Candidate]:
    members: dict[tuple[object, ...], list[SourceFile]] = defaultdict(list)
    for one in files:
        if one.format in SERIES and not one.reason:
            members[one.format, *(one.series or (one.file.name,))].append(one.file)
    _join_without_study(members)
    return [
        Candidate(Format.DICOM if kind is Format.DICOM else SlideFormat.DICOM, tuple(files))
        for (kind, *_), files in members.items()
    ]


def _join_without_study(members: dict[tuple[object, ...], list[SourceFile]]) -> None:
    """Add files that do not name their study to the only other ones of their series, whose identifier is unique."""
    named: dict[tuple[object, ...], list[tuple[object, ...]]] = defaultdict(list)
    for key in members:
        if key[1]:
            named[key[0], *key[2:]].append(key)
    for silent in [key for key in members if not key[1]]:
        others = named[silent[0], *silent[2:]]
        if len(others) == 1:
            joined = members[others[0]] + members.pop(silent)
            members[others[0]] = sorted(joined, key=lambda file: natural_order(file.name))


class _Upload:
    """All files of one upload, and who belongs to whom by their names."""

    def __init__(self, files: list[Recognised]) -> None:
        self.files = files
        self._by_name = {one.file.name: one for one in files}
        self._called_alike: dict[str, list[Recognised]] = defaultdict(list)
        for name, one in self._by_name.items():
            self._called_alike[as_called(name)].append(one)
        self._owners = self._find_owners()
        self._owned: dict[str, list[SourceFile]] = defaultdict(list)
        for name, owner in self._owners.items():
            self._owned[owner.file.name].append(self._by_name[name].file)

    @property
    def headed(self) -> list[Recognised]:
        """Return the files that say of themselves what image they are; series are told by what they share."""
        return [
            one
            for one in self.files
            if isinstance(one.format, Format | SlideFormat) and one.format not in SERIES and not one.reason
        ]

    def candidate(self, one: Recognised) -> Candidate | Rejection:
        """Return a headed file with everything that belongs to it, or why that is not complete."""
        assert isinstance(one.format, Format | SlideFormat)
        data = [self._neighbour(one, reference) for reference in one.references]
        lacking = tuple(reason for reason in data if isinstance(reason, str))
        if lacking:
            return Rejection(one.file.name, _the_first(lacking))
        found = [file for file in data if isinstance(file, SourceFile)]
        if isinstance(one.format, SlideFormat):
            spelt = self._parts(one)
            found = [
                replace(file, spelt=spelt.get(file.name, ""))
                for file in dict.fromkeys([*found, *self._owned.get(one.file.name, [])])
            ]
            if one.format is SlideFormat.MIRAX and not any(_is_mirax_index(file) for file in found):
                return Rejection(one.file.name, (_without_folder(one.file),))
        return Candidate(one.format, (one.file, *found))

    def is_owned(self, candidate: Candidate) -> bool:
        """Tell whether a candidate is made of parts of a slide alone."""
        return all(file.name in self._owners for file in candidate.files)

    def reason_against(self, one: Recognised) -> str:
        """Return why a file became part of no candidate."""
        owner = self._owners.get(one.file.name)
        if owner is not None:
            return Companion(owner.file.base_name).reason
        if one.reason:
            return one.reason
        if isinstance(one.format, UnsupportedFormat):
            return f"{one.format.value} are not supported yet."
        header = self._by_any_case(posixpath.splitext(one.file.name)[0] + ".hdr")
        if header is not None and header.format is UnsupportedFormat.ANALYZE:
            return self.reason_against(header)
        return _unknown(one.file)

    def _neighbour(self, one: Recognised, reference: str) -> SourceFile | str:
        """Return the file a header names, or the sentence that says why there is none."""
        name = neighbour_name(one.file.name, reference)
        if name is None:
            return "The header names a pixel data file outside the upload, which is never followed."
        data = self._by_any_case(name)
        if data is None and one.format is Format.NIFTI:
            data = self._by_any_case(_packed_otherwise(name))
        if data is None:
            return f"The pixel data file named in the header, {posixpath.basename(name)}, was not uploaded with it."
        return data.file

    def _by_any_case(self, name: str) -> Recognised | None:
        """Find a file as spelt, or else the only one called alike (headers written on Windows, names kept by macOS)."""
        if name in self._by_name:
            return self._by_name[name]
        similar = self._called_alike.get(as_called(name), [])
        return similar[0] if len(similar) == 1 else None

    def _find_owners(self) -> dict[str, Recognised]:
        """Return who each part of a slide belongs to: named by a header, or in the folder named like a MIRAX slide."""
        owners: dict[str, Recognised] = {}
        slides = {
            posixpath.splitext(one.file.name)[0]: one for one in self.files if one.format is SlideFormat.MIRAX
        }
        for one in self.files:
            if isinstance(one.format, SlideFormat):
                owners |= dict.fromkeys(self._parts(one), one)
            if one.file.folder in slides:
                owners[one.file.name] = slides[one.file.folder]
        return owners

    def _parts(self, one: Recognised) -> dict[str, str]:
        """Return the names of the files that a header names, and how it spells them."""
        names = [neighbour_name(one.file.name, reference) for reference in (*one.references, *one.companions)]
        found = [(self._by_any_case(name), name) for name in names if name is not None]
        return {part.file.name: name for part, name in found if part is not None and part is not one}


def _packed_otherwise(name: str) -> str:
    """Return what the pixels of a NIfTI pair are called if only one of its two files is packed."""
    return name.removesuffix(PACKED) if name.endswith(PACKED) else name + PACKED


def _is_heap(candidate: Candidate) -> bool:
    return isinstance(candidate.format, SlideFormat) and len(candidate.files) > MOST_FILES_OF_A_SLIDE


def _the_first(lacking: tuple[str, ...]) -> tuple[str, ...]:
    """Return why files are not there, as far as people read that."""
    left = len(lacking) - _MOST_REASONS
    return (*lacking[:_MOST_REASONS], f"So it is with {left} more.") if left > 0 else lacking


def _is_mirax_index(file: SourceFile) -> bool:
    return file.base_name.lower() == MIRAX_INDEX


def _without_folder(file: SourceFile) -> str:
    folder = posixpath.splitext(file.base_name)[0]
    return f"The pixels of this slide lie in a folder named {folder}; send the file and the folder in one zip archive."


def _unknown(file: SourceFile) -> str:
    if posixpath.splitext(file.base_name)[1].lower() in {".raw", ".zraw", ".img"}:
        return "This looks like pixel data, but no header (.mhd, .nhdr or .hdr) in the upload names it."
    return "The content is of no known image format."


def _has_header(candidate: Candidate) -> bool:
    return candidate.format not in SERIES
