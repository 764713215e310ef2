"""DICOM series in, volumes out: order and grid from positions, whatever names and numbers say."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import ComputedRadiographyImageStorage, generate_uid

from demo.imaging import (
    SERIES_UID,
    STUDY_UID,
    Change,
    Grid,
    a_dataset,
    anatomy,
    cut_short,
    put_pixels,
    write_dicom_series,
)
from ingest_worker.adapters.readers.dicom_description import SIDE_BY_SIDE
from ingest_worker.domain.budget import Budget
from ingest_worker.domain.frames_of_reference import ELSEWHERE, ONE_EACH
from ingest_worker.domain.slices import Assumed
from ingest_worker.domain.stacking import SAME_PLACES
from tests.support.conversions import convert_here, read_with_itk, the_image, the_reason
from tests.support.odd_files import flip_bit

OBLIQUE = Grid((0.7, 0.5, 2.5), (-120.5, 3.25, 40.0), ((0.8, 0.6, 0.0), (0.0, 0.0, -1.0)))
CORONAL = Grid((0.5, 0.9, 1.5), (-10.0, 20.0, 30.0), ((1.0, 0.0, 0.0), (0.0, 0.0, -1.0)))


def read_series_with_itk(folder: Path) -> tuple[np.ndarray, tuple[float, ...]]:
    image = sitk.ReadImage(sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(folder)))
    return sitk.GetArrayFromImage(image), (*image.GetSpacing(), *image.GetOrigin(), *image.GetDirection())


@pytest.mark.parametrize("grid", [Grid(), OBLIQUE, CORONAL], ids=["axial", "oblique", "coronal"])
def test_a_series_with_oblong_pixels_equals_what_itk_reads(tmp_path: Path, grid: Grid) -> None:
    files = write_dicom_series(tmp_path / "in", anatomy(), grid=grid)

    image = the_image(convert_here(files, tmp_path / "out"))

    pixels, numbers = read_series_with_itk(tmp_path / "in")
    got = read_with_itk(tmp_path / "out" / image.file)
    assert np.array_equal(got.pixels, anatomy())
    assert np.array_equal(got.pixels, pixels)
    assert np.allclose(got.grid, numbers, rtol=0, atol=1e-9)
    assert got.spacing[:2] == grid.spacing_mm[:2]


def test_what_is_known_of_a_series(tmp_path: Path) -> None:
    files = write_dicom_series(tmp_path / "in", anatomy())

    image = the_image(convert_here(files, tmp_path / "out"))

    found = image.metadata
    assert (found.width, found.height, found.depth, found.timepoints) == (32, 24, 12, None)
    assert (found.voxel_width_mm, found.voxel_height_mm, found.voxel_depth_mm) == (0.7, 0.5, 2.5)
    assert (found.window_center, found.window_width) == (40.0, 400.0)
    assert found.modality == "CT"
    assert (found.patient_id, found.patient_name, found.patient_sex) == ("P-0815", "Muster^Erika", "F")
    assert (str(found.patient_birth_date), found.patient_age) == ("1964-08-12", "062Y")
    assert (str(found.study_date), found.study_description) == ("2026-11-20", "Thorax")
    assert (found.series_instance_uid, found.series_description) == (SERIES_UID, "Thorax 2.5 soft")
    assert image.name == "Thorax 2.5 soft-49810012"
    assert len(image.sources) == 12


def test_no_patient_data_reaches_the_canonical_file(tmp_path: Path) -> None:
    files = write_dicom_series(tmp_path / "in", anatomy())

    image = the_image(convert_here(files, tmp_path / "out"))

    content = (tmp_path / "out" / image.file).read_bytes()
    assert not any(secret in content for secret in (b"Muster", b"P-0815", b"19640812", SERIES_UID.encode()))


def test_an_image_can_be_printed_without_telling_whose_it_is(tmp_path: Path) -> None:
    files = write_dicom_series(tmp_path / "in", anatomy(2))

    image = the_image(convert_here(files, tmp_path / "out"))

    assert not any(
        secret in repr(image)
        for secret in ("Muster", "P-0815", "1964-08-12", "19640812", SERIES_UID, "20261120")
    )


def test_names_and_numbers_do_not_change_the_volume_nor_its_key(tmp_path: Path) -> None:
    first = write_dicom_series(tmp_path / "a", anatomy())
    backwards = dict(zip((file.name for file in first), reversed(first), strict=True))

    one = the_image(convert_here(first, tmp_path / "out1"))
    other = the_image(convert_here(backwards, tmp_path / "out2"))

    assert one.pixels_sha256 == other.pixels_sha256
    assert one.key == other.key


def test_a_missing_slice_is_reported(tmp_path: Path) -> None:
    files = write_dicom_series(tmp_path / "in", anatomy())
    left = files[:5] + files[6:]

    reason = the_reason(convert_here(left, tmp_path / "out"))

    assert reason == f"Slices are missing: 1 of 12, the first between {files[4].name} and {files[6].name}."


def test_uneven_spacing_is_reported(tmp_path: Path) -> None:
    def shift(dataset: Dataset, index: int) -> None:
        dataset.ImagePositionPatient[2] += 1.2 if index == 6 else 0

    reason = the_reason(
        convert_here(write_dicom_series(tmp_path / "in", anatomy(), change=shift), tmp_path / "out")
    )

    assert (
        reason
        == "The slices are unevenly spaced: the distance between neighbours varies from 1.3 mm to 3.7 mm."
    )


def test_rounded_positions_are_no_uneven_spacing(tmp_path: Path) -> None:
    def rounded(dataset: Dataset, index: int) -> None:
        dataset.ImagePositionPatient = [round(float(value), 1) for value in dataset.ImagePositionPatient]

    files = write_dicom_series(tmp_path / "in", anatomy(), grid=Grid((0.7, 0.5, 0.625)), change=rounded)

    image = the_image(convert_here(files, tmp_path / "out"))

    assert image.metadata.voxel_depth_mm == pytest.approx(0.625, abs=0.01)


def test_a_tilted_gantry_is_reported(tmp_path: Path) -> None:
    def tilt(dataset: Dataset, index: int) -> None:
        dataset.ImagePositionPatient[1] += 0.4 * index

    reason = the_reason(
        convert_here(write_dicom_series(tmp_path / "in", anatomy(), change=tilt), tmp_path / "out")
    )

    assert reason.startswith(
        "The slices are shifted sideways against each other by up to 4.4 mm (tilted gantry"
    )


def test_an_exact_copy_of_a_slice_is_left_out(tmp_path: Path) -> None:
    files = write_dicom_series(tmp_path / "in", anatomy())
    copy = tmp_path / "in" / "copy.dcm"
    copy.write_bytes(files[3].read_bytes())

    report = convert_here([*files, copy], tmp_path / "out")

    assert np.array_equal(read_with_itk(tmp_path / "out" / report.images[0].file).pixels, anatomy())
    first, second = sorted([copy.name, files[3].name])
    assert report.rejected[0].file == second
    assert report.rejected[0].reasons == (f"This is a copy of {first}.",)


def test_two_different_slices_at_one_place_are_reported(tmp_path: Path) -> None:
    files = write_dicom_series(tmp_path / "in", anatomy())
    other = write_dicom_series(tmp_path / "other", anatomy(seed=8)[:1], prefix="X")

    reason = the_reason(convert_here([*files, *other], tmp_path / "out"))

    names = " and ".join(sorted([files[0].name, other[0].name]))
    assert reason == f"Several slices lie at the same place and nothing tells them apart: the files {names}."


def test_a_localizer_of_another_orientation_becomes_an_image_of_its_own(tmp_path: Path) -> None:
    files = write_dicom_series(tmp_path / "in", anatomy())
    localizer = write_dicom_series(tmp_path / "loc", anatomy(1, 30, 40), grid=CORONAL, prefix="L")

    report = convert_here([*files, *localizer], tmp_path / "out")

    assert sorted((image.metadata.depth, len(image.sources)) for image in report.images) == [(1, 1), (12, 12)]
    assert not report.rejected


def test_one_bad_slice_is_named_and_the_gap_it_leaves_reported(tmp_path: Path) -> None:
    files = write_dicom_series(tmp_path / "in", anatomy())
    cut_short(files[5])

    report = convert_here(files, tmp_path / "out")

    assert not report.images
    assert {reason for one in report.rejected for reason in one.reasons} == {
        f"The file {files[5].name} is incomplete: its header promises 1536 bytes of pixels, but only "
        f"{files[5].stat().st_size - _header_bytes(files[4])} are there."
    }


def _header_bytes(path: Path) -> int:
    return path.stat().st_size - 24 * 32 * 2


def test_acquisitions_of_one_series_at_the_same_places_become_images_of_their_own(tmp_path: Path) -> None:
    files = []
    for number in (1, 2):

        def change(dataset: Dataset, index: int, number: int = number) -> None:
            dataset.AcquisitionNumber = number
            dataset.SOPInstanceUID = f"{SERIES_UID}.{number}.{index}"

        files += write_dicom_series(
            tmp_path / "in", anatomy(seed=number), change=change, prefix=f"A{number}-"
        )

    report = convert_here(files, tmp_path / "out")

    got = [read_with_itk(tmp_path / "out" / image.file).pixels for image in report.images]
    assert np.array_equal(got[0], anatomy(seed=1))
    assert np.array_equal(got[1], anatomy(seed=2))
    assert report.images[1].name == f"{report.images[0].name} (2)"


@pytest.mark.parametrize(
    ("keyword", "called", "values"),
    [
        ("EchoTime", "echo time", (10.0, 20.0)),
        ("EchoNumbers", "echo number", (1, 2)),
        ("InversionTime", "inversion time", (100.0, 2500.0)),
        ("FlipAngle", "flip angle", (4.0, 18.0)),
        ("KVP", "tube voltage", (80.0, 140.0)),
        ("ConvolutionKernel", "kernel", ("B30f", "B70f")),
    ],
)
def test_settings_of_the_scanner_tell_volumes_at_the_same_places_apart(
    tmp_path: Path, keyword: str, called: str, values: tuple[object, object]
) -> None:
    files = []
    for number, value in enumerate(values):

        def change(dataset: Dataset, index: int, number: int = number, value: object = value) -> None:
            setattr(dataset, keyword, value)
            dataset.SOPInstanceUID = f"{SERIES_UID}.{number}.{index}"

        files += write_dicom_series(
            tmp_path / "in", anatomy(4, seed=number), change=change, prefix=f"{number}-"
        )

    images = convert_here(files, tmp_path / "out").images

    got = [read_with_itk(tmp_path / "out" / image.file).pixels for image in images]
    assert np.array_equal(got, [anatomy(4, seed=number) for number in range(2)])
    assert [image.notes for image in images] == [
        (SAME_PLACES.format(f"{called} {value}"),) for value in values
    ]


def named_by_folder(files: list[Path]) -> dict[str, Path]:
    return {f"{file.parent.name}/{file.name}": file for file in files}


def of_another(patient: str, offset_mm: float) -> Change:
    """Give slices another patient, and a place so much higher."""

    def change(dataset: Dataset, index: int) -> None:
        dataset.PatientID, dataset.SOPInstanceUID = patient, f"1.2.{patient}.{index}"
        x, y, z = dataset.ImagePositionPatient
        dataset.ImagePositionPatient = [x, y, z + offset_mm]

    return change


@pytest.mark.parametrize("offset_mm", [0.0, 1.25])
def test_slices_of_two_patients_never_become_one_volume(tmp_path: Path, offset_mm: float) -> None:
    """Identifiers made by hand are sometimes the same for everybody."""
    one = write_dicom_series(tmp_path / "1", anatomy(4), change=of_another("1", 0))
    other = write_dicom_series(tmp_path / "2", -anatomy(4), change=of_another("2", offset_mm))

    report = convert_here(named_by_folder([*one, *other]), tmp_path / "out")

    got = [read_with_itk(tmp_path / "out" / image.file).pixels for image in report.images]
    assert not report.rejected
    assert [image.metadata.patient_id for image in report.images] == ["1", "2"]
    assert np.array_equal(np.stack(got), [anatomy(4), -anatomy(4)])


@pytest.mark.parametrize("interleaved", [False, True])
def test_slices_of_two_frames_of_reference_never_become_one_volume(tmp_path: Path, interleaved: bool) -> None:
    """The patient was laid down anew: what looks like one even grid is two that lie nobody knows how."""

    def moved(dataset: Dataset, index: int) -> None:
        is_second = index % 2 if interleaved else index // 4
        dataset.FrameOfReferenceUID = f"1.2.3.{is_second}"

    volume = anatomy(8)
    files = write_dicom_series(tmp_path / "in", volume, change=moved)

    report = convert_here(files, tmp_path / "out")

    got = sorted(
        (read_with_itk(tmp_path / "out" / image.file) for image in report.images),
        key=lambda image: image.origin[2],
    )
    expected = [volume[::2], volume[1::2]] if interleaved else [volume[:4], volume[4:]]
    assert not report.rejected
    assert all(np.array_equal(one.pixels, its) for one, its in zip(got, expected, strict=True))
    assert [image.notes for image in report.images] == [(ELSEWHERE,)] * 2


def test_a_slice_that_lies_in_another_frame_of_reference_is_told_where_it_is_missing(tmp_path: Path) -> None:
    def one_of_another(dataset: Dataset, index: int) -> None:
        dataset.FrameOfReferenceUID = "1.2.4" if index == 3 else "1.2.3"

    files = write_dicom_series(tmp_path / "in", anatomy(6), change=one_of_another)

    report = convert_here(files, tmp_path / "out")

    (reason,) = {reason for rejection in report.rejected for reason in rejection.reasons}
    assert [image.metadata.depth for image in report.images] == [1]
    assert reason.startswith("Slices are missing: 1 of 6")
    assert reason.endswith(ELSEWHERE)


def test_a_frame_of_reference_for_each_slice_says_nothing_of_places(tmp_path: Path) -> None:
    def its_own(dataset: Dataset, index: int) -> None:
        dataset.FrameOfReferenceUID = f"1.2.3.{dataset.InstanceNumber}"

    files = write_dicom_series(tmp_path / "in", anatomy(6), change=its_own)

    image = the_image(convert_here(files, tmp_path / "out"))

    assert np.array_equal(read_with_itk(tmp_path / "out" / image.file).pixels, anatomy(6))
    assert image.notes == (ONE_EACH,)


def test_a_slice_that_names_no_frame_of_reference_belongs_to_the_only_one(tmp_path: Path) -> None:
    def forgotten(dataset: Dataset, index: int) -> None:
        if index != 2:
            dataset.FrameOfReferenceUID = "1.2.3"

    files = write_dicom_series(tmp_path / "in", anatomy(4), change=forgotten)

    image = the_image(convert_here(files, tmp_path / "out"))

    assert image.metadata.depth == 4
    assert not image.notes


@pytest.mark.parametrize("silent", [0, 2, 3])
def test_a_file_that_does_not_say_whose_it_is_belongs_to_the_patient_of_its_series(
    tmp_path: Path, silent: int
) -> None:
    def forgotten(dataset: Dataset, index: int) -> None:
        if index == silent:
            dataset.PatientID = dataset.PatientName = ""

    files = write_dicom_series(tmp_path / "in", anatomy(4), change=forgotten)

    image = the_image(convert_here(files, tmp_path / "out"))

    assert np.array_equal(read_with_itk(tmp_path / "out" / image.file).pixels, anatomy(4))
    assert (image.metadata.patient_id, image.metadata.patient_name) == ("P-0815", "Muster^Erika")
    assert image.notes == (Assumed.OWNER,)


@pytest.mark.parametrize(
    ("births", "depths"),
    [
        (("19640812", "19640812", "19640812", "19640812"), [4]),
        (("19640812", "19640812", "", ""), [4]),
        (("", "", "19640812", "19640812"), [4]),
        (("19640812", "19640812", "19501231", "19501231"), [2, 2]),
    ],
)
@pytest.mark.parametrize("patient", ["P-0815", ""])
def test_a_file_that_says_of_its_patient_but_the_birth_is_not_taken_for_one_of_another(
    tmp_path: Path, births: tuple[str, ...], depths: list[int], patient: str
) -> None:
    def of_two(dataset: Dataset, index: int) -> None:
        dataset.PatientID, dataset.PatientName = (patient if index < 2 else ""), ""
        dataset.PatientBirthDate = births[index]

    files = write_dicom_series(tmp_path / "in", anatomy(4), change=of_two)

    images = convert_here(files, tmp_path / "out").images

    assert [image.metadata.depth for image in images] == depths


def test_a_file_that_names_its_patient_without_identifier_is_not_taken_for_one_of_another(
    tmp_path: Path,
) -> None:
    def of_two(dataset: Dataset, index: int) -> None:
        dataset.PatientID, dataset.PatientName = (("1", "Muster^Erika"), ("", "Muster^Max"))[index // 2]

    files = write_dicom_series(tmp_path / "in", anatomy(4), change=of_two)

    images = convert_here(files, tmp_path / "out").images

    found = {image.metadata.patient_name: image.metadata.depth for image in images}
    assert found == {"Muster^Erika": 2, "Muster^Max": 2}


@pytest.mark.parametrize(
    ("keyword", "field"), [("PatientID", "patient_id"), ("StudyInstanceUID", "study_instance_uid")]
)
def test_a_file_that_does_not_say_where_it_belongs_belongs_to_neither_of_two(
    tmp_path: Path, keyword: str, field: str
) -> None:
    def forgotten(dataset: Dataset, index: int) -> None:
        setattr(dataset, keyword, ("1.2.1", "1.2.1", "", "1.2.2", "1.2.2")[index])

    files = write_dicom_series(tmp_path / "in", anatomy(5), change=forgotten)

    images = convert_here(files, tmp_path / "out").images

    found = {getattr(image.metadata, field): image.metadata.depth for image in images}
    assert found == {"1.2.1": 2, "": 1, "1.2.2": 2}


def test_folders_tell_slices_apart_when_nothing_else_does(tmp_path: Path) -> None:
    one = write_dicom_series(tmp_path / "1", anatomy(4))
    other = write_dicom_series(tmp_path / "2", -anatomy(4))

    report = convert_here(named_by_folder([*one, *other]), tmp_path / "out")

    got = [read_with_itk(tmp_path / "out" / image.file).pixels for image in report.images]
    assert not report.rejected
    assert np.array_equal(np.stack(got), [anatomy(4), -anatomy(4)])


def test_directions_of_diffusion_tell_slices_apart(tmp_path: Path) -> None:
    files = []
    for number, direction in enumerate([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]):

        def change(dataset: Dataset, index: int, direction: list[float] = direction) -> None:
            dataset.DiffusionBValue, dataset.DiffusionGradientOrientation = 1000.0, direction
            dataset.SOPInstanceUID = generate_uid()

        files += write_dicom_series(
            tmp_path / "in", anatomy(seed=number), change=change, prefix=f"D{number}-"
        )

    report = convert_here(files, tmp_path / "out")

    assert [image.metadata.depth for image in report.images] == [12, 12]


TIMES: dict[str, Callable[[Dataset, int, int], None]] = {
    "TemporalPositionIndex": lambda dataset, time, place: setattr(dataset, "TemporalPositionIndex", time + 1),
    "TemporalPositionIdentifier": lambda dataset, time, place: setattr(
        dataset, "TemporalPositionIdentifier", 10 - time
    ),
    "TriggerTime": lambda dataset, time, place: setattr(dataset, "TriggerTime", 40.5 * time + place),
    "AcquisitionTime": lambda dataset, time, place: setattr(
        dataset, "AcquisitionTime", f"10{9 - time:02}{place:02}.5"
    ),
}


def write_over_time(folder: Path, volumes: np.ndarray, name: str) -> list[Path]:
    files = []
    for time, volume in enumerate(volumes):

        def change(dataset: Dataset, index: int, time: int = time) -> None:
            dataset.SOPInstanceUID = f"{SERIES_UID}.{time}.{index}"
            dataset.ContentTime, dataset.Exposure = f"1015{time:02}.123456", str(100 + time)
            TIMES[name](dataset, time, index)

        files += write_dicom_series(folder, volume, change=change, prefix=f"T{time}-")
    return files


@pytest.mark.parametrize("name", TIMES)
def test_time_is_the_fourth_dimension(tmp_path: Path, name: str) -> None:
    volumes = np.stack([anatomy(4, seed=seed) for seed in range(3)])
    files = write_over_time(tmp_path / "in", volumes, name)

    image = the_image(convert_here(files, tmp_path / "out"))

    expected = volumes[::-1] if name in ("TemporalPositionIdentifier", "AcquisitionTime") else volumes
    got = read_with_itk(tmp_path / "out" / image.file)
    assert (image.metadata.depth, image.metadata.timepoints) == (4, 3)
    assert np.array_equal(got.pixels, expected)
    assert got.spacing == (0.7, 0.5, 2.5, 1.0)
    assert any("when they were acquired" in note for note in image.notes) == (name == "AcquisitionTime")


@pytest.mark.parametrize("numbered", [False, True])
def test_pictures_of_one_place_are_put_in_order_of_when_they_were_acquired(
    tmp_path: Path, numbered: bool
) -> None:
    volumes = [anatomy(1, seed=seed) for seed in range(3)]
    files = []
    for number, volume in enumerate(volumes):

        def change(dataset: Dataset, _: int, number: int = number) -> None:
            dataset.AcquisitionTime = f"10{9 - number:02}00"
            dataset.AcquisitionNumber = number if numbered else 1

        files += write_dicom_series(tmp_path / "in", volume, change=change, prefix=f"{number}-")

    image = the_image(convert_here(files, tmp_path / "out"))

    assert (image.metadata.depth, image.metadata.timepoints) == (1, 3)
    assert np.array_equal(read_with_itk(tmp_path / "out" / image.file).pixels, volumes[::-1])
    assert Assumed.TIME in image.notes


def test_pictures_of_one_place_and_time_are_images_of_their_own(tmp_path: Path) -> None:
    files = [
        write_dicom_series(tmp_path / "in", anatomy(1, seed=seed), prefix=f"{seed}-")[0] for seed in range(3)
    ]

    images = convert_here(files, tmp_path / "out").images

    got = [read_with_itk(tmp_path / "out" / image.file).pixels for image in images]
    assert np.array_equal(got, [anatomy(1, seed=seed) for seed in range(3)])


def write_with_numbers_only(
    folder: Path, volumes: np.ndarray, number_of: Callable[[int, int], int]
) -> list[Path]:
    """Write volumes whose slices differ in the scanner's number alone, told the volume and the place of each."""
    files = []
    for volume, pixels in enumerate(volumes):

        def change(dataset: Dataset, place: int, volume: int = volume) -> None:
            dataset.InstanceNumber = number_of(volume, place)

        files += write_dicom_series(folder, pixels, change=change, prefix=f"{9 - volume}-")
    return files


