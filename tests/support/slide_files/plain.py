"""A pyramid of JPEG tiles in no vendor's format, as other programs write it, with texts that name the patient."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import tifffile

from tests.support.slide_files.scene import PATIENT, VendorSlide, reduced, scene

_MPP = 0.25


def plain_slide(
    path: Path,
    *,
    size: tuple[int, int] = (1100, 700),
    tile: int = 256,
    colours: str = "ycbcr",
    steps: Sequence[int] = (2, 4),
    order: Literal["<", ">"] = "<",
    bigtiff: bool = False,
    icc: bytes = b"",
    says_size: bool = True,
    um_per_pixel: float = _MPP,
) -> VendorSlide:
    """Write a slide.

    Parameters
    ----------
    colours
        "ycbcr" or "rgb".
    steps
        By how much the reduced pages are smaller.
    icc
        Its colour profile.
    says_size
        Whether the file says how large a pixel is.
    um_per_pixel
        What it says.
    """
    pixels = scene(*size)
    with tifffile.TiffWriter(path, bigtiff=bigtiff, byteorder=order) as writer:
        for step in (1, *steps):
            resolution: dict[str, Any] = (
                {"resolution": (1e4 / um_per_pixel / step,) * 2, "resolutionunit": "CENTIMETER"}
                if says_size
                else {}
            )
            writer.write(
                pixels if step == 1 else reduced(pixels, step),
                tile=(tile, tile),
                compression="jpeg",
                compressionargs={"level": 85, "outcolorspace": colours},
                photometric=colours,
                subfiletype=int(step > 1),
                description=PATIENT,
                software=PATIENT,
                extratags=[(315, 2, 0, PATIENT, True)],
                iccprofile=icc or None,
                metadata=None,
                **resolution,
            )
    return VendorSlide(path, pixels, (PATIENT.encode(),))
