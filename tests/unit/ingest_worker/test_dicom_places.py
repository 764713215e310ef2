"""DICOM files of many frames that place none of them one by one: as ITK places them, or with a note where nobody can."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import Dataset, dcmread
from pydicom.uid import (
    CTImageStorage,
    MRImageStorage,
    NuclearMedicineImageStorage,
    PositronEmissionTomographyImageStorage,
    RTDoseStorage,
)

from demo.imaging import a_dataset, anatomy, put_pixels
from ingest_worker.domain.slices import Assumed
from tests.support.conversions import ItkImage, convert_here, read_with_itk, same_grid, the_image, the_reason
from tests.support.enhanced_ct import write_enhanced_ct

KINDS = {
    "NM": NuclearMedicineImageStorage,
    "PT": PositronEmissionTomographyImageStorage,
    "CT": CTImageStorage,
    "MR": MRImageStorage,
    "RTDOSE": RTDoseStorage,
}
POSITION, ORIENTATION = [10.5, -20.25, 30.0], [0.8, 0.6, 0.0, 0.0, 0.0, -1.0]
NORMAL = np.array([-0.6, 0.8, 0.0])


def write_frames(path: Path, modality: str, volume: Any, *, is_placed: bool = True, **elements: Any) -> Path:
    """Write one file of many frames; the place of the first is where its kind has it."""
    dataset = a_dataset(KINDS[modality], modality)
    put_pixels(dataset, volume)
    dataset.InstanceNumber = 1
    dataset.PixelSpacing = [0.5, 0.7]
    if is_placed:
        place = Dataset() if modality == "NM" else dataset
        place.ImagePositionPatient, place.ImageOrientationPatient = POSITION, ORIENTATION
        if modality == "NM":
            dataset.DetectorInformationSequence = [place]
    for keyword, value in elements.items():
        setattr(dataset, keyword, value)
    dataset.save_as(path, enforce_file_format=True)
    return path


def right_handed(image: ItkImage) -> ItkImage:
    """The same image with its third axis along the cross product of the others."""
    axes = np.reshape(image.direction, (3, 3))
    if np.linalg.det(axes) > 0:
        return image
    last = np.add(image.origin, axes[:, 2] * image.spacing[2] * (image.size[2] - 1))
    axes = axes * [1, 1, -1]
    return replace(image, pixels=image.pixels[::-1], origin=tuple(last), direction=tuple(axes.ravel()))


@pytest.mark.parametrize("distance", [3.0, -3.0, None])
@pytest.mark.parametrize("modality", ["NM", "PT", "CT", "MR"])
def test_frames_follow_the_first_as_itk_has_it(tmp_path: Path, modality: str, distance: float | None) -> None:
    source = write_frames(tmp_path / "in.dcm", modality, anatomy(5), SpacingBetweenSlices=distance)

    image = the_image(convert_here([source], tmp_path / "out"))

    expected = right_handed(read_with_itk(source))
    got = read_with_itk(tmp_path / "out" / image.file)
    assert np.array_equal(got.pixels, expected.pixels)
    assert same_grid(got, expected, tolerance=1e-6)
    assert image.metadata.voxel_depth_mm == (None if distance is None else 3.0)
    doubts = [Assumed.ORDER] if distance else [Assumed.ORDER, Assumed.DISTANCE]
    assert list(image.notes) == doubts


@pytest.mark.parametrize("modality", ["NM", "CT"])
def test_frames_without_any_place_are_stacked_at_the_origin(tmp_path: Path, modality: str) -> None:
    source = write_frames(
        tmp_path / "in.dcm", modality, anatomy(5), is_placed=False, SpacingBetweenSlices=3.0
    )

    image = the_image(convert_here([source], tmp_path / "out"))

    got = read_with_itk(tmp_path / "out" / image.file)
    assert np.array_equal(got.pixels, anatomy(5))
    assert same_grid(got, read_with_itk(source), tolerance=1e-6)
    assert image.notes == ("The frames carry no positions and were stacked as slices in their stored order.",)


def test_frames_stored_against_their_normal_are_not_mirrored(tmp_path: Path) -> None:
    source = write_frames(tmp_path / "in.dcm", "NM", anatomy(5), is_placed=False, SpacingBetweenSlices=-3.0)

    image = the_image(convert_here([source], tmp_path / "out"))

    got = read_with_itk(tmp_path / "out" / image.file)
    assert np.array_equal(got.pixels, right_handed(read_with_itk(source)).pixels)


@pytest.mark.parametrize("is_placed", [True, False])
@pytest.mark.parametrize("modality", ["NM", "PT", "CT", "MR"])
def test_files_of_many_frames_in_one_series_are_images_of_their_own(
    tmp_path: Path, modality: str, is_placed: bool
) -> None:
    sources = [
        write_frames(
            tmp_path / f"{number}.dcm",
            modality,
            anatomy(4, seed=number),
            is_placed=is_placed,
            SpacingBetweenSlices=3.0,
            SOPInstanceUID=f"1.2.{number}",
        )
        for number in (1, 2)
    ]

    report = convert_here(sources, tmp_path / "out")

    assert not report.rejected
    for number, image in enumerate(report.images, start=1):
        assert image.name == f"{number}.dcm"
        got = read_with_itk(tmp_path / "out" / image.file)
        assert np.array_equal(got.pixels, anatomy(4, seed=number))
        assert same_grid(got, read_with_itk(sources[number - 1]), tolerance=1e-6)


@pytest.mark.parametrize("modality", ["NM", "CT"])
def test_a_place_without_an_orientation_is_that_of_an_axial_slice(tmp_path: Path, modality: str) -> None:
    source = write_frames(tmp_path / "in.dcm", modality, anatomy(3), SpacingBetweenSlices=3.0)
    dataset = dcmread(source)
    place = dataset.DetectorInformationSequence[0] if modality == "NM" else dataset
    del place.ImageOrientationPatient
    dataset.save_as(source)

    image = the_image(convert_here([source], tmp_path / "out"))

    assert same_grid(read_with_itk(tmp_path / "out" / image.file), read_with_itk(source), tolerance=1e-6)


def test_views_of_two_detectors_are_one_image_as_itk_has_it(tmp_path: Path) -> None:
    source = write_frames(
        tmp_path / "in.dcm",
        "NM",
        anatomy(2),
        is_placed=False,
        DetectorVector=[1, 2],
        EnergyWindowVector=[1, 1],
    )

    image = the_image(convert_here([source], tmp_path / "out"))

    assert same_grid(read_with_itk(tmp_path / "out" / image.file), read_with_itk(source), tolerance=1e-6)
    assert "stored order" in image.notes[0]


def test_stacks_without_places_in_one_file_are_images_of_their_own(tmp_path: Path) -> None:
    def unplaced(group: Dataset, index: int) -> None:
        del group.PlanePositionSequence
        group.FrameContentSequence[0].StackID = "A" if index < 3 else "B"

    source = write_enhanced_ct(tmp_path / "in.dcm", anatomy(6), change=unplaced)

    report = convert_here([source], tmp_path / "out")

    got = [read_with_itk(tmp_path / "out" / image.file).pixels for image in report.images]
    assert [len(pixels) for pixels in got] == [3, 3]
    assert np.array_equal(np.concatenate(got), anatomy(6))


def test_slices_of_nuclear_medicine_lie_where_their_vector_says(tmp_path: Path) -> None:
    source = write_frames(
        tmp_path / "in.dcm",
        "NM",
        anatomy(4)[[2, 0, 3, 1]],
        SpacingBetweenSlices=3.0,
        SliceVector=[3, 1, 4, 2],
    )

    image = the_image(convert_here([source], tmp_path / "out"))

    got = read_with_itk(tmp_path / "out" / image.file)
    assert np.array_equal(got.pixels, anatomy(4))
    assert np.allclose(got.origin, POSITION - 2 * 3.0 * NORMAL)
    assert image.notes == ()


def test_the_thickness_of_slices_of_nuclear_medicine_stands_in_for_their_distance(tmp_path: Path) -> None:
    source = write_frames(tmp_path / "in.dcm", "NM", anatomy(4), SliceThickness=4.5, SliceVector=[1, 2, 3, 4])

    image = the_image(convert_here([source], tmp_path / "out"))

    assert image.metadata.voxel_depth_mm == 4.5
    assert image.notes == (Assumed.THICKNESS,)


@pytest.mark.parametrize("is_placed", [True, False])
def test_phases_of_the_heart_are_the_fourth_dimension(tmp_path: Path, is_placed: bool) -> None:
    phases = np.stack([anatomy(3, seed=1), anatomy(3, seed=2)])
    source = write_frames(
        tmp_path / "in.dcm",
        "NM",
        phases.reshape(6, *phases.shape[2:]),
        is_placed=is_placed,
        SpacingBetweenSlices=3.0,
        RRIntervalVector=[1] * 6,
        TimeSlotVector=[1, 1, 1, 2, 2, 2],
        SliceVector=[1, 2, 3] * 2,
    )

    image = the_image(convert_here([source], tmp_path / "out"))

    assert (image.metadata.depth, image.metadata.timepoints) == (3, 2)
    got = read_with_itk(tmp_path / "out" / image.file)
    assert np.array_equal(got.pixels, phases)
    assert got.spacing[:3] == (0.7, 0.5, 3.0)
    assert np.allclose(got.origin[:3], POSITION if is_placed else 0)
    assert image.notes == (() if is_placed else (Assumed.PLACE,))


@pytest.mark.parametrize(
    "vectors",
    [
        {"PhaseVector": [1, 1, 2, 2], "TimeSliceVector": [1, 2, 1, 2]},
        {"TimeSliceVector": [1, 2, 3, 4]},
        {"RRIntervalVector": [1] * 4, "TimeSlotVector": [1, 2, 3, 4]},
    ],
    ids=["phases", "dynamic", "gated"],
)
def test_one_view_as_time_goes_by_is_no_stack_of_slices(
    tmp_path: Path, vectors: dict[str, list[int]]
) -> None:
    shuffled = [2, 0, 3, 1]
    elements: dict[str, Any] = {
        name: [vector[place] for place in shuffled] for name, vector in vectors.items()
    }
    source = write_frames(tmp_path / "in.dcm", "NM", anatomy(4)[shuffled], **elements)

    image = the_image(convert_here([source], tmp_path / "out"))

    got = read_with_itk(tmp_path / "out" / image.file)
    assert (image.metadata.depth, image.metadata.timepoints, image.notes) == (1, 4, ())
    assert np.array_equal(got.pixels.squeeze(), anatomy(4))
    assert np.allclose(got.origin[:3], POSITION)


def test_each_detector_has_its_own_view_as_time_goes_by(tmp_path: Path) -> None:
    behind = Dataset()
    behind.ImagePositionPatient, behind.ImageOrientationPatient = [1.0, 2.0, 3.0], [-1, 0, 0, 0, 0, -1]
    front = Dataset()
    front.ImagePositionPatient, front.ImageOrientationPatient = POSITION, [1, 0, 0, 0, 0, -1]
    source = write_frames(
        tmp_path / "in.dcm",
        "NM",
        anatomy(4),
        DetectorVector=[1, 1, 2, 2],
        TimeSliceVector=[1, 2, 1, 2],
        DetectorInformationSequence=[front, behind],
    )

    report = convert_here([source], tmp_path / "out")

    got = [read_with_itk(tmp_path / "out" / image.file) for image in report.images]
    assert np.array_equal(np.stack([one.pixels.squeeze() for one in got]), anatomy(4).reshape(2, 2, 24, 32))
    assert np.allclose([one.origin[:3] for one in got], [POSITION, [1.0, 2.0, 3.0]])
    assert [one.direction[0] for one in got] == [1.0, -1.0]


@pytest.mark.parametrize("seen_by", [[], [3, 3]], ids=["not said", "no such detector"])
def test_views_of_an_unknown_detector_say_so(tmp_path: Path, seen_by: list[int]) -> None:
    detectors = [Dataset(), Dataset()]
    for detector, place in zip(detectors, (POSITION, [1.0, 2.0, 3.0]), strict=True):
        detector.ImagePositionPatient, detector.ImageOrientationPatient = place, [1, 0, 0, 0, 0, -1]
    source = write_frames(
        tmp_path / "in.dcm",
        "NM",
        anatomy(2),
        DetectorVector=seen_by,
        TimeSliceVector=[1, 2],
        DetectorInformationSequence=detectors,
    )

    image = the_image(convert_here([source], tmp_path / "out"))

    assert Assumed.DETECTOR in image.notes
    assert np.allclose(read_with_itk(tmp_path / "out" / image.file).origin[:3], POSITION)


def test_views_from_around_the_patient_are_no_moments(tmp_path: Path) -> None:
    source = write_frames(
        tmp_path / "in.dcm",
        "NM",
        anatomy(4),
        TimeSlotVector=[1, 2, 1, 2],
        AngularViewVector=[1, 1, 2, 2],
    )

    image = the_image(convert_here([source], tmp_path / "out"))

    assert (image.metadata.depth, image.metadata.timepoints) == (4, None)
    assert image.notes[:2] == (Assumed.VIEWS, Assumed.ORDER)


def test_intervals_between_heart_beats_are_images_of_their_own(tmp_path: Path) -> None:
    volumes = np.stack([anatomy(2, seed=seed) for seed in (1, 2, 3, 4)])
    source = write_frames(
        tmp_path / "in.dcm",
        "NM",
        volumes.reshape(8, *volumes.shape[2:]),
        SpacingBetweenSlices=3.0,
        RRIntervalVector=[1] * 4 + [2] * 4,
        TimeSlotVector=[1, 1, 2, 2] * 2,
        SliceVector=[1, 2] * 4,
    )

    report = convert_here([source], tmp_path / "out")

    got = [read_with_itk(tmp_path / "out" / image.file).pixels for image in report.images]
    assert np.array_equal(np.stack(got), volumes.reshape(2, 2, *volumes.shape[1:]))


def test_a_single_frame_of_nuclear_medicine_lies_where_its_detector_was(tmp_path: Path) -> None:
    source = write_frames(tmp_path / "in.dcm", "NM", anatomy(1))

    image = the_image(convert_here([source], tmp_path / "out"))

    assert same_grid(read_with_itk(tmp_path / "out" / image.file), read_with_itk(source), tolerance=1e-6)


def test_single_frames_of_nuclear_medicine_are_joined_by_the_places_of_their_detectors(
    tmp_path: Path,
) -> None:
    sources = []
    for index, pixels in enumerate(anatomy(4)):
        place = Dataset()
        place.ImagePositionPatient = list(np.round(POSITION + 3.0 * index * NORMAL, 6))
        place.ImageOrientationPatient = ORIENTATION
        source = write_frames(
            tmp_path / f"{index}.dcm",
            "NM",
            pixels[np.newaxis],
            DetectorInformationSequence=[place],
            SOPInstanceUID=f"1.2.{index}",
        )
        sources.append(source)

    image = the_image(convert_here(sources[::-1], tmp_path / "out"))

    got = read_with_itk(tmp_path / "out" / image.file)
    assert np.array_equal(got.pixels, anatomy(4))
    assert np.allclose((*got.spacing, *got.origin), (0.7, 0.5, 3.0, *POSITION))


def test_two_dose_grids_of_one_series_are_images_of_their_own(tmp_path: Path) -> None:
    offsets = [0.0, 2.5, 5.0]
    sources = [
        write_frames(
            tmp_path / f"{number}.dcm",
            "RTDOSE",
            anatomy(3, seed=number).astype(np.uint16),
            GridFrameOffsetVector=offsets,
            DoseGridScaling=0.5,
            SOPInstanceUID=f"1.2.{number}",
        )
        for number in (1, 2)
    ]

    report = convert_here(sources, tmp_path / "out")

    assert [(image.name, image.metadata.voxel_depth_mm) for image in report.images] == [
        ("1.dcm", 2.5),
        ("2.dcm", 2.5),
    ]
    assert not report.rejected


@pytest.mark.parametrize("orientation", [[1, 0, 0, 0, 1, 0], [-1, 0, 0, 0, 1, 0], [-1, 0, 0, 0, -1, 0]])
@pytest.mark.parametrize("step", [2.5, -2.5])
@pytest.mark.parametrize("is_absolute", [False, True])
def test_planes_of_dose_lie_behind_the_first_or_at_their_height(
    tmp_path: Path, orientation: list[float], step: float, is_absolute: bool
) -> None:
    """From zero on along the normal, else as coordinates of the patient, whichever way the normal points."""
    dose = anatomy(3).astype(np.uint16)
    offsets = [(POSITION[2] if is_absolute else 0.0) + step * rank for rank in range(3)]
    source = write_frames(
        tmp_path / "in.dcm",
        "RTDOSE",
        dose,
        GridFrameOffsetVector=offsets,
        ImagePositionPatient=POSITION,
        ImageOrientationPatient=orientation,
    )

    image = the_image(convert_here([source], tmp_path / "out"))

    got = read_with_itk(tmp_path / "out" / image.file)
    towards = np.cross(orientation[:3], orientation[3:])[2]
    heights = [got.origin[2] + rank * got.spacing[2] * got.direction[-1] for rank in range(3)]
    expected = offsets if is_absolute else [POSITION[2] + at * towards for at in offsets]
    order = np.argsort(expected)[:: int(towards)]
    assert np.allclose(heights, np.array(expected)[order])
    assert np.array_equal(got.pixels, dose[order])


def test_a_dose_grid_that_places_too_few_of_its_planes_is_refused(tmp_path: Path) -> None:
    source = write_frames(
        tmp_path / "in.dcm", "RTDOSE", anatomy(3).astype(np.uint16), GridFrameOffsetVector=[0, 5]
    )

    reason = the_reason(convert_here([source], tmp_path / "out"))

    assert reason == "The file in.dcm has 3 planes of dose, but says of 2 where they lie."
