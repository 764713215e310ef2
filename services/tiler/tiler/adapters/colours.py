"""Colours as a screen shows them: a scanner's profile applied, so that its pictures look as it meant them."""

from functools import lru_cache
from io import BytesIO

from PIL import Image, ImageCms

_MOST_PROFILES = 16


def in_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    """Return a picture in sRGB; as it is if it has no colours, or a profile that cannot be applied.

    Parameters
    ----------
    profile
        ICC profile of its colours; empty for none.
    """
    if image.mode != "RGB" or not profile:
        return image
    transform = _to_srgb(profile)
    return image if transform is None else ImageCms.applyTransform(image, transform) or image


@lru_cache(maxsize=_MOST_PROFILES)
def _to_srgb(profile: bytes) -> ImageCms.ImageCmsTransform | None:
    """Return what applies a profile; making it takes milliseconds. None if it is damaged, or not for RGB."""
    try:
        return ImageCms.buildTransform(
            ImageCms.ImageCmsProfile(BytesIO(profile)), ImageCms.createProfile("sRGB"), "RGB", "RGB"
        )
    except (ImageCms.PyCMSError, OSError):
        return None
