"""What children do: unpack an archive, look at files, convert a candidate. Arguments and results are JSON values."""

import importlib
import shutil
from collections.abc import Callable
from dataclasses import asdict, replace
from functools import cache
from pathlib import Path
from typing import Any, Final

from ingest_worker.adapters.readers.conversion_input import ConversionInput
from ingest_worker.adapters.readers.dicom_alike import HeadersAlike
from ingest_worker.adapters.recognition import has_dicom_mark, head_of, recognise
from ingest_worker.adapters.unpacking import Allowance, unpack
from ingest_worker.domain.budget import Budget
from ingest_worker.domain.candidates import Recognised
from ingest_worker.domain.deidentification import Deidentification
from ingest_worker.domain.files import SourceFile
from ingest_worker.domain.formats import AnyFormat, Format, SlideFormat, UnsupportedFormat
from ingest_worker.domain.refusals import Refused

READERS: Final = {
    Format.META_IMAGE: "ingest_worker.adapters.readers.metaimage",
    Format.NIFTI: "ingest_worker.adapters.readers.nifti",
    Format.NRRD: "ingest_worker.adapters.readers.nrrd",
    Format.DICOM: "ingest_worker.adapters.readers.dicom",
    Format.TIFF: "ingest_worker.adapters.readers.tiff",
    Format.PNG: "ingest_worker.adapters.readers.raster",
    Format.JPEG: "ingest_worker.adapters.readers.raster",
    Format.TOPCON: "ingest_worker.adapters.readers.oct_topcon",
    Format.HEIDELBERG: "ingest_worker.adapters.readers.oct_heidelberg",
}
WRITING: Final = "ingest_worker.adapters.writing"
ANONYMOUS: Final = "ingest_worker.adapters.anonymous_readings"
ANONYMOUS_SLIDES: Final = "ingest_worker.adapters.anonymous_slides"
DICOM_HEADERS: Final = "ingest_worker.adapters.readers.dicom_headers"
TIFF_SLIDES: Final = "ingest_worker.adapters.readers.tiff_slides"

AT_ONCE: Final = "ingest_worker.adapters.at_once"

LIGHT: Final = (AT_ONCE, WRITING, DICOM_HEADERS, READERS[Format.DICOM], READERS[Format.PNG])
"""What children import that look at files, unpack, and convert DICOM and pictures."""

HEAVY: Final = (
    __name__,
    WRITING,
    READERS[Format.META_IMAGE],
    READERS[Format.NIFTI],
    READERS[Format.NRRD],
    READERS[Format.TIFF],
)
"""What all others import: ITK and libvips take a hundred megabytes, which a DICOM series need not pay."""

FORMATS: Final[dict[str | None, AnyFormat]] = {
    kind.value: kind for kinds in (Format, SlideFormat, UnsupportedFormat) for kind in kinds
}
"""All formats by what they are called; no two of them are called the same."""

OnProgress = Callable[[int], None]
_module = cache(importlib.import_module)  # hundreds of files ask for one


def preload_for(kind: Format) -> tuple[str, ...]:
    """Return what a child that converts this format should find imported."""
    return LIGHT if kind in (Format.DICOM, Format.PNG, Format.JPEG) else HEAVY


def file_document(file: SourceFile) -> list[str]:
    """Return a file as JSON values."""
    return [file.name, str(file.path), file.spelt]


def file_from_document(document: list[str]) -> SourceFile:
    """Read what `file_document` wrote."""
    name, path, spelt = document
    return SourceFile(name, Path(path), spelt)


def unpack_archive(arguments: dict[str, Any], *, budget: Budget, on_progress: OnProgress) -> dict[str, Any]:
    """Unpack one uploaded archive into a folder of its own; progress is told in thousandths."""
    archive = file_from_document(arguments["archive"])
    allowance = Allowance.of(budget, files_used=arguments["files_used"], bytes_used=arguments["bytes_used"])
    found = unpack(archive, _fresh(Path(arguments["target"])), allowance, on_progress=on_progress)
    return {
        "files": [file_document(file) for file in found.files],
        "archives": found.archives,
        "rejections": [asdict(rejection) for rejection in found.rejections],
        "files_used": budget.unpacked_files - allowance.files_left,
        "bytes_used": budget.unpacked_bytes - allowance.bytes_left,
    }


