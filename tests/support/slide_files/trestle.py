"""Trestle's TIFF: tiles that overlap their neighbours, by how much says the description; the pixel size stands as resolution."""

from pathlib import Path

import numpy as np
import tifffile

from tests.support.slide_files.scene import PATIENT, Pixels, VendorSlide, reduced, scene

TILE = 256


def trestle_slide(path: Path, *, grid: tuple[int, int] = (4, 3), overlap: int = 32) -> VendorSlide:
    """Write a slide of so many columns and rows of tiles, with a level of half its size that has none."""
    columns, rows = grid
    step = TILE - overlap
    pixels = scene(columns * step + overlap, rows * step + overlap)
    description = (
        f"Background Color=dfdfdf;White Balance=1 1 1;Objective Power=20;Operator={PATIENT};"
        f"OverlapsXY= {overlap} {overlap} 0 0"
    )
    with tifffile.TiffWriter(path) as writer:
        for level in (_spread(pixels, grid, step), reduced(pixels, 2)):
            writer.write(
                level,
                tile=(TILE, TILE),
                compression="jpeg",
                compressionargs={"level": 85},
                photometric="rgb",
                subsampling=(2, 2),
                description=description,
                software="MedScan",
                metadata=None,
                resolution=(0.5, 0.5),
                resolutionunit="NONE",
            )
    return VendorSlide(path, pixels, (PATIENT.encode(),))


def _spread(pixels: Pixels, grid: tuple[int, int], step: int) -> Pixels:
    """Return tiles side by side, each with what it shares with its neighbours."""
    columns, rows = grid
    return np.vstack(
        [
            np.hstack([pixels[y : y + TILE, x : x + TILE] for x in range(0, columns * step, step)])
            for y in range(0, rows * step, step)
        ]
    )
