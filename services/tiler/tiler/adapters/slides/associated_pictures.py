"""Label and overview of a slide, which never get into the canonical slide, as pictures of their own.

Called only for archives that keep them for their editors; OpenSlide knows where every vendor puts them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

import openslide
import structlog
from openslide import lowlevel

from tiler.domain.slide_files import SlideFiles

_NAMES = ("label", "macro")
_MOST_PIXELS = 64 * 1024**2
log = structlog.get_logger()


@dataclass(frozen=True)
class AssociatedPicture:
    """A picture as PNG; its name is OpenSlide's: "label", or "macro" for an overview of the whole glass."""

    name: str
    png: bytes
    width: int
    height: int


def associated_pictures(files: SlideFiles, vendor: str) -> Sequence[AssociatedPicture]:
    """Return what can be read; pictures that cannot cost nobody the slide, and are left out.

    Parameters
    ----------
    vendor
        Whose driver has to open the slide: others may take its label for the slide.
    """
    path = files.on_disk()
    try:
        if openslide.OpenSlide.detect_format(path) != vendor:
            return []
        with openslide.OpenSlide(path) as slide:
            return [_read(slide, name) for name in _NAMES if _is_modest(slide, name)]
    except (openslide.OpenSlideError, OSError):
        log.warning("label and overview cannot be read")
        return []


def _is_modest(slide: openslide.OpenSlide, name: str) -> bool:
    if name not in lowlevel.get_associated_image_names(
        slide._osr
    ):  # `in slide.associated_images` would read it
        return False
    width, height = lowlevel.get_associated_image_dimensions(slide._osr, name)
    return 0 < width * height <= _MOST_PIXELS


def _read(slide: openslide.OpenSlide, name: str) -> AssociatedPicture:
    picture = slide.associated_images[name].convert("RGB")
    body = BytesIO()
    picture.save(body, "PNG")
    return AssociatedPicture(name, body.getvalue(), picture.width, picture.height)
