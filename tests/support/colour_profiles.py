"""Colour profiles of scanners that see colours in their own way."""

from functools import cache

from PIL import ImageCms


@cache  # it says when it was made
def srgb() -> bytes:
    return bytes(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())


def red_for_blue() -> bytes:
    """Return a profile that calls blue what others call red, by having its primaries change places."""
    profile = srgb()
    table = profile.index(b"rXYZ"), profile.index(b"bXYZ")
    swapped = bytearray(profile)
    swapped[table[0] : table[0] + 4], swapped[table[1] : table[1] + 4] = b"bXYZ", b"rXYZ"
    return bytes(swapped)