def look_at(arguments: dict[str, Any], *, budget: Budget, on_progress: OnProgress) -> dict[str, Any]:
    """Recognise files by content."""
    files = [file_from_document(document) for document in arguments["files"]]
    recognised, alike = [], HeadersAlike()
    for count, file in enumerate(files, start=1):
        recognised.append(recognised_document(recognised_file(file, budget, alike)))
        on_progress(count)
    return {"recognised": recognised}


def recognised_file(file: SourceFile, budget: Budget, alike: HeadersAlike) -> Recognised:
    """Say what a file is; `alike` has read the headers of those before."""
    head = head_of(file)
    if has_dicom_mark(head):  # most files by far
        return _in_series(file, head, alike)
    found = recognise(file, head, budget)
    if found.reason:
        return found
    if found.format is Format.TIFF:
        slide = _module(TIFF_SLIDES).slide_format(file)
        return replace(found, format=slide or Format.TIFF)
    return _in_series(file, head, alike) if found.format is Format.DICOM else found


def _in_series(file: SourceFile, head: bytes, alike: HeadersAlike) -> Recognised:
    try:
        member = _module(DICOM_HEADERS).series_member(file, head, alike)
    except Refused as refusal:
        return Recognised(file, Format.DICOM, reason=refusal.reason)
    kind = SlideFormat.DICOM if member.is_slide else Format.DICOM
    return Recognised(file, kind, series=member.series)


def recognised_document(found: Recognised) -> dict[str, Any]:
    """Return what was found of a file as JSON values."""
    return {
        "format": found.format,
        "series": found.series,
        "references": found.references,
        "companions": found.companions,
        "reason": found.reason,
    }


def recognised_from_document(file: SourceFile, document: dict[str, Any]) -> Recognised:
    """Read what `recognised_document` wrote of a file."""
    return Recognised(
        file=file,
        format=FORMATS.get(document["format"]),
        series=tuple(document["series"]),
        references=tuple(document["references"]),
        companions=tuple(document["companions"]),
        reason=document["reason"],
    )


def take_slide(arguments: dict[str, Any], *, budget: Budget, on_progress: OnProgress) -> dict[str, Any]:
    """Return which files of a slide are handed on as they are, and what will not come along."""
    files = tuple(file_from_document(document) for document in arguments["files"])
    told: dict[str, Any] = {"removed": [], "rejections": []}
    if arguments["key"]:
        module = _module(ANONYMOUS_SLIDES)
        chosen = module.without_identity(SlideFormat(arguments["format"]), files)
        files, told = chosen.files, chosen.to_document()
    return {"files": [file_document(file) for file in files], **told}


def convert_candidate(
    arguments: dict[str, Any], *, budget: Budget, on_progress: OnProgress
) -> dict[str, Any]:
    """Convert one candidate into images in the canonical form, in a folder of its own."""
    files = tuple(file_from_document(document) for document in arguments["files"])
    kind = Format(arguments["format"])
    return convert_files(
        kind, files, arguments, budget=budget, on_progress=on_progress, headers=HeadersAlike()
    )


def convert_files(
    kind: Format,
    files: tuple[SourceFile, ...],
    arguments: dict[str, Any],
    *,
    budget: Budget,
    on_progress: OnProgress,
    headers: HeadersAlike,
) -> dict[str, Any]:
    """Do so for files that are known; `headers` may have read theirs."""
    how = Deidentification(bytes.fromhex(arguments["key"])) if arguments.get("key") else None
    given = ConversionInput(files, budget, _fresh(Path(arguments["folder"])), how, headers)
    readings = _module(READERS[kind]).read(given)
    if how is not None:
        readings = _module(ANONYMOUS).without_identity(readings, how, given.names)
    writing = _module(WRITING).Writing(given, arguments["threads"], on_progress)
    images, rejections = writing.write_all(readings)
    return {
        "images": [image.to_document(source_names) for image, source_names in images],
        "rejections": [asdict(rejection) for rejection in rejections],
    }


def _fresh(folder: Path) -> Path:
    """Empty the folder, since an attempt before this one may have died in the middle of a file; a child cannot replace it."""
    folder.mkdir(exist_ok=True)
    for left in folder.iterdir():
        if left.is_dir() and not left.is_symlink():
            shutil.rmtree(left)
        else:
            left.unlink()
    return folder
