"""The quick walk through DICOM headers: what it finds is what pydicom finds, and it knows when it does not know."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pydicom.data
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.tag import Tag
from pydicom.uid import DeflatedExplicitVRLittleEndian, ImplicitVRLittleEndian

from demo.imaging import anatomy, write_dicom_series
from ingest_worker.adapters.readers import dicom_members
from ingest_worker.adapters.readers.conversion_input import ConversionInput
from ingest_worker.adapters.readers.dicom_alike import HeadersAlike
from ingest_worker.adapters.readers.dicom_frames import frames_of
from ingest_worker.adapters.readers.dicom_headers import DicomHeader, read_dicom_header
from ingest_worker.adapters.readers.dicom_quick import (
    LOOKED_AT,
    NUMBER,
    POSITION,
    ROWS,
    SERIES,
    tag,
)
from ingest_worker.adapters.readers.dicom_samples import sample_format
from ingest_worker.domain.budget import Budget
from ingest_worker.domain.files import SourceFile
from ingest_worker.domain.report import ConversionReport
from tests.support.conversions import convert_here, read_with_itk, the_image
from tests.support.enhanced_ct import write_enhanced_ct

Change = Callable[[Dataset, int], None]


def series(folder: Path, change: Change, *, slices: int = 4) -> list[Path]:
    files = write_dicom_series(folder, anatomy(slices))
    for index, file in enumerate(files):
        dataset = dcmread(file)
        change(dataset, index)
        dataset.save_as(file)
    return files


def unchanged(_: Dataset, __: int) -> None:
    """As a simple scanner writes it."""


def implicit(dataset: Dataset, _: int) -> None:
    dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian


def with_sequences(dataset: Dataset, index: int) -> None:
    """Sequences of undefined length in one another, with elements in them that matter at the top level only."""
    inner = Dataset()
    inner.Rows, inner.SeriesInstanceUID, inner.InstanceNumber = 9, "9.9", 99
    outer = Dataset()
    outer.ReferencedImageSequence = Sequence([inner, inner])
    outer.ImagePositionPatient = [9, 9, 9]
    dataset.SourceImageSequence = Sequence([outer, Dataset()])
    for sequence in (dataset["SourceImageSequence"], outer["ReferencedImageSequence"]):
        sequence.is_undefined_length = index % 2 == 0
    for item in (inner, outer):
        item.is_undefined_length_sequence_item = index % 2 == 0


def implicit_with_sequences(dataset: Dataset, index: int) -> None:
    with_sequences(dataset, index)
    implicit(dataset, index)


def with_private_elements(dataset: Dataset, _: int) -> None:
    dataset.private_block(0x0029, "ACME", create=True).add_new(0x10, "OB", bytes(range(256)) * 100)


@pytest.mark.parametrize(
    "change", [unchanged, implicit, with_sequences, implicit_with_sequences, with_private_elements]
)
def test_it_finds_what_pydicom_finds(tmp_path: Path, change: Change) -> None:
    for file in series(tmp_path / "in", change):
        found, expected = HeadersAlike().read(file), dcmread(file)

        assert found is not None
        assert found.text(SERIES) == expected.SeriesInstanceUID
        assert found.text(NUMBER) == str(expected.InstanceNumber)
        assert [
            float(part) for part in (found.text(POSITION) or "").split("\\")
        ] == expected.ImagePositionPatient
        assert int.from_bytes(found.shared[ROWS], "little") == expected.Rows
        pixels = file.read_bytes()[found.pixel_offset : found.pixel_offset + found.pixel_length]
        assert pixels == expected.PixelData


def test_it_leaves_the_unusual_to_pydicom(tmp_path: Path) -> None:
    (file,) = write_dicom_series(tmp_path, anatomy(1))
    dataset = dcmread(file)
    dataset.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    dataset.save_as(tmp_path / "deflated.dcm", enforce_file_format=True)
    enhanced = write_enhanced_ct(tmp_path / "enhanced.dcm", anatomy(2))
    packaged = Path(pydicom.data.__file__).parent / "test_files"
    others = (
        "MR_small_bigendian.dcm",
        "MR_small_RLE.dcm",
        "examples_palette.dcm",
        "rtdose.dcm",
        "README.txt",
    )

    found = [
        HeadersAlike().read(path)
        for path in (tmp_path / "deflated.dcm", enhanced, *map(packaged.joinpath, others))
    ]

    assert found == [None] * 7


def test_a_header_that_ends_nowhere_is_no_header(tmp_path: Path) -> None:
    (file,) = write_dicom_series(tmp_path, anatomy(1))
    whole = file.read_bytes()
    pixels = HeadersAlike().read(file)
    assert pixels is not None

    for end in range(132, pixels.pixel_offset - 12, 7):
        assert HeadersAlike().read(file, whole[:end]) is None


def scaled(dataset: Dataset, index: int) -> None:
    dataset.RescaleSlope, dataset.RescaleIntercept = 1 + index % 2, -1000 * index


def timed(dataset: Dataset, index: int) -> None:
    dataset.TemporalPositionIndex = index // 2 + 1
    dataset.ImagePositionPatient = [0, 0, index % 2]


def exposed_over_time(dataset: Dataset, index: int) -> None:
    """Times and exposures as some scanners write them, with zeros, signs and fractions."""
    timed(dataset, index)
    dataset.ContentTime = ("101500", "101501.500000")[index // 2 % 2]
    dataset.add_new("Exposure", "IS", ("0100", "+20")[index // 2 % 2])


def beating(dataset: Dataset, index: int) -> None:
    """Phases of a heart, which only their delay after its beat tells apart."""
    dataset.TriggerTime = 12.5 * (index // 2)
    dataset.ImagePositionPatient = [0, 0, index % 2]


def identified_moments(dataset: Dataset, index: int) -> None:
    dataset.TemporalPositionIdentifier = index // 2 + 1
    dataset.ImagePositionPatient = [0, 0, index % 2]


def dynamic(dataset: Dataset, index: int) -> None:
    dataset.FrameReferenceTime = 1000.5 * (index // 2)
    dataset.ImagePositionPatient = [0, 0, index % 2]


def timed_like_frames(dataset: Dataset, index: int) -> None:
    """When it was acquired said where only files of many frames should say it, and another time where it belongs."""
    dataset.FrameAcquisitionDateTime = f"2020010112000{1 - index // 2}"
    dataset.AcquisitionDate, dataset.AcquisitionTime = "20200101", f"12000{index // 2}"
    dataset.ImagePositionPatient = [0, 0, index % 2]


def timed_in_a_stack(dataset: Dataset, index: int) -> None:
    """A series per time point, held together by the name of the stack."""
    timed(dataset, index)
    dataset.StackID, dataset.SeriesInstanceUID = "1", f"1.2.{index // 2}"


def odd_numbers(dataset: Dataset, index: int) -> None:
    dataset.InstanceNumber = "" if index == 1 else index


@pytest.mark.parametrize(
    "change",
    [
        *(unchanged, implicit, with_sequences, scaled, odd_numbers),
        *(timed, timed_in_a_stack, timed_like_frames),
        *(exposed_over_time, beating, identified_moments, dynamic),
    ],
)
def test_with_and_without_it_the_images_are_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: Change
) -> None:
    files = series(tmp_path / "in", change)

    def converted(name: str) -> ConversionReport:
        return convert_here(files, tmp_path / name)

    quick = converted("quick")
    monkeypatch.setattr(HeadersAlike, "read", lambda *_: None)
    slow = converted("slow")

    assert quick == slow
    assert quick.images


class Asked(Dataset):
    """Elements that remember which of them were asked for."""

    def get(self, key: Any, default: Any = None) -> Any:
        vars(self).setdefault("keywords", set()).add(key)
        return super().get(key, default)


def test_it_looks_at_all_that_the_place_and_the_pixels_of_a_plain_slice_depend_on(tmp_path: Path) -> None:
    (file,) = write_dicom_series(tmp_path, anatomy(1))
    header = read_dicom_header(SourceFile(file.name, file))
    asked = Asked(header.dataset)
    remembering = header._replace(dataset=asked)

    frames_of(remembering, channels=sample_format(remembering).channels)

    tags = {keyword: Tag(keyword) for keyword in vars(asked)["keywords"]}
    overlooked = {keyword for keyword, its in tags.items() if tag(its.group, its.element) not in LOOKED_AT}
    assert overlooked == set()
    assert {"BitsStored", "PatientID", "RescaleSlope"} < tags.keys()


@pytest.mark.parametrize(
    ("keyword", "values"),
    [
        ("VelocityEncodingDirection", ([1.0, 0.0, 0.0], [0.0, 1.0, 0.0])),
        ("EffectiveEchoTime", (10.0, 20.0)),
        ("InversionTimes", ([100.0], [200.0])),
        ("FrameAcquisitionNumber", (1, 2)),
    ],
)
def test_slices_that_only_what_belongs_into_files_of_many_frames_tells_apart_are_told_apart(
    tmp_path: Path, keyword: str, values: tuple[object, object]
) -> None:
    def twice_at_each_place(dataset: Dataset, index: int) -> None:
        dataset.ImagePositionPatient = [0, 0, index % 2]
        setattr(dataset, keyword, values[index // 2])

    images = convert_here(series(tmp_path / "in", twice_at_each_place), tmp_path / "out").images

    assert [read_with_itk(tmp_path / "out" / image.file).size[2] for image in images] == [2, 2]


@pytest.mark.parametrize("change", [timed, exposed_over_time, beating, identified_moments, dynamic])
def test_what_differs_between_time_points_alone_is_no_reason_to_read_a_header_in_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: Change
) -> None:
    files = series(tmp_path / "in", change, slices=8)
    in_full: list[str] = []

    def counted(file: SourceFile) -> DicomHeader:
        in_full.append(file.name)
        return read_dicom_header(file)

    monkeypatch.setattr(dicom_members, "read_dicom_header", counted)
    given = ConversionInput(
        tuple(SourceFile(file.name, file) for file in files), Budget(), tmp_path, deidentification=None
    )

    assert len(list(dicom_members.members_of(given))) == 8
    assert len(in_full) == 1


def test_slices_scaled_in_different_ways_are_scaled_each_in_its_own(tmp_path: Path) -> None:
    files = series(tmp_path / "in", scaled, slices=3)
    stored = [dcmread(file).pixel_array.astype(int) for file in files]

    image = the_image(convert_here(files, tmp_path / "out"))

    expected = [values * (1 + index % 2) - 1000 * index for index, values in enumerate(stored)]
    got = read_with_itk(tmp_path / "out" / image.file).pixels
    assert sorted(plane.tobytes() for plane in got.astype(int)) == sorted(
        np.array(each).tobytes() for each in expected
    )