@pytest.mark.parametrize(
    "number_of",
    [lambda volume, place: 1 + volume * 4 + place, lambda volume, place: 1 + place * 3 + volume],
    ids=["volume after volume", "place after place"],
)
def test_volumes_that_only_their_numbers_tell_apart_are_the_fourth_dimension(
    tmp_path: Path, number_of: Callable[[int, int], int]
) -> None:
    """As in diffusion, where many scanners say in private elements alone how the volumes differ."""
    volumes = np.stack([anatomy(4, seed=seed) for seed in range(3)])
    files = write_with_numbers_only(tmp_path / "in", volumes, number_of)

    image = the_image(convert_here(files, tmp_path / "out"))

    assert np.array_equal(read_with_itk(tmp_path / "out" / image.file).pixels, volumes)
    assert Assumed.NUMBERS in image.notes


def test_a_map_of_diffusion_is_an_image_beside_the_series_it_was_computed_from(tmp_path: Path) -> None:
    volumes = np.stack([anatomy(4, seed=seed) for seed in range(3)])
    files = write_with_numbers_only(tmp_path / "in", volumes, lambda volume, place: 1 + volume * 4 + place)
    for file in files[8:]:
        computed = dcmread(file)
        computed.ImageType = ["DERIVED", "PRIMARY", "ADC"]
        computed.save_as(file)

    images = convert_here(files, tmp_path / "out").images

    got = [read_with_itk(tmp_path / "out" / image.file).pixels for image in images]
    assert [image.metadata.timepoints for image in images] == [2, None]
    assert np.array_equal(got[0], volumes[:2])
    assert np.array_equal(got[1], volumes[2])


