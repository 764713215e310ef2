"""Reading headers by comparing them with those before: the same answers as reading each by itself, damaged ones included."""

from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.uid import ImplicitVRLittleEndian

from demo.imaging import anatomy, write_dicom_series
from ingest_worker.adapters.readers.dicom_alike import HeadersAlike

SLICES = 12


def a_series(folder: Path, *, implicit: bool = False) -> list[Path]:
    """Write slices that differ in numbers of one and two digits, and in a private element of any length."""
    files = write_dicom_series(folder, anatomy(SLICES))
    for index, file in enumerate(files):
        dataset = dcmread(file)
        block = dataset.private_block(0x0029, "ACME", create=True)
        block.add_new(0x10, "OB", bytes(2 * index))
        dataset.SliceLocation = index * 1.5
        if implicit:
            dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
        dataset.save_as(file)
    return files


@pytest.fixture(params=[False, True], ids=["explicit", "implicit"])
def files(tmp_path: Path, request: pytest.FixtureRequest) -> list[Path]:
    return a_series(tmp_path / "series", implicit=request.param)


def test_headers_are_found_as_if_each_was_the_only_one(files: list[Path]) -> None:
    alike = HeadersAlike()

    found = [alike.read(file) for file in files]

    assert found == [HeadersAlike().read(file) for file in files]
    assert None not in found


def test_headers_that_are_remembered_are_read_once(files: list[Path]) -> None:
    alike = HeadersAlike(remember=True)
    found = [alike.read(file) for file in files]
    for file in files:
        file.unlink()

    assert [alike.read(file) for file in files] == found


def test_files_of_several_series_may_come_in_turns(tmp_path: Path, files: list[Path]) -> None:
    mixed = [file for pair in zip(files, a_series(tmp_path / "another"), strict=True) for file in pair]
    alike = HeadersAlike()

    assert [alike.read(file) for file in mixed] == [HeadersAlike().read(file) for file in mixed]


def test_whatever_byte_of_a_header_is_changed_or_missing_the_answer_is_that_of_reading_it_alone(
    tmp_path: Path, files: list[Path]
) -> None:
    alike = HeadersAlike()
    for file in files[:-1]:
        last = alike.read(file)
    assert last is not None
    head = files[-1].read_bytes()[: last.pixel_offset + 200]

    for at in range(128, len(head)):
        for changed in (head[:at], head[:at] + bytes([head[at] ^ 0x5A]) + head[at + 1 :]):
            alone = HeadersAlike().read(tmp_path / "never read", changed)
            assert alike.read(tmp_path / "never read", changed) == alone


def test_a_header_of_many_kilobytes_is_read_to_its_end(tmp_path: Path) -> None:
    (file,) = write_dicom_series(tmp_path, anatomy(1))
    dataset = dcmread(file)
    dataset.private_block(0x0029, "ACME", create=True).add_new(0x10, "OB", bytes(100_000))
    dataset.save_as(file)

    found = HeadersAlike().read(file)

    assert found is not None
    assert found.pixel_offset > 100_000
