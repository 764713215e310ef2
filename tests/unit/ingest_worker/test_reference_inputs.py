"""Every file in the folder of real inputs, where it is at hand: equal to what others read, or refused with the right reason.

The folder is listed, so that a file that comes new is compared as well, or fails here until somebody says why not.
"""

import io
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from ingest_worker.conversion import convert
from ingest_worker.domain.images import ConvertedImage, ImageType
from tests.support.conversions import (
    REAL_INPUTS,
    ItkImage,
    convert_here,
    read_with_itk,
    the_image,
    the_reason,
)
from tests.support.oracles import (
    seen_by_itk,
    seen_by_nibabel,
    seen_by_pillow,
    seen_by_pydicom,
    seen_by_tifffile,
    seen_in_heidelberg,
    seen_in_topcon,
)
from tests.support.stored_tiles import stored_tiles

Oracle = Callable[[Sequence[Path]], ItkImage]

FOLDER = REAL_INPUTS.parent
REFUSED = {
    "README.md": "The content is of no known image format.",
    "panimg/corrupt.png": "The name says PNG",
    "panimg/no_image": "The content is of no known image format.",
    "panimg/invalid_utf8.mhd": "not valid UTF-8 text",
    "panimg/image4x4x4x4x4.mha": "has 5 dimensions",
    "panimg/invalid_resolutions_tiff.tif": "does not say how large a pixel is",
    "panimg/oct/corrupt.fds": "The file is empty.",
    "panimg/dicom_enhanced/DATA_SOURCE.md": "The content is of no known image format.",
    "panimg/dicom_wsi/full_with_bot/full_with_bot.dcm": "This is a whole-slide image; `tiler convert` converts those.",
}
ORACLES: dict[str, Oracle] = {
    ".mha": seen_by_itk, ".mhd": seen_by_itk, ".nrrd": seen_by_itk, ".nhdr": seen_by_itk,
    ".png": seen_by_pillow, ".jpg": seen_by_pillow, ".nii": seen_by_nibabel, ".gz": seen_by_nibabel,
    ".tif": seen_by_tifffile, ".dcm": seen_by_pydicom, ".fda": seen_in_topcon, ".e2e": seen_in_heidelberg,
}  # fmt: skip
PIXELS_OF = {".mhd": (".raw", ".zraw"), ".nhdr": (".raw",)}
ONE_FILE_OF_MANY_FRAMES = "panimg/dicom_enhanced/volume.dcm"


def listing() -> list[str]:
    return sorted(path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*") if path.is_file())


def kind_of(name: str) -> str:
    return Path(name).suffix.lower()


def companions(name: str) -> list[str]:
    return [
        path.relative_to(FOLDER).as_posix()
        for suffix in PIXELS_OF.get(kind_of(name), ())
        if (path := (FOLDER / name).with_suffix(suffix)).exists()
    ]


def uploads() -> dict[str, list[str]]:
    """What is converted together, by the name of its first file: slices of a folder, headers and their pixels, or one file."""
    found: dict[str, list[str]] = {}
    slices: dict[str, list[str]] = {}
    for name in listing():
        if name in REFUSED or kind_of(name) not in ORACLES:
            continue
        if kind_of(name) == ".dcm" and name != ONE_FILE_OF_MANY_FRAMES:
            slices.setdefault(str(Path(name).parent), []).append(name)
        else:
            found[name] = [name, *companions(name)]
    return found | {names[0]: names for names in slices.values()}


UPLOADS = uploads()
ARCHIVES = [name for name in listing() if kind_of(name) == ".zip"]


@pytest.mark.skipif(not FOLDER.is_dir(), reason="the folder of real inputs is not on this machine")
def test_every_file_is_compared_or_refused() -> None:
    compared = {name for names in UPLOADS.values() for name in names}

    assert set(listing()) == compared | set(REFUSED) | set(ARCHIVES)
    assert not compared & set(REFUSED)


@pytest.mark.parametrize("name", UPLOADS)
def test_pixels_and_grid_equal_what_others_read(tmp_path: Path, name: str) -> None:
    files = [FOLDER / each for each in UPLOADS[name]]

    image = the_image(convert_here(files, tmp_path / "out"))

    expected, got = ORACLES[kind_of(name)](files), read(image, tmp_path / "out")
    assert got.size == expected.size
    assert np.array_equal(got.pixels, expected.pixels.astype(got.pixels.dtype))
    if expected.pixels.dtype.kind in "iu":
        assert got.pixels.dtype == expected.pixels.dtype
    elif got.pixels.dtype.kind in "iu":
        assert np.array_equal(expected.pixels, np.round(expected.pixels))
    assert np.allclose(got.grid, expected.grid, rtol=0, atol=1e-6)
    assert {source.name for source in image.sources} == {path.name for path in files}


def read(image: ConvertedImage, folder: Path) -> ItkImage:
    path = folder / image.file
    if image.type is ImageType.MHA:
        return read_with_itk(path)
    pixels = tifffile.imread(path, key=0)
    spacing = (image.metadata.voxel_width_mm or 0.0, image.metadata.voxel_height_mm or 0.0)
    size = (image.metadata.width, image.metadata.height)
    return ItkImage(pixels, size, spacing, (0.0, 0.0), (1.0, 0.0, 0.0, 1.0))


@pytest.mark.parametrize("name", REFUSED if FOLDER.is_dir() else [])
def test_what_cannot_be_imported_says_why(tmp_path: Path, name: str) -> None:
    assert REFUSED[name] in the_reason(convert_here([FOLDER / name], tmp_path / "out"))


@pytest.mark.parametrize("name", ARCHIVES)
def test_every_file_in_an_archive_is_compared_or_refused(tmp_path: Path, name: str) -> None:
    report = convert([FOLDER / name], tmp_path / "out")

    inside = content_of((FOLDER / name).read_bytes(), Path(name).name)
    images = {source.name: image for image in report.images for source in image.sources}
    assert images.keys() | {rejection.file for rejection in report.rejected} == inside.keys()
    for file, data in inside.items():
        assert (file in images) == file.endswith(".png")
        if file in images:
            with Image.open(io.BytesIO(data)) as picture:
                assert np.array_equal(read(images[file], tmp_path / "out").pixels, np.asarray(picture))


def content_of(packed: bytes, name: str) -> dict[str, bytes]:
    """The files in an archive and in the archives in it."""
    found: dict[str, bytes] = {}
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        for entry in archive.infolist():
            file, data = f"{name}/{entry.filename}", archive.read(entry)
            if file.endswith(".zip"):
                found |= content_of(data, file)
            elif not entry.is_dir():
                found[file] = data
    return found


@pytest.mark.skipif(not FOLDER.is_dir(), reason="the folder of real inputs is not on this machine")
def test_seven_files_and_one_of_seven_frames_are_the_same_volume(tmp_path: Path) -> None:
    folder = REAL_INPUTS / "dicom_enhanced"

    series = the_image(convert_here(sorted(folder.glob("slice*.dcm")), tmp_path / "out1"))
    enhanced = the_image(convert_here([folder / "volume.dcm"], tmp_path / "out2"))

    assert series.pixels_sha256 == enhanced.pixels_sha256


@pytest.mark.skipif(not FOLDER.is_dir(), reason="the folder of real inputs is not on this machine")
def test_the_tiles_of_a_pyramid_are_kept(tmp_path: Path) -> None:
    source = REAL_INPUTS / "valid_tiff.tif"

    image = the_image(convert_here([source], tmp_path / "out"))

    assert stored_tiles(tmp_path / "out" / image.file) == stored_tiles(source)
    assert image.metadata.resolution_levels == 2