def test_numbers_that_count_neither_volumes_nor_places_are_no_time_points(tmp_path: Path) -> None:
    volumes = np.stack([anatomy(4, seed=seed) for seed in range(2)])
    swapped = {2: 7, 7: 2}
    files = write_with_numbers_only(
        tmp_path / "in", volumes, lambda volume, place: swapped.get(at := 1 + volume * 4 + place, at)
    )

    reason = the_reason(convert_here(files, tmp_path / "out"))

    assert reason.startswith("Several slices lie at the same place and nothing tells them apart")


def test_slices_acquired_again_at_some_places_only_are_no_time_points(tmp_path: Path) -> None:
    files = write_over_time(tmp_path / "in", np.stack([anatomy(4)] * 2), "AcquisitionTime")

    reason = the_reason(convert_here(files[:-1], tmp_path / "out"))

    assert reason.startswith("Several slices lie at the same place and nothing tells them apart")


@pytest.mark.parametrize("silent", [0, 2, 3])
def test_a_file_that_does_not_name_its_study_belongs_to_its_series(tmp_path: Path, silent: int) -> None:
    def forgotten(dataset: Dataset, index: int) -> None:
        if index == silent:
            del dataset.StudyInstanceUID

    files = write_dicom_series(tmp_path / "in", anatomy(4), change=forgotten)

    image = the_image(convert_here(files, tmp_path / "out"))

    assert np.array_equal(read_with_itk(tmp_path / "out" / image.file).pixels, anatomy(4))
    assert image.metadata.study_instance_uid == STUDY_UID


