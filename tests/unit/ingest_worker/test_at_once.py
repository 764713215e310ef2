"""Uploads that are one image are looked at and converted by one child, with the same result as by two."""

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydicom import Dataset

from demo.imaging import anatomy, write_dicom_series, write_image, write_picture
from ingest_worker import Budget, ConversionProgress, ConversionReport, convert
from ingest_worker.adapters.at_once import look_and_convert
from ingest_worker.adapters.tasks import file_document
from tests.support.conversions import as_sources

Make = Callable[[Path], list[Path]]


def series(folder: Path) -> list[Path]:
    return list(write_dicom_series(folder, anatomy()))


def two_series(folder: Path) -> list[Path]:
    def change(dataset: Dataset, _: int) -> None:
        dataset.SeriesInstanceUID += ".1"

    return [*series(folder), *write_dicom_series(folder, anatomy(seed=2), prefix="other", change=change)]


def photograph(folder: Path) -> list[Path]:
    return [write_picture(folder / "photo.png")]


def volume(folder: Path) -> list[Path]:
    return [write_image(folder / "mr.nii.gz", anatomy())]


def series_and_text(folder: Path) -> list[Path]:
    (folder / "notes.txt").write_text("hello", encoding="utf-8")
    return [*series(folder), folder / "notes.txt"]


def series_of_broken_files(folder: Path) -> list[Path]:
    first, *rest = series(folder)
    first.write_bytes(first.read_bytes()[:-1000])
    return [first, *rest]


def zipped(folder: Path, name: str) -> Path:
    with zipfile.ZipFile(folder / name, "w") as archive:
        for file in series(folder):
            archive.write(file, file.name)
    return folder / name


def archive_by_its_name(folder: Path) -> list[Path]:
    return [zipped(folder, "ct.ZIP")]


def archive_by_content_alone(folder: Path) -> list[Path]:
    return [zipped(folder, "ct.bin"), *photograph(folder)]


def series_with_an_archive_that_looks_like_a_slice(folder: Path) -> list[Path]:
    """DICOM leaves its first 128 bytes to whoever writes the file."""
    first, *rest = series(folder)
    whole = first.read_bytes()
    first.write_bytes(b"PK\x03\x04" + whole[4:])
    return [first, *rest]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "in"
    made.mkdir()
    return made


def looked(files: list[Path], folder: Path) -> dict[str, Any]:
    arguments = {
        "files": [file_document(file) for file in as_sources(files)],
        "folder": str(folder / "out"),
        "threads": 1,
        "key": "",
    }
    return look_and_convert(arguments, budget=Budget(), on_progress=lambda _: None)


@pytest.mark.parametrize("make", [series, photograph])
def test_files_that_are_one_image_are_converted_when_they_have_been_looked_at(
    folder: Path, make: Make
) -> None:
    assert len(looked(make(folder), folder)["converted"]["images"]) == 1


@pytest.mark.parametrize("make", [two_series, volume, series_and_text])
def test_files_that_are_several_images_or_need_other_libraries_are_looked_at_only(
    folder: Path, make: Make
) -> None:
    files = make(folder)

    told = looked(files, folder)

    assert len(told["recognised"]) == len(files)
    assert "converted" not in told


@pytest.mark.parametrize(
    "make",
    [
        series,
        two_series,
        photograph,
        volume,
        series_and_text,
        series_of_broken_files,
        archive_by_its_name,
        archive_by_content_alone,
        series_with_an_archive_that_looks_like_a_slice,
    ],
)
def test_the_outcome_is_that_of_looking_and_converting_in_children_of_their_own(
    folder: Path, tmp_path: Path, make: Make
) -> None:
    files = make(folder)

    at_once = convert(files, tmp_path / "at once", jobs=1)
    apart = convert(files, tmp_path / "apart", jobs=2)

    assert at_once.images or at_once.rejected
    assert at_once == apart
    assert _bytes_of(at_once, tmp_path / "at once") == _bytes_of(apart, tmp_path / "apart")


def _bytes_of(report: ConversionReport, output: Path) -> list[bytes]:
    return [(output / image.file).read_bytes() for image in report.images]


@pytest.mark.parametrize("name", ["ct.zip", "ct.bin", "ct"])
def test_archives_are_unpacked_whatever_they_are_called(folder: Path, tmp_path: Path, name: str) -> None:
    archive = zipped(folder, name)

    report = convert([archive], tmp_path / "out")

    assert [one.name for one in report.archives] == [name]
    assert [image.sources[0].name.startswith(f"{name}/") for image in report.images] == [True]
    assert report.rejected == ()


def test_a_file_that_begins_like_an_archive_is_none_of_a_series(folder: Path, tmp_path: Path) -> None:
    files = series_with_an_archive_that_looks_like_a_slice(folder)

    report = convert(files, tmp_path / "out")

    assert [one.file for one in report.rejected if "archive" in one.reasons[0]] == [files[0].name]


def test_files_whose_child_dies_are_looked_at_and_converted_one_after_another(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest_worker.adapters.first_look.AT_ONCE", "tests.support.misbehaviour")
    files = series(folder)

    report = convert(files, tmp_path / "out")

    assert [len(image.sources) for image in report.images] == [len(files)]
    assert report.rejected == ()


def test_a_series_that_is_converted_at_once_tells_how_far_it_is(folder: Path, tmp_path: Path) -> None:
    told: list[ConversionProgress] = []
    files = series(folder)

    convert(files, tmp_path / "out", on_progress=told.append)

    assert (told[-1].phase, told[-1].files_done, told[-1].files_total) == (
        "converting",
        len(files),
        len(files),
    )
    assert told[-1].bytes_done == told[-1].bytes_total == sum(file.stat().st_size for file in files)
