"""One small picture of any canonical image; called by the worker after an image has arrived."""

from tiler.adapters.bounded_reader import read_exactly
from tiler.adapters.metaimage_header import is_metaimage
from tiler.adapters.slide_preview import slide_preview
from tiler.adapters.tiff_directory import is_tiff
from tiler.adapters.volume_preview import volume_preview
from tiler.domain.picture import Picture
from tiler.domain.problems import UnreadableImage
from tiler.domain.ranged_source import RangedSource

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
