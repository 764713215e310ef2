"""Single slices of volumes: the right voxels in every direction, in bounded memory, and only what is needed is read."""

import tracemalloc
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from archive_shared.errors import Invalid, NotFound
from tests.support.canonical_images import indexed_mha, mha
from tests.support.slides import MemorySource, as_pixels
from tiler.adapters import slabs
from tiler.adapters.file_source import FileSource
from tiler.adapters.metaimage_header import read_header
from tiler.adapters.metaimage_voxels import index_of
from tiler.adapters.slabs import SlabAddress, read_slab, slab_around
from tiler.adapters.volumes import StoredVolumes
from tiler.domain.planes import AxisName
from tiler.domain.problems import UnreadableImage
from tiler.domain.tile_index import DisplayWindow
from tiler.domain.volume import SliceAddress, wanted_slice

RANDOM = np.random.default_rng(3)
ACROSS: dict[AxisName, int] = {"z": 0, "y": 1, "x": 2}


def written(folder: Path, voxels: NDArray[Any], *, indexed: bool) -> MemorySource:
    return MemorySource(indexed_mha(folder, voxels) if indexed else mha(folder, voxels))


def slab(source: MemorySource, axis: AxisName, at: int, time: int = 0) -> tuple[SlabAddress, NDArray[Any]]:
    header = read_header(source)
    index = index_of(source, header)
    address = slab_around(header, index, axis, time, at)
    return address, read_slab(source, header, index, address)


@pytest.mark.parametrize("indexed", [True, False], ids=["indexed", "plain"])
@pytest.mark.parametrize("axis", ["x", "y", "z"])
def test_every_slice_along_every_axis_has_its_voxels(
    tmp_path: Path, axis: AxisName, indexed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slabs, "_INDEXED_BYTES", 200)
    monkeypatch.setattr(slabs, "_INFLATED_BYTES", 300)
    voxels = RANDOM.integers(-900, 900, (7, 8, 9)).astype(np.int16)
    source = written(tmp_path, voxels, indexed=indexed)
    expected = np.moveaxis(voxels, ACROSS[axis], 0)

    for number in range(len(expected)):
        address, found = slab(source, axis, number)

        assert address.first <= number < address.end
        np.testing.assert_array_equal(found[..., 0], expected[address.first : address.end])


@pytest.mark.parametrize("indexed", [True, False], ids=["indexed", "plain"])
@pytest.mark.parametrize("axis", ["x", "y", "z"])
def test_slices_are_those_of_their_time_point(tmp_path: Path, axis: AxisName, indexed: bool) -> None:
    voxels = RANDOM.integers(-900, 900, (3, 4, 5, 6)).astype(np.int16)
    source = written(tmp_path, voxels, indexed=indexed)

    address, found = slab(source, axis, 1, time=2)

    expected = np.moveaxis(voxels[2], ACROSS[axis], 0)
    np.testing.assert_array_equal(found[..., 0], expected[address.first : address.end])


def test_colours_are_cut_in_every_direction(tmp_path: Path) -> None:
    voxels = RANDOM.integers(0, 255, (4, 5, 6, 3)).astype(np.uint8)
    source = MemorySource(indexed_mha(tmp_path, voxels, channels=3))

    for axis, number in ACROSS.items():
        np.testing.assert_array_equal(slab(source, axis, 0)[1], np.moveaxis(voxels, number, 0))


def test_a_slice_of_an_indexed_volume_costs_its_share_of_the_file(tmp_path: Path) -> None:
    voxels = RANDOM.integers(0, 4000, (200, 128, 128), dtype=np.int16)
    source = MemorySource(indexed_mha(tmp_path, voxels))
    header = read_header(source)
    index = index_of(source, header)
    source.ranges.clear()

    address = slab_around(header, index, "z", 0, 150)
    read_slab(source, header, index, address)

    assert source.read_bytes < source.size_bytes * (address.end - address.first + 2) / 200
    assert len(source.ranges) <= 2


