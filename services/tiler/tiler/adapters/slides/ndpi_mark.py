"""Tells Hamamatsu's NDPI from other TIFF files, so that what reads one is loaded for one only."""

from tiler.adapters.bounded_reader import BoundedReader
from tiler.adapters.tiff_tags import Dialect, read_tags
from tiler.domain.problems import UnreadableImage
from tiler.domain.ranged_source import RangedSource

NDPI = Dialect("<", big=False, wide=True)
_START_BYTES = 12
_FORMAT_FLAG = 65420


def is_ndpi(source: RangedSource) -> bool:
    """Whether the first directory, read as Hamamatsu writes it, says so."""
    if source.size_bytes < _START_BYTES or source.read(0, 4) != b"II*\0":
        return False
    try:
        tags, _ = read_tags(BoundedReader(source), NDPI, first_directory(source))
    except UnreadableImage:
        return False
    return _FORMAT_FLAG in tags


def first_directory(source: RangedSource) -> int:
    """Return where it begins."""
    return NDPI.pointer(source.read(4, _START_BYTES))
