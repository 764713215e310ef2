"""Gathers recognised files into candidates: the sets of files that may become an image together."""

import posixpath
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from ingest_worker.domain.files import SourceFile, natural_order, neighbour_name
from ingest_worker.domain.formats import Format, UnsupportedFormat
from ingest_worker.domain.refusals import Companion
from ingest_worker.domain.report import Rejection


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
        Names of files that mean nothing without this one.
    reason
        Why the file can be no image by itself, if that is already certain.
    """

    file: SourceFile
    format: Format | UnsupportedFormat | None = None
    series: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    companions: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True)
class Candidate:
    """Files that may become an image together; `files[0]` is the one that says how."""

    format: Format
    files: tuple[SourceFile, ...]


def gather(recognised: Sequence[Recognised]) -> tuple[list[Candidate], list[Rejection]]:
    """Return the candidates among the files, ordered by name, and the files that can belong to none.

    Every file ends up in at least one candidate or in exactly one rejection.
    """
    files = sorted(recognised, key=lambda one: natural_order(one.file.name))
    by_name = {one.file.name: one for one in files}
    headed = [one for one in files if isinstance(one.format, Format) and not one.reason]
    candidates: list[Candidate] = []
    rejections: dict[str, Rejection] = {}
    for one in headed:
        if one.references:
            _with_data_files(one, by_name, candidates, rejections)
        elif one.format is not Format.DICOM:
            candidates.append(Candidate(_format(one), (one.file,)))
    candidates.extend(_series(headed))
    used = {file.name for candidate in candidates for file in candidate.files}
    owners = _owners(files)
    for one in files:
        if one.file.name not in used and one.file.name not in rejections:
            rejections[one.file.name] = _turned_down(one, owners)
    return _without_companions(candidates, owners, rejections), _ordered(rejections)


def _format(one: Recognised) -> Format:
    assert isinstance(one.format, Format)
    return one.format


def _with_data_files(
    one: Recognised,
    by_name: dict[str, Recognised],
    candidates: list[Candidate],
    rejections: dict[str, Rejection],
) -> None:
    found: list[SourceFile] = []
    for reference in one.references:
        name = neighbour_name(one.file.name, reference)
        if name is None:
            reason = "The header names a pixel data file outside the upload, which is never followed."
        elif (data := _by_any_case(name, by_name)) is None:
            reason = f"The pixel data file named in the header, {posixpath.basename(name)}, was not uploaded with it."
        else:
            found.append(data.file)
            continue
        rejections[one.file.name] = Rejection(one.file.name, (reason,))
        return
    candidates.append(Candidate(_format(one), (one.file, *found)))


def _by_any_case(name: str, by_name: dict[str, Recognised]) -> Recognised | None:
    """Find a file as spelt, or else the only one that differs in case alone (headers written on Windows)."""
    if name in by_name:
        return by_name[name]
    similar = [one for other, one in by_name.items() if other.casefold() == name.casefold()]
    return similar[0] if len(similar) == 1 else None


def _series(headed: Sequence[Recognised]) -> list[Candidate]:
    members: dict[tuple[str, ...], list[SourceFile]] = defaultdict(list)
    for one in headed:
        if one.format is Format.DICOM:
            members[one.series or (one.file.name,)].append(one.file)
    return [Candidate(Format.DICOM, tuple(files)) for files in members.values()]


def _owners(files: Sequence[Recognised]) -> dict[str, Recognised]:
    """Return who each companion belongs to: named by a header, or in the folder named like a MIRAX slide."""
    owners: dict[str, Recognised] = {}
    slides = {
        posixpath.splitext(one.file.name)[0]: one for one in files if one.format is UnsupportedFormat.MIRAX
    }
    for one in files:
        for reference in one.companions:
            name = neighbour_name(one.file.name, reference)
            if name is not None and name != one.file.name:
                owners[name] = one
        if one.file.folder in slides:
            owners[one.file.name] = slides[one.file.folder]
    return owners


def _turned_down(one: Recognised, owners: dict[str, Recognised]) -> Rejection:
    owner = owners.get(one.file.name)
    if owner is not None and owner.format is not None:
        reason = Companion(owner.format.value, (owner.file.base_name,)).reason
    elif one.reason:
        reason = one.reason
    elif isinstance(one.format, UnsupportedFormat):
        reason = f"{one.format.value} are not supported yet."
    else:
        reason = _unknown(one.file)
    return Rejection(one.file.name, (reason,))


def _unknown(file: SourceFile) -> str:
    if posixpath.splitext(file.base_name)[1].lower() in {".raw", ".zraw"}:
        return "This looks like pixel data, but no header (.mhd or .nhdr) in the upload names it."
    return "The content is of no known image format."


def _without_companions(
    candidates: Sequence[Candidate], owners: dict[str, Recognised], rejections: dict[str, Rejection]
) -> list[Candidate]:
    """Leave out candidates made of companions alone, tiles of a slide, and those that are another one's pixels."""
    kept = []
    pixels = {file.name for candidate in candidates for file in candidate.files[1:] if _has_header(candidate)}
    for candidate in candidates:
        if candidate.files[0].name in pixels:
            continue
        if all(file.name in owners for file in candidate.files):
            for file in candidate.files:
                owner = owners[file.name]
                rejections[file.name] = _turned_down(Recognised(file), {file.name: owner})
        else:
            kept.append(candidate)
    return sorted(kept, key=lambda candidate: natural_order(candidate.files[0].name))


def _has_header(candidate: Candidate) -> bool:
    return candidate.format is not Format.DICOM


def _ordered(rejections: dict[str, Rejection]) -> list[Rejection]:
    return [rejections[name] for name in sorted(rejections, key=natural_order)]
