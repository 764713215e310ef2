"""The work itself, inside the import program: fetch the files, convert them, store what came of them."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from itertools import chain, count
from pathlib import Path
from typing import Any, Protocol

from archive_shared.blobs.port import BlobStore
from archive_shared.events import ImageDescription, ImageFile, OriginalFile, Slide
from archive_shared.identifiers import derived_id
from archive_shared.jobs.work_folders import work_folder
from ingest_worker.domain.deidentification import Deidentification
from ingest_worker.domain.files import SourceFile
from ingest_worker.domain.images import ColorSpace, ConvertedImage, ImageType, metadata_document
from ingest_worker.domain.report import ConversionReport, Rejection
from ingest_worker.domain.slides import FoundSlide, SlideFile
from ingest_worker.domain.work_disk import on_work_disk
from ingest_worker.use_cases.session_progress import ProgressListener, SessionProgress

LONGEST_NAME = 200  # uploads have shorter names; files inside archives may be called anything
LONGEST_REASON = 300
TRANSFERS = (
    4  # at a time, from and to the blob store: a series has hundreds of files, and each is a round trip
)
MOST_REASONS = 3
MOST_NOTES = 20
MOST_ANNOUNCED_SOURCES = 1000

WIRE_TYPE = {ImageType.MHA: "MHD", ImageType.TIFF: "TIFF"}  # the public API has always called MetaImages MHD


class Converter(Protocol):
    """Turns files into canonical ones; see `ingest_worker.conversion.convert`."""

    def __call__(
        self,
        files: list[SourceFile],
        output: Path,
        *,
        on_progress: ProgressListener,
        deidentification: Deidentification | None,
    ) -> ConversionReport: ...


@dataclass(frozen=True)
class SessionWork:
    """What one attempt at a session needs.

    Parameters
    ----------
    scratch
        Folder for files on their way; what an attempt that was killed left there is removed by the next one of whatever session.
    secret
        From which the keys of archives that de-identify are made.
    """

    uploads: BlobStore
    images: BlobStore
    convert: Converter
    scratch: Path
    secret: bytes = field(repr=False)

    def run(self, payload: Mapping[str, Any], on_progress: ProgressListener) -> dict[str, Any]:
        """Import the files of a session and return its images and refusals as JSON.

        Objects are stored under keys of this epoch, so an attempt that was fenced off disturbs nobody.
        """
        with on_work_disk(), work_folder(self.scratch, payload["session"], payload["epoch"]) as folder:
            (folder / "in").mkdir()
            (folder / "out").mkdir()
            with ThreadPoolExecutor(TRANSFERS) as transfers:
                told = SessionProgress(on_progress)
                fetched = transfers.map(partial(self._fetch, folder), count(), payload["files"])
                sources = told.fetching(fetched, [file["size_bytes"] for file in payload["files"]])
                report = self.convert(
                    sources, folder / "out", on_progress=told, deidentification=self._identity(payload)
                )
                store = partial(self._store, output=folder / "out", payload=payload)
                slides = (self._store_slide(slide, payload) for slide in report.slides)
                images = told.storing(chain(transfers.map(store, report.images), slides), _sizes(report))
        result = {"images": images, "rejected": [_shown(rejection) for rejection in report.rejected]}
        return {part: _storable(found) for part, found in result.items()}

    def _identity(self, payload: Mapping[str, Any]) -> Deidentification | None:
        if not payload["deidentify"]:
            return None
        return Deidentification.of(payload["archive"] or payload["session"], secret=self.secret)

    def _identifier(self, key: str, payload: Mapping[str, Any]) -> str:
        """Return the identifier that an image has after every attempt at its session.

        Keys are digests of names of files. Everybody could try names until one fits, such as all numbers of patients, so
        where names are hidden our own key goes in as well.
        """
        identity = self._identity(payload)
        return derived_id("image", payload["session"], identity.uid(key) if identity else key)

    def _fetch(self, folder: Path, number: int, file: Mapping[str, Any]) -> SourceFile:
        path = folder / "in" / str(number)  # what people call files is never used as a path
        self.uploads.download_to(file["key"], path)
        return SourceFile(file["name"], path)

    def _store(self, image: ConvertedImage, output: Path, payload: Mapping[str, Any]) -> dict[str, Any]:
        identifier = self._identifier(image.key, payload)
        stored = self._store_file(image, output / image.file, f"{identifier}/{payload['epoch']}", identifier)
        return {
            "id": identifier,
            "name": image.name,
            **_sources([source.name for source in image.sources], hidden=payload["deidentify"]),
            "sources_sha256": _digest([source.sha256 for source in image.sources]),
            "removed": list(image.removed),
            "notes": [note[:LONGEST_REASON] for note in image.notes[:MOST_NOTES]],
            "pixels_sha256": image.pixels_sha256,
            "files": [asdict(stored)],
            "description": asdict(_description(image)),
            "slide": None,
        }

    def _store_slide(self, slide: FoundSlide, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Store a slide as it came, under one prefix."""
        identifier = self._identifier(slide.key, payload)
        prefix = f"{identifier}/{payload['epoch']}/slide"
        hidden = payload["deidentify"]
        files = [self._store_original(file, f"{prefix}/{number}") for number, file in enumerate(slide.files)]
        names_key = self._hide_names(files, f"{prefix}/names") if hidden else ""
        return {
            "id": identifier,
            "name": slide.name,
            **_sources([file.source.name for file in slide.files], hidden=hidden),
            "sources_sha256": _digest([file.source.sha256 for file in slide.files]),
            "removed": list(slide.removed),
            "notes": [],
            "pixels_sha256": "",
            "files": [],
            # The tiler takes slides in colour only; of their size it tells itself.
            "description": asdict(
                ImageDescription(width=None, height=None, color_space=ColorSpace.RGB.value)
            ),
            "slide": asdict(
                Slide(
                    format=slide.format.value,
                    files=_numbered(files) if hidden else files,
                    keep_labels=payload["keep_labels"] and not hidden,
                    names_key=names_key,
                )
            ),
        }

    def _hide_names(self, files: Sequence[OriginalFile], key: str) -> str:
        """Store the names of a slide's files beside them, where nobody looks but its conversion, and return the key."""
        self.images.put(key, json.dumps([file.name for file in files]).encode())
        return key

    def _store_original(self, file: SlideFile, key: str) -> OriginalFile:
        self.images.take(key, file.path)
        return OriginalFile(
            name=file.name, key=key, size_bytes=file.source.size_bytes, sha256=file.source.sha256
        )

    def _store_file(self, image: ConvertedImage, path: Path, prefix: str, identifier: str) -> ImageFile:
        key = f"{prefix}/{identifier}{path.suffix}"
        # Storing waits for a disk or a network, so the digest comes for nothing; an open file stays, wherever it is moved.
        with path.open("rb") as content, ThreadPoolExecutor(1) as beside:
            digest = beside.submit(hashlib.file_digest, content, "sha256")
            info = self.images.take(key, path)
            sha256 = digest.result().hexdigest()
        return ImageFile(
            id=derived_id("file", identifier, image.type.value),
            type=WIRE_TYPE[image.type],
            name=f"{identifier}{path.suffix}",
            key=key,
            size_bytes=info.size_bytes,
            sha256=sha256,
        )


