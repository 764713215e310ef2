"""The MHA we write is one valid zlib stream for every reader, and can be entered at every flush point."""

import hashlib
import math
import zlib
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk

from archive_shared.slice_index import SliceIndex, read_index
from demo.imaging import anatomy, picture
from ingest_worker.adapters.volumes import ArrayVolume
from ingest_worker.adapters.writers import checksums
from ingest_worker.adapters.writers.metaimage import WrittenVolume, write_volume
from ingest_worker.domain.geometry import Geometry
from ingest_worker.domain.layouts import VolumeLayout


def written(
    path: Path,
    pixels: np.ndarray,
    *,
    threads: int = 2,
    channels: int = 1,
    fields: dict[str, str] | None = None,
) -> WrittenVolume:
    size = pixels.shape[::-1] if channels == 1 else pixels.shape[-2::-1]
    layout = VolumeLayout(size, channels, pixels.dtype.name, Geometry.unknown(len(size)))
    return write_volume(
        ArrayVolume(layout, pixels), path, fields=fields or {}, threads=threads, on_progress=lambda _: None
    )


def header_of(path: Path) -> dict[str, str]:
    text = path.read_bytes().split(b"LOCAL\n")[0].decode()
    return dict(line.split(" = ") for line in text.splitlines() if " = " in line)


def stream_of(path: Path) -> bytes:
    content = path.read_bytes()
    start = content.index(b"LOCAL\n") + 6
    return content[start : start + int(header_of(path)["CompressedDataSize"])]


def index_of(path: Path) -> SliceIndex:
    content = path.read_bytes()
    index = read_index(lambda start, end: content[start:end], len(content))
    assert index is not None
    return index


@pytest.mark.parametrize("threads", [1, 2, 5])
@pytest.mark.parametrize("shape", [(3, 5), (40, 64, 64), (2, 700, 1500), (3, 4, 5, 6), (1, 2500, 2100)])
def test_the_pixels_are_one_zlib_stream_with_a_right_checksum(
    tmp_path: Path, shape: tuple[int, ...], threads: int
) -> None:
    pixels = np.random.default_rng(1).integers(-900, 900, shape).astype(np.int16)

    written(tmp_path / "x.mha", pixels, threads=threads)

    inflate = zlib.decompressobj()
    assert inflate.decompress(stream_of(tmp_path / "x.mha")) == pixels.tobytes()
    assert inflate.eof
    assert not inflate.unused_data


def test_the_same_pixels_give_the_same_file_whatever_the_number_of_threads(tmp_path: Path) -> None:
    pixels = anatomy(30, 100, 100)

    one = written(tmp_path / "1.mha", pixels, threads=1)
    many = written(tmp_path / "2.mha", pixels, threads=4)

    assert (tmp_path / "1.mha").read_bytes() == (tmp_path / "2.mha").read_bytes()
    assert one == many


@pytest.mark.parametrize("shape", [(9, 400, 400), (300, 32, 32), (2, 2500, 2100)])
def test_inflating_can_start_at_every_flush_point(tmp_path: Path, shape: tuple[int, ...]) -> None:
    pixels = np.random.default_rng(1).integers(-900, 900, shape).astype(np.int16)

    written(tmp_path / "x.mha", pixels)

    content, raw = (tmp_path / "x.mha").read_bytes(), pixels.tobytes()
    for point, following in pairwise(index_of(tmp_path / "x.mha").points):
        run = zlib.decompressobj(-15).decompress(content[point.file_offset : following.file_offset])
        assert run == raw[point.pixel_offset : following.pixel_offset]


@pytest.mark.parametrize("shape", [(9, 400, 400), (300, 32, 32), (2, 2500, 2100)])
def test_every_slice_is_read_alone_by_the_index(tmp_path: Path, shape: tuple[int, ...]) -> None:
    pixels = np.random.default_rng(1).integers(-900, 900, shape).astype(np.int16)
    written(tmp_path / "x.mha", pixels)
    content, index = (tmp_path / "x.mha").read_bytes(), index_of(tmp_path / "x.mha")

    for number, wanted in enumerate(pixels):
        runs = index.runs(number * wanted.nbytes, (number + 1) * wanted.nbytes)
        inflated = zlib.decompressobj(-15).decompress(content[runs.file_start : runs.file_end])
        assert inflated[runs.skip :][: wanted.nbytes] == wanted.tobytes()


def test_a_slice_of_ordinary_size_begins_at_a_flush_point(tmp_path: Path) -> None:
    written(tmp_path / "x.mha", anatomy(6, 512, 512))

    points = index_of(tmp_path / "x.mha").points
    assert [point.pixel_offset for point in points] == [index * 512 * 512 * 2 for index in range(7)]