def test_stacks_of_one_name_are_one_over_time_in_the_same_study_only(tmp_path: Path) -> None:
    def of_two_patients(dataset: Dataset, index: int) -> None:
        time, place = divmod(index, 3)
        dataset.StackID, dataset.TemporalPositionIndex = "1", time + 1
        dataset.ImagePositionPatient = [0, 0, place]
        dataset.SeriesInstanceUID = f"1.2.{time}"
        dataset.StudyInstanceUID, dataset.PatientID = (("1.2.9", "A"), ("", ""))[time]

    files = write_dicom_series(tmp_path / "in", anatomy(6), change=of_two_patients)

    images = convert_here(files, tmp_path / "out").images

    found = {
        image.metadata.patient_id: read_with_itk(tmp_path / "out" / image.file).pixels for image in images
    }
    assert np.array_equal(found["A"], anatomy(6)[:3])
    assert np.array_equal(found[""], anatomy(6)[3:])


@pytest.mark.parametrize("keyword", ["StudyInstanceUID", "SOPClassUID"])
def test_a_series_is_one_though_a_tool_took_other_identifiers_away(tmp_path: Path, keyword: str) -> None:
    def without(dataset: Dataset, _: int) -> None:
        delattr(dataset, keyword)

    files = write_dicom_series(tmp_path / "in", anatomy(4), change=without)

    image = the_image(convert_here(files, tmp_path / "out"))

    assert np.array_equal(read_with_itk(tmp_path / "out" / image.file).pixels, anatomy(4))