def _sizes(report: ConversionReport) -> list[int]:
    """Return how many bytes are stored of each image and of each slide."""
    of_slides = (sum(file.source.size_bytes for file in slide.files) for slide in report.slides)
    return [*(image.size_bytes for image in report.images), *of_slides]


def _sources(names: list[str], *, hidden: bool) -> dict[str, list[str]]:
    """Return the names of an image's files, for its uploader and for everybody, who need not learn a patient's name."""
    told = [name[:LONGEST_NAME] for name in names]
    first = told[:MOST_ANNOUNCED_SOURCES]
    return {
        "sources": told,
        "announced_sources": [f"file {count + 1}" for count in range(len(first))] if hidden else first,
    }


def _numbered(files: Sequence[OriginalFile]) -> list[OriginalFile]:
    return [replace(file, name=f"file {number}") for number, file in enumerate(files, start=1)]


def _digest(digests: list[str]) -> str:
    """Return the digest of one file, or that of the sorted digests of several."""
    if len(digests) == 1:
        return digests[0]
    return hashlib.sha256("".join(sorted(digests)).encode()).hexdigest()


def _shown(rejection: Rejection) -> dict[str, Any]:
    """Return a refusal as the report shows it, cut so that thousands of them fit into one document."""
    reasons = [reason[:LONGEST_REASON] for reason in rejection.reasons[:MOST_REASONS]]
    return {"file": rejection.file[:LONGEST_NAME], "reasons": reasons}


def _storable(found: Any) -> Any:
    """Return JSON without what no store can keep: files may carry NUL characters and half surrogate pairs in text."""
    if isinstance(found, str):
        return found.replace("\0", "").encode("utf-8", "replace").decode()
    if isinstance(found, dict):
        return {name: _storable(value) for name, value in found.items()}
    return [_storable(value) for value in found] if isinstance(found, list) else found


def _description(image: ConvertedImage) -> ImageDescription:
    return ImageDescription(**metadata_document(image.metadata))
