"""The files the demo uploads: one of everything, one of them broken, each with the way to read it independently."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from demo.check import Volume, read_picture, read_series, read_slide, read_volume
from demo.imaging import (
    Grid,
    anatomy,
    cut_short,
    picture,
    write_dicom_series,
    write_image,
    write_picture,
    write_pyramid,
)

SLICES = 60
LOGO_PX = 640
ANISOTROPIC = Grid(spacing_mm=(0.7, 0.5, 2.5))


@dataclass(frozen=True)
class Expected:
    """An image that is to come of some of the files.

    Parameters
    ----------
    read_source
        Reads the uploaded files without our importers.
    read_canonical
        Reads what is downloaded.
    """

    sources: frozenset[str]
    read_source: Callable[[], Volume]
    read_canonical: Callable[[Path], Volume]


@dataclass(frozen=True)
class DemoInputs:
    """Everything that is uploaded, in order, and what is to become of it."""

    files: list[Path]
    expected: list[Expected]
    corrupt: Path
    logo: Path


def make_demo_inputs(folder: Path) -> DemoInputs:
    """Write the files into a new folder; a few megabytes, about a second."""
    series = write_dicom_series(folder / "series", anatomy(SLICES, 192, 256), grid=ANISOTROPIC)
    volumes = [
        write_image(folder / "thorax.mha", anatomy(24, 128, 128, seed=1), compressed=True),
        write_image(folder / "liver.nii.gz", anatomy(20, 96, 96, seed=2)),
        write_image(folder / "perfusion.mha", np.stack([anatomy(8, 64, 64, seed=seed) for seed in range(5)])),
    ]
    photograph = write_picture(folder / "fundus.png", picture(600, 800))
    slide = write_pyramid(folder / "biopsy.tif", picture(1600, 2000), tile=256, compression="jpeg")
    corrupt = cut_short(write_image(folder / "broken.nii.gz", anatomy(12, 64, 64, seed=9)))
    return DemoInputs(
        files=[*series, *volumes, photograph, slide, corrupt],
        expected=[
            Expected(frozenset(file.name for file in series), partial(read_series, series), read_volume),
            *(_expected(file, read_volume) for file in volumes),
            _expected(photograph, read_picture),
            _expected(slide, read_slide),
        ],
        corrupt=corrupt,
        logo=_logo(folder / "logo.png"),
    )


def _expected(file: Path, read: Callable[[Path], Volume]) -> Expected:
    return Expected(frozenset({file.name}), partial(read, file), read)


def _logo(path: Path) -> Path:
    Image.fromarray(picture(LOGO_PX, LOGO_PX)).save(path)
    return path
