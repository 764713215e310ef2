"""Writes what readers yield, one image after another, and completes what is known about each."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

from ingest_worker.adapters.readers.conversion_input import ConversionInput
from ingest_worker.adapters.volumes import (
    PyramidReading,
    Reading,
    RefusedReading,
    VolumeReading,
    WiderSamplesNeeded,
)
from ingest_worker.adapters.writers.metaimage import write_volume
from ingest_worker.domain.images import ConvertedImage, ImageType, image_key
from ingest_worker.domain.naming import numbered
from ingest_worker.domain.refusals import Refused
from ingest_worker.domain.report import Rejection
from ingest_worker.domain.segments import with_segments

OnProgress = Callable[[int], None]
Written: TypeAlias = tuple[ConvertedImage, list[str]]
"""An image, whose sources are known elsewhere, and their names."""


@dataclass(frozen=True)
class Writing:
    """Where the images of one candidate go, and how.

    Parameters
    ----------
    threads
        That compress at the same time.
    on_progress
        Told how much of the image in work is written, in thousandths.
    """

    given: ConversionInput
    threads: int
    on_progress: OnProgress

    def write_all(self, readings: Iterator[Reading]) -> tuple[list[Written], list[Rejection]]:
        """Write every image into the candidate's folder.

        A refusal in the middle of an image turns down that image's files only.
        """
        images: list[Written] = []
        rejections: list[Rejection] = []
        index = 0
        names: Counter[str] = Counter()
        try:
            for reading in readings:
                if isinstance(reading, RefusedReading):
                    rejections += _rejected(reading.files, reading.reason)
                    continue
                try:
                    name = numbered(reading.name, names[reading.name])
                    images.append(self._written(reading, index, name))
                except Refused as refusal:
                    rejections += _rejected(reading.files, refusal.reason)
                index += 1
                names[reading.name] += 1
        except Refused as refusal:
            rejections += _rejected(self.given.names, refusal.reason)
        return images, rejections

    def _written(self, reading: VolumeReading | PyramidReading, index: int, name: str) -> Written:
        image = _unwritten(reading, image_key(self.given.names, index), name)
        path = self.given.scratch / image.file
        try:
            image = self._in_its_form(reading, image, path)
        except Refused:
            path.unlink(missing_ok=True)
            raise
        used = set(reading.files)
        return image, [name for name in self.given.names if name in used]

    def _in_its_form(
        self, reading: VolumeReading | PyramidReading, image: ConvertedImage, path: Path
    ) -> ConvertedImage:
        if isinstance(reading, PyramidReading):
            return self._pyramid(reading, image, path)
        return self._volume(reading, image, path)

    def _volume(self, reading: VolumeReading, image: ConvertedImage, path: Path) -> ConvertedImage:
        """Write a volume; once more with wider samples when a value turns out not to fit."""
        volume, fields = reading.volume, reading.header_fields
        try:
            written = write_volume(
                volume, path, fields=fields, threads=self.threads, on_progress=self.on_progress
            )
        except WiderSamplesNeeded as needed:
            path.unlink()
            volume = needed.volume
            written = write_volume(
                volume, path, fields=fields, threads=self.threads, on_progress=self.on_progress
            )
        return replace(
            image,
            size_bytes=written.size_bytes,
            sample_type=volume.layout.sample_type,
            pixels_sha256=written.pixels_sha256,
            metadata=with_segments(reading.metadata, written.labels),
        )

    def _pyramid(self, reading: PyramidReading, image: ConvertedImage, path: Path) -> ConvertedImage:
        # libvips and tifffile cost a quarter of a second that volumes need not pay.
        from ingest_worker.adapters.writers.pyramid import write_pyramid  # noqa: PLC0415

        written = write_pyramid(reading, path, on_progress=self.on_progress)
        return replace(
            image,
            size_bytes=written.size_bytes,
            sample_type=reading.sample_type,
            pixels_sha256=written.pixels_sha256,
            metadata=written.metadata,
        )


def _unwritten(reading: VolumeReading | PyramidReading, key: str, name: str) -> ConvertedImage:
    """Return what is known of an image before its pixels are."""
    kind = ImageType.TIFF if isinstance(reading, PyramidReading) else ImageType.MHA
    return ConvertedImage(
        key=key,
        name=name,
        file=f"{key}.{'tif' if kind is ImageType.TIFF else 'mha'}",
        type=kind,
        size_bytes=0,
        sample_type="",
        pixels_sha256="",
        sources=(),
        metadata=reading.metadata,
        notes=reading.notes,
        removed=reading.removed,
    )


def _rejected(files: tuple[str, ...], reason: str) -> list[Rejection]:
    return [Rejection(file, (reason,)) for file in files]
