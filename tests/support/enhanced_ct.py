"""Writes enhanced multi-frame CT, which holds a whole volume in one file."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pydicom.dataset import Dataset
from pydicom.uid import EnhancedCTImageStorage

from demo.imaging import Change, Grid, Pixels, a_dataset, put_pixels


def write_enhanced_ct(
    path: Path,
    volume: Pixels,
    *,
    grid: Grid | None = None,
    order: Sequence[int] | None = None,
    change: Change | None = None,
) -> Path:
    """Write a volume in Hounsfield units as one enhanced multi-frame CT, frames in any order.

    Parameters
    ----------
    order
        Which slice each frame holds; a slice may come several times.
    change
        Last change to the functional groups of a frame, told the frame's index.
    """
    placed = grid or Grid()
    frames = list(range(len(volume))) if order is None else list(order)
    dataset = a_dataset(EnhancedCTImageStorage)
    put_pixels(dataset, (volume[frames].astype(np.int32) + 1024).astype(np.uint16), bits_stored=12)
    dataset.SharedFunctionalGroupsSequence = [_of_all_frames(placed)]
    groups = [_of_frame(placed, place) for place in frames]
    for index, group in enumerate(groups):
        if change is not None:
            change(group, index)
    dataset.PerFrameFunctionalGroupsSequence = groups
    path.parent.mkdir(parents=True, exist_ok=True)
    dataset.save_as(path, enforce_file_format=True)
    return path


def _of_all_frames(grid: Grid) -> Dataset:
    """Return the functional groups that frames share (PS3.3 section C.7.6.16)."""
    return _with(
        PixelMeasuresSequence=[_with(PixelSpacing=[grid.spacing_mm[1], grid.spacing_mm[0]])],
        PlaneOrientationSequence=[_with(ImageOrientationPatient=[*grid.axes[0], *grid.axes[1]])],
        PixelValueTransformationSequence=[_with(RescaleSlope=1, RescaleIntercept=-1024)],
        FrameVOILUTSequence=[_with(WindowCenter=40, WindowWidth=400)],
    )


def _of_frame(grid: Grid, place: int) -> Dataset:
    return _with(
        PlanePositionSequence=[_with(ImagePositionPatient=grid.slice_position(place))],
        FrameContentSequence=[_with(StackID="1", InStackPositionNumber=place + 1)],
    )


def _with(**elements: Any) -> Dataset:
    item = Dataset()
    for keyword, value in elements.items():
        setattr(item, keyword, value)
    return item
