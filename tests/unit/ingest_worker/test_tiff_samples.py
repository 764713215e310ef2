"""Samples of TIFFs that libraries read differently: of three bytes, and gray that is multiplied with how much is seen."""

from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
import tifffile

from demo.imaging import picture
from ingest_worker.domain.images import ColorSpace
from tests.support.conversions import convert_here, the_image, the_reason

RESOLUTION: dict[str, Any] = {"resolution": (100, 100), "resolutionunit": "CENTIMETER", "metadata": None}
BITS_PER_SAMPLE, WIDTH = 258, 256
GRAY_AND_ALPHA: dict[str, Any] = {
    "photometric": "minisblack",
    "planarconfig": "contig",
    "extrasamples": ["assocalpha"],
}


def write_of_three_bytes(
    path: Path, values: np.ndarray, order: Literal["<", ">"], *, signed: bool = False
) -> Path:
    """Write samples of 24 bits, lowest byte first or last, of which no library writes any."""
    low, middle, high = (values >> bits & 0xFF for bits in (0, 8, 16))
    parts = (low, middle, high) if order == "<" else (high, middle, low)
    stored = np.stack(parts, axis=-1).astype(np.uint8).reshape(len(values), -1)
    stored = stored.view(np.int8) if signed else stored
    tifffile.imwrite(path, stored, byteorder=order, photometric="minisblack", **RESOLUTION)
    with tifffile.TiffFile(path, mode="r+") as file:
        for tag, value in ((WIDTH, values.shape[1]), (BITS_PER_SAMPLE, 24)):
            file.pages[0].tags[tag].overwrite(value)  # type: ignore[union-attr]
    return path


@pytest.mark.parametrize("order", ["<", ">"])
def test_samples_of_three_bytes_have_them_in_the_order_of_the_file(
    tmp_path: Path, order: Literal["<", ">"]
) -> None:
    values = np.random.default_rng(3).integers(0, 1 << 24, (40, 50))
    source = write_of_three_bytes(tmp_path / "in.tif", values, order)

    image = the_image(convert_here([source], tmp_path / "out"))

    assert image.sample_type == "uint32"
    assert np.array_equal(tifffile.imread(tmp_path / "out" / image.file, key=0), values)


def test_samples_of_a_width_that_none_has_are_named(tmp_path: Path) -> None:
    source = write_of_three_bytes(tmp_path / "in.tif", np.zeros((40, 50), np.int64), "<", signed=True)

    reason = the_reason(convert_here([source], tmp_path / "out"))

    assert reason == "The samples of in.tif are of a type that cannot be imported (signed, 24 bits)."


@pytest.mark.parametrize("compression", [None, "zstd"])
@pytest.mark.parametrize("sample_type", [np.uint8, np.uint16])
def test_gray_multiplied_with_alpha_is_gray_if_nothing_is_hidden(
    tmp_path: Path, sample_type: type, compression: str | None
) -> None:
    highest = np.iinfo(sample_type).max
    gray: np.ndarray = np.arange(highest + 1, dtype=sample_type).reshape(-1, 16)
    pixels = np.dstack([gray, np.full_like(gray, highest)])
    source = tmp_path / "in.tif"
    tifffile.imwrite(source, pixels, compression=compression, **GRAY_AND_ALPHA, **RESOLUTION)

    image = the_image(convert_here([source], tmp_path / "out"))

    assert image.metadata.color_space is ColorSpace.GRAY
    assert np.array_equal(tifffile.imread(tmp_path / "out" / image.file, key=0), gray)


def test_gray_multiplied_with_alpha_is_divided_by_it(tmp_path: Path) -> None:
    gray = picture()[..., 0].astype(np.float64)
    alpha = np.full_like(gray, 255)
    alpha[:, ::2], alpha[0, 0] = 128, 0
    source = tmp_path / "in.tif"
    stored = np.dstack([gray * alpha / 255, alpha]).round().astype(np.uint8)
    tifffile.imwrite(source, stored, **GRAY_AND_ALPHA, **RESOLUTION)

    image = the_image(convert_here([source], tmp_path / "out"))

    got = tifffile.imread(tmp_path / "out" / image.file, key=0)
    seen = alpha > 0
    assert image.metadata.color_space is ColorSpace.RGBA
    assert np.array_equal(got[..., 3], alpha)
    assert np.allclose(got[seen][:, 0], gray[seen], atol=2)
    assert np.array_equal(got[..., 0], got[..., 2])