def test_itk_reads_one_slice_out_of_the_middle(tmp_path: Path) -> None:
    pixels = anatomy(9, 300, 300)
    written(tmp_path / "x.mha", pixels)

    reader: Any = sitk.ImageFileReader()
    reader.SetFileName(str(tmp_path / "x.mha"))
    reader.SetExtractIndex([0, 0, 5])
    reader.SetExtractSize([300, 300, 0])
    reader.ReadImageInformation()

    assert np.array_equal(sitk.GetArrayFromImage(reader.Execute()), pixels[5])


def test_the_header_is_what_itk_would_have_written(tmp_path: Path) -> None:
    direction = (0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
    grid = Geometry((0.1, 1 / 3, 2.5), (-1e-7, 12345.678901234567, 3.0), direction)
    layout = VolumeLayout((32, 24, 12), 1, "int16", grid)
    fields = {"WindowCenter": "40", "SliceThickness": "2.5"}
    volume = ArrayVolume(layout, anatomy())
    write_volume(volume, tmp_path / "ours.mha", fields=fields, threads=1, on_progress=lambda _: None)
    image = sitk.ReadImage(str(tmp_path / "ours.mha"))
    sitk.WriteImage(image, str(tmp_path / "itk.mha"), True)

    ours, itks = header_of(tmp_path / "ours.mha"), header_of(tmp_path / "itk.mha")
    assert ours.pop("CompressedDataSize") != itks.pop("CompressedDataSize")
    assert {key: itks[key] for key in ours} == ours
    assert image.GetSpacing() == grid.spacing
    assert image.GetOrigin() == grid.origin
    assert image.GetDirection() == grid.direction


def test_extremes_and_labels_and_digest_are_those_of_the_pixels(tmp_path: Path) -> None:
    pixels = np.array([[[3, 250], [3, 0]], [[17, 3], [3, 3]]], np.uint8)

    result = written(tmp_path / "x.mha", pixels)

    image = sitk.ReadImage(str(tmp_path / "x.mha"))
    assert result.labels == (0, 3, 17, 250)
    assert result.pixels_sha256 == hashlib.sha256(pixels.tobytes()).hexdigest()
    assert result.size_bytes == (tmp_path / "x.mha").stat().st_size
    assert (image.GetMetaData("SmallestImagePixelValue"), image.GetMetaData("LargestImagePixelValue")) == (
        "0",
        "250",
    )


def test_signed_labels_are_sorted_by_value(tmp_path: Path) -> None:
    assert written(tmp_path / "x.mha", np.array([[-10, 5, 0]], np.int8)).labels == (-10, 0, 5)


def test_more_than_sixty_four_values_are_no_labels(tmp_path: Path) -> None:
    many = np.arange(66, dtype=np.uint8).reshape(2, 33)

    assert written(tmp_path / "65.mha", many % 65).labels is None
    assert written(tmp_path / "64.mha", many % 64).labels == tuple(range(64))


def test_values_that_are_no_numbers_do_not_become_extremes(tmp_path: Path) -> None:
    written(tmp_path / "x.mha", np.array([[math.nan, 2.5], [-1.0, math.nan]], np.float32))
    written(tmp_path / "y.mha", np.full((2, 2), math.nan, np.float32))

    image = sitk.ReadImage(str(tmp_path / "x.mha"))
    assert image.GetMetaData("SmallestImagePixelValue") == "-1.0"
    assert "SmallestImagePixelValue" not in sitk.ReadImage(str(tmp_path / "y.mha")).GetMetaDataKeys()


def test_colour_has_channels(tmp_path: Path) -> None:
    written(tmp_path / "x.mha", picture(), channels=3)

    assert np.array_equal(sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / "x.mha"))), picture())


def test_fewer_pixels_than_announced_are_an_error(tmp_path: Path) -> None:
    layout = VolumeLayout((4, 4, 3), 1, "uint8", Geometry.unknown(3))
    volume = ArrayVolume(layout, np.zeros((2, 4, 4), np.uint8))

    with pytest.raises(ValueError, match="32 bytes of pixels came where 48 were announced"):
        write_volume(volume, tmp_path / "x.mha", fields={}, threads=1, on_progress=lambda _: None)


@pytest.mark.parametrize("split", [0, 1, 65521, 70000, 99999, 100000])
def test_adler32_of_parts_joins_to_that_of_the_whole(split: int) -> None:
    data = np.random.default_rng(2).integers(0, 255, 100_000).astype(np.uint8).tobytes()

    first, second = zlib.adler32(data[:split]), zlib.adler32(data[split:])

    assert checksums.joined(first, second, len(data) - split) == zlib.adler32(data)
