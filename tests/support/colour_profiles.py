"""Colour profiles of scanners that see colours in their own way."""

from functools import cache
from io import BytesIO

import numpy as np
from PIL import Image, ImageCms


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


def telling(text: bytes) -> bytes:
    """Return a profile that says something in its header, in its maker's text and in a private tag."""
    profile = bytearray(srgb())
    profile[48:56] = text[:8].ljust(8)
    count = int.from_bytes(profile[128:132])
    first, table = 132 + 12 * count, profile[132 : 132 + 12 * count]
    moved = bytearray(table)
    for entry in range(0, len(table), 12):
        moved[entry + 4 : entry + 8] = (int.from_bytes(table[entry + 4 : entry + 8]) + 24).to_bytes(4)
    said = b"text\0\0\0\0" + text.ljust(-(-len(text) // 4) * 4, b"\0")
    end = len(profile) + 24
    added = b"".join(name + end.to_bytes(4) + len(said).to_bytes(4) for name in (b"dmnd", b"zzzz"))
    body = profile[:128] + (count + 2).to_bytes(4) + moved + added + profile[first:] + said
    body[:4] = len(body).to_bytes(4)
    return bytes(body)


def seen_through(profile: bytes) -> np.ndarray:
    """Return how colours look, some of all there are, as CIE L*a*b*."""
    values = np.random.default_rng(1).integers(0, 256, (32, 32, 3), np.uint8)
    lab = ImageCms.createProfile("LAB")
    transform = ImageCms.buildTransform(ImageCms.ImageCmsProfile(BytesIO(profile)), lab, "RGB", "LAB")
    return np.asarray(ImageCms.applyTransform(Image.fromarray(values), transform))
