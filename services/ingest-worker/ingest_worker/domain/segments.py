"""When an image is a label map, and which labels it has (panimg's rules, with its former upper limit)."""

from collections.abc import Sequence
from dataclasses import replace

from ingest_worker.domain.images import ImageMetadata

MOST_SEGMENTS = 64


def with_segments(metadata: ImageMetadata, values: Sequence[int] | None) -> ImageMetadata:
    """Return the metadata with the segments an image of these distinct values has.

    Parameters
    ----------
    values
        All distinct values of an image with one channel of 8-bit integers; None for any other image, or when
        there are more than `MOST_SEGMENTS`.

    Notes
    -----
    A four-dimensional image of zeros and ones is one mask per segment: its fourth axis counts segments, not time.
    """
    if values is None:
        return metadata
    if metadata.timepoints is None:
        return replace(metadata, segments=tuple(values))
    if metadata.timepoints <= MOST_SEGMENTS and set(values) <= {0, 1}:
        return replace(metadata, segments=tuple(range(1, metadata.timepoints + 1)), timepoints=None)
    return metadata
