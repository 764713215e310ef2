"""Puts de-identification between readers and writers, where no pixel and no header is written yet."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

from ingest_worker.adapters.volumes import PyramidReading, Reading, RefusedReading, VolumeReading
from ingest_worker.domain.deidentification import BURNED_IN, Deidentification, removed, told_fields
from ingest_worker.domain.images import image_key

Image = TypeVar("Image", VolumeReading, PyramidReading)


def without_identity(
    readings: Iterator[Reading], how: Deidentification, files: Sequence[str]
) -> Iterator[Reading]:
    """Yield readings that carry nothing of whose they are; those with writing in their pixels are refused.

    Parameters
    ----------
    files
        Names of all files they were made from: the remarks about one may name another.
    """
    for reading in readings:
        if isinstance(reading, RefusedReading):
            yield reading
        elif reading.burned_in:
            yield RefusedReading(reading.files, BURNED_IN)
        elif isinstance(reading, VolumeReading):
            kept = how.header_fields(reading.header_fields)
            dropped = set(reading.header_fields) - set(kept)
            yield replace(_anonymous(reading, how, dropped, files), header_fields=kept)
        else:
            # Copied as it is, a TIFF would keep its descriptions and whatever else is in its directories.
            yield replace(_anonymous(reading, how, {"other TIFF tags"}, files), ready=False)


def _anonymous(reading: Image, how: Deidentification, dropped: set[str], files: Sequence[str]) -> Image:
    gone: tuple[str, ...] = (
        removed(reading.attributes) if reading.attributes else told_fields(reading.metadata)
    )
    metadata = how.metadata(reading.metadata)
    if metadata.modality != reading.metadata.modality:
        dropped = {*dropped, "Modality"}
    return replace(
        reading,
        name=how.name(reading.metadata.series_instance_uid or image_key(reading.files, 0)),
        metadata=metadata,
        notes=how.notes(reading.notes, files),
        removed=tuple(sorted({*gone, *dropped})),
    )
