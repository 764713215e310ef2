"""Small slices that lie plainly in files of their own are read a few at a time, whatever lies between them."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import RLELossless

from demo.imaging import anatomy, put_pixels, write_dicom_series
from ingest_worker.adapters.volumes import TOGETHER_BYTES
from tests.support.conversions import convert_here, read_with_itk, the_image

ODD = 5
TWELVE_BITS = (1 << 12) - 1


def another_intercept(dataset: Dataset) -> None:
    dataset.RescaleIntercept = -1034
    dataset.PixelData = (dataset.pixel_array + 10).tobytes()


def all_bits(dataset: Dataset) -> None:
    dataset.BitsStored, dataset.HighBit = 16, 15


def bits_that_mean_nothing(dataset: Dataset) -> None:
    dataset.PixelData = (dataset.pixel_array | 0xF000).tobytes()


def mirrored(dataset: Dataset) -> None:
    dataset.PhotometricInterpretation = "MONOCHROME1"
    dataset.PixelData = (TWELVE_BITS - dataset.pixel_array).tobytes()


def compressed(dataset: Dataset) -> None:
    dataset.compress(RLELossless, generate_instance_uid=False)


def padded(dataset: Dataset) -> None:
    dataset.PixelData += bytes(64)


def spared_by_frames(dataset: Dataset) -> None:
    """Say that it has frames, and one of them."""
    put_pixels(dataset, dataset.pixel_array[np.newaxis], bits_stored=12)


@pytest.mark.parametrize(
    "make_odd",
    [another_intercept, all_bits, bits_that_mean_nothing, mirrored, compressed, padded, spared_by_frames],
)
def test_a_slice_that_is_stored_otherwise_than_its_neighbours_is_read_right(
    tmp_path: Path, make_odd: Callable[[Dataset], None]
) -> None:
    files = write_dicom_series(
        tmp_path / "in", anatomy(), change=lambda dataset, index: make_odd(dataset) if index == ODD else None
    )

    image = the_image(convert_here(files, tmp_path / "out"))

    assert np.array_equal(read_with_itk(tmp_path / "out" / image.file).pixels, anatomy())


@pytest.mark.parametrize("rows", [200, 640], ids=["a few at a time", "each alone"])
def test_slices_of_all_sizes_are_read_in_order(tmp_path: Path, rows: int) -> None:
    volume = np.random.default_rng(5).integers(-1024, 3072, (7, rows, 512), np.int16)
    assert (volume[0].nbytes * 2 <= TOGETHER_BYTES) == (rows == 200)
    files = write_dicom_series(tmp_path / "in", volume)

    image = the_image(convert_here(files, tmp_path / "out"))

    assert np.array_equal(read_with_itk(tmp_path / "out" / image.file).pixels, volume)