def test_cutting_across_holds_a_slab_and_a_slice_never_the_volume(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slabs, "_INFLATED_BYTES", 1 << 20)
    voxels = RANDOM.integers(0, 4000, (100, 256, 256), dtype=np.int16)
    (tmp_path / "v.mha").write_bytes(indexed_mha(tmp_path, voxels))

    with FileSource(tmp_path / "v.mha") as source:
        header = read_header(source)
        index = index_of(source, header)
        tracemalloc.start()
        read_slab(source, header, index, slab_around(header, index, "x", 0, 100))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()

    assert voxels.nbytes > 12_000_000
    assert peak < 8_000_000


def test_what_would_cost_too_much_is_refused_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    voxels = np.zeros((7, 8, 9), np.int16)
    indexed, plain = (written(tmp_path, voxels, indexed=yes) for yes in (True, False))
    monkeypatch.setattr(slabs, "MAX_CROSSED_BYTES", 500)
    monkeypatch.setattr(slabs, "_INFLATED_BYTES", 1)

    with pytest.raises(Invalid, match="other directions"):
        slab(indexed, "y", 1)
    with pytest.raises(Invalid, match="without an index"):
        slab(plain, "z", 6)
    slab(indexed, "z", 6)
    monkeypatch.setattr(slabs, "MAX_SLICE_BYTES", 100)
    with pytest.raises(Invalid, match="too large"):
        slab(indexed, "z", 0)


