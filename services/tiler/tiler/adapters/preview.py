"""One small picture of any canonical image; called by the worker after an image has arrived."""

from tiler.adapters.bounded_reader import read_exactly
from tiler.adapters.metaimage_header import is_metaimage
from tiler.adapters.overview import read_overview, with_overview
from tiler.adapters.slide_preview import preview_of_overview, slide_preview, smallest_enough
from tiler.adapters.tiff_directory import is_tiff
from tiler.adapters.tiff_index import build_index
from tiler.adapters.volume_preview import volume_preview
from tiler.domain.picture import Picture
from tiler.domain.problems import UnreadableImage
from tiler.domain.ranged_source import RangedSource
from tiler.domain.tile_index import TileIndex

_PREVIEW_PX = 512
_SIGNATURE_BYTES = 256


def preview(source: RangedSource) -> Picture:
    """Return a picture of at most 512 pixels along its longer side; the content decides how it is made.

    Raises
    ------
    UnreadableImage
        Neither TIFF nor MetaImage, damaged, hostile, or of a kind that is not supported.
    """
    start = read_exactly(source, 0, min(_SIGNATURE_BYTES, source.size_bytes))
    if is_tiff(start):
        return slide_preview(source, longest_px=_PREVIEW_PX)
    if is_metaimage(start):
        return volume_preview(source, longest_px=_PREVIEW_PX)
    raise UnreadableImage("The file is neither a TIFF nor a MetaImage.")


def preview_and_index(source: RangedSource) -> tuple[Picture, TileIndex]:
    """Return the preview of a pyramid, and its index with what coarse views are made from while it lacks levels for them.

    Raises
    ------
    UnreadableImage
        As for `preview` and `build_index`.
    """
    index = build_index(source)
    if not index.too_large_to_see_whole:
        return preview(source), index
    overview = read_overview(source, smallest_enough(index.levels))
    return preview_of_overview(index, overview, longest_px=_PREVIEW_PX), with_overview(index, overview)