def test_frames_of_dynamic_pet_are_the_fourth_dimension(tmp_path: Path) -> None:
    def dynamic(dataset: Dataset, index: int) -> None:
        dataset.Modality, dataset.FrameReferenceTime = "PT", 60_000.5 * (index // 3)
        dataset.ImagePositionPatient = Grid().slice_position(index % 3)

    files = write_dicom_series(tmp_path / "in", anatomy(6), change=dynamic)

    image = the_image(convert_here(files, tmp_path / "out"))

    assert (image.metadata.depth, image.metadata.timepoints) == (3, 2)
    assert np.array_equal(
        read_with_itk(tmp_path / "out" / image.file).pixels, anatomy(6).reshape(2, 3, 24, 32)
    )


def test_beds_of_pet_taken_at_different_times_are_one_volume(tmp_path: Path) -> None:
    def bed(dataset: Dataset, index: int) -> None:
        dataset.Modality, dataset.FrameReferenceTime = "PT", 60_000.5 * (index // 3)

    files = write_dicom_series(tmp_path / "in", anatomy(6), change=bed)

    image = the_image(convert_here(files, tmp_path / "out"))

    assert (image.metadata.depth, image.metadata.timepoints) == (6, None)


@pytest.mark.parametrize("keyword", ["FrameReferenceTime", "TriggerTime"])
def test_a_slice_that_one_moment_lacks_is_missing(tmp_path: Path, keyword: str) -> None:
    def lacking(dataset: Dataset, index: int) -> None:
        dataset.ImagePositionPatient = Grid().slice_position(index % 3)
        setattr(dataset, keyword, 1000.0 * (index // 3))

    files = write_dicom_series(tmp_path / "in", anatomy(5), change=lacking)

    reason = the_reason(convert_here(files, tmp_path / "out"))

    assert reason.startswith("Slices are missing: there are 2 time points, but only 1 of them where IM000")


@pytest.mark.parametrize("overlap", [0, 1])
def test_beds_that_pet_passes_twice_are_not_missing(tmp_path: Path, overlap: int) -> None:
    """Each bed of each pass has a time of its own: twice two beds, or two that share a slice."""

    def passing(dataset: Dataset, index: int) -> None:
        run, place = divmod(index, 6) if not overlap else (index // 3, index - index // 3)
        dataset.Modality, dataset.AcquisitionNumber = "PT", run + 1
        dataset.FrameReferenceTime = 60_000.0 * (index // 3)
        dataset.ImagePositionPatient = Grid().slice_position(place)

    files = write_dicom_series(tmp_path / "in", anatomy(6 if overlap else 12), change=passing)

    report = convert_here(files, tmp_path / "out")

    assert not report.rejected
    found = [(image.metadata.depth, image.metadata.timepoints) for image in report.images]
    assert found == ([(3, None)] * 2 if overlap else [(6, 2)])


@pytest.mark.parametrize("first", [0, 2])
def test_graphics_above_the_pixels_are_mentioned_wherever_they_begin(tmp_path: Path, first: int) -> None:
    def overlaid(dataset: Dataset, index: int) -> None:
        if index >= first:
            dataset.add_new((0x6002, 0x0010), "US", 24)
            dataset.add_new((0x6002, 0x3000), "OW", bytes(96))

    files = write_dicom_series(tmp_path / "in", anatomy(4), change=overlaid)

    image = the_image(convert_here(files, tmp_path / "out"))

    assert image.notes == (
        "The file has graphics to be shown above its pixels (overlays), which were left out.",
    )


def test_graphics_in_unused_bits_are_mentioned_and_no_part_of_the_values(tmp_path: Path) -> None:
    """As standards of old had it: an overlay without data of its own says which bit of each pixel it is."""

    def drawn(dataset: Dataset, index: int) -> None:
        words = dataset.pixel_array | 0x8000
        dataset.PixelData = words.tobytes()
        dataset.add_new(0x60000010, "US", dataset.Rows)
        dataset.add_new(0x60000011, "US", dataset.Columns)
        dataset.add_new(0x60000100, "US", 16)
        dataset.add_new(0x60000102, "US", 15)

    files = write_dicom_series(tmp_path / "in", anatomy(3), change=drawn)

    image = the_image(convert_here(files, tmp_path / "out"))

    assert any("overlays" in note for note in image.notes)
    assert np.array_equal(read_with_itk(tmp_path / "out" / image.file).pixels, anatomy(3))


def test_a_mosaic_of_slices_is_called_one(tmp_path: Path) -> None:
    def tiled(dataset: Dataset, _: int) -> None:
        dataset.ImageType = ["ORIGINAL", "PRIMARY", "M", "ND", "MOSAIC"]

    files = write_dicom_series(tmp_path / "in", anatomy(1), change=tiled)

    assert SIDE_BY_SIDE in the_image(convert_here(files, tmp_path / "out")).notes


def test_time_points_leave_their_times_in_the_header(tmp_path: Path) -> None:
    files = write_over_time(tmp_path / "in", np.stack([anatomy(2)] * 2), "TemporalPositionIndex")

    image = the_image(convert_here(files, tmp_path / "out"))

    read = sitk.ReadImage(str(tmp_path / "out" / image.file))
    assert read.GetMetaData("ContentTimes") == "101500.123456 101501.123456"
    assert read.GetMetaData("Exposures") == "100 101"


def test_a_slice_missing_at_one_time_is_reported(tmp_path: Path) -> None:
    files = write_over_time(tmp_path / "in", np.stack([anatomy(4)] * 3), "TemporalPositionIndex")

    reason = the_reason(convert_here(files[:-1], tmp_path / "out"))

    assert (
        reason
        == "Slices are missing: there are 3 time points of 4 slices, but time point 3 has only 3 of them."
    )


def test_a_stack_over_time_may_be_spread_over_series(tmp_path: Path) -> None:
    files = []
    for time in range(2):

        def change(dataset: Dataset, index: int, time: int = time) -> None:
            dataset.SeriesInstanceUID = f"{SERIES_UID}.{time}"
            dataset.SOPInstanceUID = f"{SERIES_UID}.{time}.{index}"
            dataset.StackID, dataset.TemporalPositionIndex = "heart", time + 1

        files += write_dicom_series(tmp_path / "in", anatomy(seed=time), change=change, prefix=f"T{time}-")

    image = the_image(convert_here(files, tmp_path / "out"))

    assert image.metadata.timepoints == 2


def test_projections_without_positions_are_pictures_of_their_own(tmp_path: Path) -> None:
    files = []
    for number in range(3):
        dataset = a_dataset(ComputedRadiographyImageStorage, "CR")
        dataset.SOPInstanceUID, dataset.InstanceNumber = generate_uid(), number
        dataset.ImagerPixelSpacing = [0.2, 0.1]
        put_pixels(dataset, np.full((8, 9), number, np.uint16))
        dataset.save_as(tmp_path / f"{number}.dcm", enforce_file_format=True)
        files.append(tmp_path / f"{number}.dcm")

    report = convert_here(files, tmp_path / "out")

    assert [image.name for image in report.images] == ["0.dcm", "1.dcm", "2.dcm"]
    assert {image.metadata.depth for image in report.images} == {1}
    assert report.images[0].metadata.voxel_width_mm == 0.1
    assert report.images[0].notes == ("The pixel size is measured at the detector, not in the patient.",)


def test_slices_without_positions_go_by_their_numbers(tmp_path: Path) -> None:
    def forget(dataset: Dataset, index: int) -> None:
        del dataset.ImagePositionPatient
        dataset.InstanceNumber = 100 - index

    files = write_dicom_series(tmp_path / "in", anatomy(), change=forget)

    image = the_image(convert_here(files, tmp_path / "out"))

    assert np.array_equal(read_with_itk(tmp_path / "out" / image.file).pixels, anatomy()[::-1])
    assert image.metadata.voxel_depth_mm is None
    assert image.notes == ("The slices carry no positions and were ordered by their numbers.",)


def test_slices_without_positions_and_numbers_have_no_order(tmp_path: Path) -> None:
    def forget(dataset: Dataset, index: int) -> None:
        del dataset.ImagePositionPatient, dataset.InstanceNumber

    reason = the_reason(
        convert_here(write_dicom_series(tmp_path / "in", anatomy(), change=forget), tmp_path / "out")
    )

    assert "have neither positions nor numbers" in reason


@pytest.mark.parametrize(
    ("keyword", "value", "expected"),
    [
        ("PatientAge", "45", ""),
        ("PatientSex", "X", ""),
        ("PatientBirthDate", "19641332", None),
        ("StudyDescription", "x" * 70, ""),
        ("Modality", "Röntgen", None),
    ],
)
def test_an_odd_header_value_costs_that_value_only(
    tmp_path: Path, keyword: str, value: str, expected: object
) -> None:
    files = write_dicom_series(
        tmp_path / "in", anatomy(2), change=lambda dataset, _: dataset.add_new(*_raw(keyword, value))
    )

    image = the_image(convert_here(files, tmp_path / "out"))

    names = {
        "PatientAge": "patient_age",
        "PatientSex": "patient_sex",
        "PatientBirthDate": "patient_birth_date",
        "Modality": "modality",
    }
    assert getattr(image.metadata, names.get(keyword, "study_description")) == expected
    assert image.notes == (f"The field {keyword} is not written as DICOM requires and was left out.",)


def _raw(keyword: str, value: str) -> tuple[str, str, str]:
    from pydicom.datadict import dictionary_VR, tag_for_keyword

    return tag_for_keyword(keyword), dictionary_VR(keyword), value  # type: ignore[return-value]  # pydicom takes ints


def test_identifiers_never_become_paths(tmp_path: Path) -> None:
    def hostile(dataset: Dataset, index: int) -> None:
        dataset.StudyInstanceUID = "../../../../evil"
        dataset.SeriesInstanceUID = "/tmp/evil"
        dataset.SeriesDescription = "../../evil"

    files = write_dicom_series(tmp_path / "in", anatomy(2), change=hostile)

    image = the_image(convert_here(files, tmp_path / "out"))

    assert "/" not in image.file
    assert "/" not in image.name
    assert image.metadata.study_instance_uid == ""


def test_size_is_compared_with_the_budget(tmp_path: Path) -> None:
    files = write_dicom_series(tmp_path / "in", anatomy())

    reason = the_reason(convert_here(files, tmp_path / "out", budget=Budget(image_bytes=1000)))

    assert "would take 18 kB uncompressed, but at most 1000 bytes is allowed here" in reason


def test_a_damaged_header_is_refused(tmp_path: Path) -> None:
    (file,) = write_dicom_series(tmp_path / "in", anatomy(1))
    content = file.read_bytes()
    file.write_bytes(content[:132] + b"\xff" * 200 + content[332:])

    reason = the_reason(convert_here([file], tmp_path / "out"))

    assert "is damaged" in reason or "holds no image" in reason


def test_a_file_without_preamble_is_dicom_all_the_same(tmp_path: Path) -> None:
    (file,) = write_dicom_series(tmp_path / "in", anatomy(1))
    bare = tmp_path / "IM1"
    bare.write_bytes(file.read_bytes()[132:])

    image = the_image(convert_here([bare], tmp_path / "out"))

    assert np.array_equal(read_with_itk(tmp_path / "out" / image.file).pixels, anatomy(1))


def test_a_flipped_bit_in_the_header_never_crashes_the_reader(tmp_path: Path) -> None:
    (file,) = write_dicom_series(tmp_path / "in", anatomy(1))
    original = file.read_bytes()
    for offset in range(132, len(original) - 24 * 32 * 2, 7):
        file.write_bytes(original)
        flip_bit(file, offset)

        report = convert_here([file], tmp_path / f"out{offset}")

        assert len(report.images) + len(report.rejected) >= 1


@pytest.mark.parametrize(
    ("charset", "encoded", "expected"),
    [
        (b"\\ISO 2022 IR 58", b"\x1b$)A\xd0\xd8\xb2\xbf CT", "胸部 CT"),
        (b"GB18030", "胸部".encode("gb18030"), "胸部"),
        (b"\\ISO 2022 IR 87", b"\x1b$B6;It\x1b(B CT", "胸部 CT"),
        (b"ISO_IR 13", b"\xb7\xae\xb3\xcc\xde", "ｷｮｳﾌﾞ"),
        (b"\\ISO 2022 IR 149", b"\x1b$)C\xc8\xe4\xba\xce CT", "흉부 CT"),
        (b"ISO_IR 144", "Грудь".encode("iso8859-5"), "Грудь"),
    ],
)
def test_a_series_is_called_as_its_characters_say(
    tmp_path: Path, charset: bytes, encoded: bytes, expected: str
) -> None:
    def placeholders(dataset: Dataset, _: int) -> None:
        dataset.SpecificCharacterSet, dataset.SeriesDescription = "ISO_IR 100", "@" * 20

    files = write_dicom_series(tmp_path / "in", anatomy(2), change=placeholders)
    padded = charset.ljust(len(charset) + len(charset) % 2)
    for file in files:
        content = file.read_bytes().replace(b"@" * 20, encoded.ljust(20))
        declared = b"CS" + len(padded).to_bytes(2, "little") + padded
        file.write_bytes(content.replace(b"CS\x0a\0ISO_IR 100", declared))

    image = the_image(convert_here(files, tmp_path / "out"))

    assert (image.name, image.metadata.series_description) == (f"{expected}-49810012", expected)
    assert not image.notes