@pytest.mark.parametrize("indexed", [True, False], ids=["indexed", "plain"])
def test_voxels_that_end_early_are_noticed(tmp_path: Path, indexed: bool) -> None:
    voxels = RANDOM.integers(0, 4000, (40, 64, 64), dtype=np.int16)
    source = written(tmp_path, voxels, indexed=indexed)

    with pytest.raises(UnreadableImage):
        slab(MemorySource(source.read(0, source.size_bytes // 2)), "y", 0)


# --- As pictures


def picture(source: MemorySource, address: SliceAddress) -> NDArray[np.uint8]:
    volumes = StoredVolumes()
    shape = volumes.shape("key", source)
    return as_pixels(volumes.picture("key", source, wanted_slice(shape, address)).body)


def test_a_window_says_what_is_black_and_what_is_white(tmp_path: Path) -> None:
    voxels = np.arange(0, 4000, dtype=np.int16).reshape(1, 40, 100)
    source = written(tmp_path, voxels, indexed=True)

    shown = picture(source, SliceAddress("z", 0, "png", center="2000", width="1000"))

    expected = np.clip((voxels[0] - 1500.0) * 255 / 1000, 0, 255).round()
    np.testing.assert_array_equal(shown, expected)


def test_the_window_of_the_image_is_what_is_used_unless_another_is_asked_for(tmp_path: Path) -> None:
    voxels = np.arange(0, 4000, dtype=np.int16).reshape(1, 40, 100)
    body = indexed_mha(tmp_path, voxels, WindowCenter="100", WindowWidth="50")

    assert StoredVolumes().shape("key", MemorySource(body)).window == DisplayWindow(75.0, 125.0)
    shown = picture(MemorySource(body), SliceAddress("axial", 0, "png"))
    assert shown.ravel()[[75, 125]].tolist() == [0, 255]


def test_all_slices_of_a_volume_look_alike(tmp_path: Path) -> None:
    """The window comes from the middle slice, so the dark one stays dark."""
    voxels = np.zeros((3, 64, 64), np.int16)
    voxels[1], voxels[0] = RANDOM.integers(0, 1000, (64, 64)), 20

    shown = picture(written(tmp_path, voxels, indexed=True), SliceAddress("z", 0, "png"))

    assert shown.max() < 10


def test_a_middle_slice_of_one_value_does_not_decide_how_the_others_look(tmp_path: Path) -> None:
    voxels = np.zeros((41, 16, 16), np.int16)
    voxels[30] = RANDOM.integers(-900, 900, (16, 16))
    shades = np.repeat(np.arange(41, dtype=np.int16), 256).reshape(41, 16, 16)
    labels = np.zeros((41, 16, 16), np.uint8)
    labels[30, 4:8], labels[30, 8:12] = 3, 7
    volumes = StoredVolumes()

    shapes = {
        name: volumes.shape(name, written(tmp_path, array, indexed=True))
        for name, array in (("noise", voxels), ("shades", shades), ("labels", labels), ("even", voxels * 0))
    }

    noise, spread = shapes["noise"].window, shapes["shades"].window
    assert noise is not None
    assert noise.low < -800
    assert noise.high > 800
    assert spread is not None
    assert spread.low < 5
    assert spread.high > 35
    assert shapes["labels"].is_labels
    assert shapes["even"].window == DisplayWindow(0, 0)


def test_labels_have_colours_in_every_slice_and_gray_if_a_window_is_asked_for(tmp_path: Path) -> None:
    voxels = np.zeros((3, 40, 40), np.uint8)
    voxels[1, 5:20], voxels[1, 20:30], voxels[2, :20] = 1, 2, 2
    source = written(tmp_path, voxels, indexed=True)

    labels, middle = (picture(source, SliceAddress("z", number, "png")) for number in (2, 1))
    gray = picture(source, SliceAddress("z", 2, "png", center="1", width="2"))

    assert labels[0, 0].tolist() == middle[25, 0].tolist() != [0, 0, 0]
    assert gray.ndim == 2
    assert StoredVolumes().shape("key", source).format == "png"


def test_neighbours_are_shown_without_reading_again(tmp_path: Path) -> None:
    source = written(tmp_path, RANDOM.integers(0, 4000, (20, 64, 64), dtype=np.int16), indexed=True)
    volumes = StoredVolumes()
    shape = volumes.shape("key", source)
    volumes.picture("key", source, wanted_slice(shape, SliceAddress("x", 0, "jpeg")))
    read = source.read_bytes

    for number in range(1, 10):
        volumes.picture("key", source, wanted_slice(shape, SliceAddress("x", number, "jpeg")))

    assert source.read_bytes == read


@pytest.mark.parametrize("dtype", ["<i2", ">i2", "u1", "<f4", "<f8"])
def test_values_are_handed_out_as_they_are_stored_and_turned_as_they_are_shown(
    tmp_path: Path, dtype: str
) -> None:
    voxels = RANDOM.integers(0, 200, (3, 4, 5)).astype(dtype)
    source = written(tmp_path, voxels, indexed=True)

    volumes = StoredVolumes()
    wanted = wanted_slice(volumes.shape("key", source), SliceAddress("coronal", 1, "npy"))
    answer = volumes.picture("key", source, wanted)
    found = np.load(BytesIO(answer.body), allow_pickle=False)

    assert (answer.content_type, found.dtype.str[1:]) == ("application/x-npy", np.dtype(dtype).str[1:])
    assert found.dtype.byteorder != ">"
    np.testing.assert_array_equal(found[..., 0], voxels[::-1, 1])


@pytest.mark.parametrize(
    "address",
    [
        SliceAddress("w", 0, "png"),
        SliceAddress("z", 0, "gif"),
        SliceAddress("z", 3, "png"),
        SliceAddress("z", -1, "png"),
        SliceAddress("z", 0, "png", time=1),
        SliceAddress("z", 0, "png", time=-1),
    ],
)
def test_slices_that_do_not_exist_are_not_found(tmp_path: Path, address: SliceAddress) -> None:
    source = written(tmp_path, np.zeros((3, 4, 5), np.int16), indexed=True)

    with pytest.raises(NotFound):
        picture(source, address)


@pytest.mark.parametrize(
    ("center", "width"),
    [("1", ""), ("", "1"), ("1", "0"), ("1", "-5"), ("x", "1"), ("nan", "1"), ("1", "inf")],
)
def test_windows_that_make_no_sense_are_refused(tmp_path: Path, center: str, width: str) -> None:
    source = written(tmp_path, np.zeros((3, 4, 5), np.int16), indexed=True)

    with pytest.raises(Invalid):
        picture(source, SliceAddress("z", 0, "png", center=center, width=width))
