"""Converts test inputs and reads results back with libraries that are not ours."""

import os
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from ingest_worker.adapters.checksums_of_files import sources_of
from ingest_worker.adapters.conversion_run import SLIDE
from ingest_worker.adapters.tasks import convert_candidate, file_document, look_at, recognised_from_document
from ingest_worker.domain.budget import Budget
from ingest_worker.domain.candidates import gather
from ingest_worker.domain.files import SourceFile
from ingest_worker.domain.formats import SlideFormat
from ingest_worker.domain.images import ConvertedImage
from ingest_worker.domain.report import ConversionReport, Rejection, merged, rejection_from_document

REAL_INPUTS = Path(os.environ.get("REAL_INPUTS") or Path(__file__).parents[3] / "shared" / "data") / "panimg"


@dataclass(frozen=True)
class ItkImage:
    """An image as ITK reads it."""

    pixels: NDArray[Any]
    size: tuple[int, ...]
    spacing: tuple[float, ...]
    origin: tuple[float, ...]
    direction: tuple[float, ...]

    @property
    def grid(self) -> tuple[float, ...]:
        return (*self.spacing, *self.origin, *self.direction)


def read_with_itk(path: Path) -> ItkImage:
    """Read any file ITK knows."""
    image: Any = sitk.ReadImage(str(path))
    return ItkImage(
        sitk.GetArrayFromImage(image),
        image.GetSize(),
        image.GetSpacing(),
        image.GetOrigin(),
        image.GetDirection(),
    )


def as_sources(files: list[Path] | dict[str, Path]) -> list[SourceFile]:
    """Return files under their base names, or under the names given."""
    named = files if isinstance(files, dict) else {path.name: path for path in files}
    return [SourceFile(name, path) for name, path in named.items()]


def convert_here(
    files: list[Path] | dict[str, Path], output: Path, *, budget: Budget | None = None
) -> ConversionReport:
    """Do what `ingest_worker.conversion.convert` does, in this process: milliseconds instead of a second, and debuggable."""
    allowed = budget or Budget()
    sources = as_sources(files)
    documents = [file_document(file) for file in sources]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydicom warns of what the tests make wrong on purpose
        looked = look_at({"files": documents}, budget=allowed, on_progress=_ignore)
        candidates, rejections = gather(list(map(recognised_from_document, sources, looked["recognised"])))
        images: list[ConvertedImage] = []
        known = {source.name: source for source in sources_of(sources)}
        for number, candidate in enumerate(one.without_tiler() for one in candidates):
            if isinstance(candidate.format, SlideFormat):
                rejections += [Rejection(file.name, (SLIDE,)) for file in candidate.files]
                continue
            folder = output / str(number)
            folder.mkdir(parents=True)
            arguments = {
                "format": candidate.format,
                "files": [file_document(file) for file in candidate.files],
                "folder": str(folder),
                "threads": 2,
            }
            converted = convert_candidate(arguments, budget=allowed, on_progress=_ignore)
            rejections += [rejection_from_document(document) for document in converted["rejections"]]
            for document in converted["images"]:
                image = ConvertedImage.from_document(document, known)
                (folder / image.file).rename(output / image.file)
                images.append(image)
    return ConversionReport(tuple(images), merged(rejections))


def _ignore(_: int) -> None:
    """Progress is tested elsewhere."""


def the_image(report: ConversionReport) -> ConvertedImage:
    """Return the only image of a report without rejections."""
    assert not report.rejected, report.rejected
    (image,) = report.images
    return image


def the_reason(report: ConversionReport) -> str:
    """Return the only reason of a report without images."""
    assert not report.images, [image.name for image in report.images]
    (reason,) = {reason for rejection in report.rejected for reason in rejection.reasons}
    return reason


def same_grid(one: ItkImage, other: ItkImage, *, tolerance: float = 0.0) -> bool:
    """Tell whether two images lie on the same grid."""
    return one.size == other.size and np.allclose(one.grid, other.grid, rtol=0, atol=tolerance)
