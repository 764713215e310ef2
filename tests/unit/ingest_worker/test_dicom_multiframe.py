"""DICOM files of many frames: each frame is placed, timed and scaled by its own functional groups."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom import dcmread, dcmwrite
from pydicom.datadict import tag_for_keyword
from pydicom.dataset import Dataset
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
    ParametricMapStorage,
    SegmentationStorage,
    UltrasoundMultiFrameImageStorage,
)

from demo.imaging import Change, Grid, a_dataset, anatomy, picture, put_pixels, write_dicom_series
from ingest_worker.adapters.readers.dicom_frames import LABEL_MAP_SEGMENTATION
from ingest_worker.domain.images import EyeChoice
from ingest_worker.domain.slices import Assumed
from ingest_worker.domain.stacking import SAME_PLACES
from tests.support.conversions import convert_here, read_with_itk, same_grid, the_image, the_reason
from tests.support.enhanced_ct import write_enhanced_ct

SHUFFLED = [3, 0, 5, 1, 4, 2]
OBLIQUE = Grid((0.7, 0.5, 2.5), (-120.5, 3.25, 40.0), ((0.8, 0.6, 0.0), (0.0, 0.0, -1.0)))


@pytest.mark.parametrize("order", [None, SHUFFLED], ids=["in order", "shuffled"])
def test_an_enhanced_file_equals_the_series_of_its_slices(tmp_path: Path, order: list[int] | None) -> None:
    volume = anatomy(6)
    enhanced = write_enhanced_ct(tmp_path / "enhanced.dcm", volume, grid=OBLIQUE, order=order)
    series = write_dicom_series(tmp_path / "series", volume, grid=OBLIQUE)

    one = the_image(convert_here([enhanced], tmp_path / "out1"))
    other = the_image(convert_here(series, tmp_path / "out2"))

    first, second = read_with_itk(tmp_path / "out1" / one.file), read_with_itk(tmp_path / "out2" / other.file)
    assert np.array_equal(first.pixels, volume)
    assert one.pixels_sha256 == other.pixels_sha256
    assert same_grid(first, second, tolerance=1e-9)
    assert (one.metadata.window_center, one.metadata.window_width) == (40.0, 400.0)
    assert one.name == "enhanced.dcm"


def test_frames_are_scaled_one_by_one(tmp_path: Path) -> None:
    def rescale(group: Dataset, index: int) -> None:
        own = Dataset()
        own.RescaleSlope, own.RescaleIntercept = index + 1, -1024
        group.PixelValueTransformationSequence = [own]

    volume = anatomy(3)
    source = write_enhanced_ct(tmp_path / "in.dcm", volume, change=rescale)

    image = the_image(convert_here([source], tmp_path / "out"))

    stored = volume.astype(int) + 1024
    expected = np.stack([stored[index] * (index + 1) - 1024 for index in range(3)])
    assert image.sample_type == "int16"
    assert np.array_equal(read_with_itk(tmp_path / "out" / image.file).pixels, expected)


def test_a_map_of_parameters_tells_what_its_values_stand_for(tmp_path: Path) -> None:
    source = write_enhanced_ct(tmp_path / "in.dcm", anatomy(3))
    dataset = dcmread(source)
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = ParametricMapStorage
    mapping = Dataset()
    mapping.RealWorldValueSlope, mapping.RealWorldValueIntercept = 0.5, 3.0
    dataset.SharedFunctionalGroupsSequence[0].RealWorldValueMappingSequence = [mapping]
    dataset.save_as(source)

    image = the_image(convert_here([source], tmp_path / "out"))

    assert np.array_equal(read_with_itk(tmp_path / "out" / image.file).pixels, anatomy(3))
    assert image.notes == (
        "What is measured is a value times 0.5 plus 3 (Real World Value Mapping); the values were left as they are stored.",
    )


def test_frames_over_time_are_the_fourth_dimension(tmp_path: Path) -> None:
    def timed(group: Dataset, index: int) -> None:
        group.FrameContentSequence[0].TemporalPositionIndex = index % 2 + 1

    volume = anatomy(6)
    source = write_enhanced_ct(tmp_path / "in.dcm", volume, order=[0, 0, 1, 1, 2, 2], change=timed)

    image = the_image(convert_here([source], tmp_path / "out"))

    assert (image.metadata.depth, image.metadata.timepoints) == (3, 2)
    assert np.array_equal(read_with_itk(tmp_path / "out" / image.file).pixels, np.stack([volume[:3]] * 2))


def test_two_stacks_in_one_file_become_two_images(tmp_path: Path) -> None:
    def stacked(group: Dataset, index: int) -> None:
        group.FrameContentSequence[0].StackID = "A" if index < 3 else "B"

    source = write_enhanced_ct(tmp_path / "in.dcm", anatomy(6), change=stacked)

    report = convert_here([source], tmp_path / "out")

    got = [read_with_itk(tmp_path / "out" / image.file).pixels for image in report.images]
    assert [image.name for image in report.images] == ["in.dcm", "in.dcm (2)"]
    assert np.array_equal(np.concatenate(got), anatomy(6))


def test_files_of_many_frames_in_one_series_are_joined_by_position(tmp_path: Path) -> None:
    low = write_enhanced_ct(tmp_path / "1.dcm", anatomy(6), order=[0, 1, 2])
    high = write_enhanced_ct(tmp_path / "2.dcm", anatomy(6), order=[5, 4, 3], change=None)

    image = the_image(convert_here([high, low], tmp_path / "out"))

    assert np.array_equal(read_with_itk(tmp_path / "out" / image.file).pixels, anatomy(6))


def test_frames_without_a_place_are_slices_in_stored_order(tmp_path: Path) -> None:
    frames = np.stack([picture(), picture()[::-1], picture()[:, ::-1]])
    dataset = a_dataset(UltrasoundMultiFrameImageStorage, "US")
    put_pixels(dataset, frames)
    dataset.save_as(tmp_path / "cine.dcm", enforce_file_format=True)

    image = the_image(convert_here([tmp_path / "cine.dcm"], tmp_path / "out"))

    assert np.array_equal(read_with_itk(tmp_path / "out" / image.file).pixels, frames)
    assert (image.metadata.depth, image.metadata.voxel_depth_mm) == (3, None)
    assert "The frames carry no positions and were stacked as slices in their stored order." in image.notes


def test_clips_of_one_series_are_images_of_their_own(tmp_path: Path) -> None:
    for number in range(2):
        dataset = a_dataset(UltrasoundMultiFrameImageStorage, "US")
        put_pixels(dataset, np.full((3, 8, 9), number, np.uint8))
        dataset.save_as(tmp_path / f"{number}.dcm", enforce_file_format=True)

    report = convert_here(list(tmp_path.glob("*.dcm")), tmp_path / "out")

    assert [(image.name, image.metadata.depth) for image in report.images] == [("0.dcm", 3), ("1.dcm", 3)]


def test_fewer_descriptions_than_frames_are_refused(tmp_path: Path) -> None:
    source = write_enhanced_ct(tmp_path / "in.dcm", anatomy(4))
    dataset = dcmread(source)
    del dataset.PerFrameFunctionalGroupsSequence[-1]
    dataset.save_as(source, enforce_file_format=True)

    reason = the_reason(convert_here([source], tmp_path / "out"))

    assert reason == "The file in.dcm announces 4 frames but describes 3."


def write_segmentation(path: Path, frames: list[tuple[int, int]], masks: NDArray[np.uint8]) -> Path:
    """Write masks of single bits, frames given by segment and slice; segments called as in `LABELS`."""

    def segmented(group: Dataset, index: int) -> None:
        item = Dataset()
        item.ReferencedSegmentNumber = frames[index][0]
        group.SegmentIdentificationSequence = [item]

    write_enhanced_ct(
        path, anatomy(30, *masks.shape[1:]), order=[place for _, place in frames], change=segmented
    )
    dataset = dcmread(path)
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = SegmentationStorage
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 1, 1, 0
    del dataset.SharedFunctionalGroupsSequence[0].PixelValueTransformationSequence
    dataset.SegmentSequence = []
    for number, label in LABELS.items():
        segment = Dataset()
        segment.SegmentNumber, segment.SegmentLabel = number, label
        dataset.SegmentSequence.append(segment)
    packed = np.packbits(masks, bitorder="little").tobytes()
    dataset.PixelData = packed + b"\0" * (len(packed) % 2)
    dataset.save_as(path)
    return path


LABELS = {1: "Liver", 2: "Left/kidney"}
MASKS = np.random.default_rng(3).integers(0, 2, (6, 5, 7)).astype(np.uint8)
"""Of 5 x 7 pixels: frames of single bits do not end at bytes."""


def test_each_segment_of_a_segmentation_is_a_mask_of_its_own(tmp_path: Path) -> None:
    frames = [(segment, place) for segment in (1, 2) for place in range(3)]
    source = write_segmentation(tmp_path / "in.dcm", frames, MASKS)

    report = convert_here([source], tmp_path / "out")

    assert not report.rejected
    got = [read_with_itk(tmp_path / "out" / image.file).pixels for image in report.images]
    assert np.array_equal(np.stack(got), MASKS.reshape(2, 3, 5, 7))
    assert [image.metadata.segments for image in report.images] == [(0, 1), (0, 1)]
    assert [image.name for image in report.images] == ["in.dcm, Liver", "in.dcm, Left kidney"]


@pytest.mark.parametrize("kind", ["OB", "OW"])
@pytest.mark.parametrize(
    "transfer_syntax",
    [ImplicitVRLittleEndian, DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian],
    ids=lambda uid: uid.name,
)
def test_masks_of_single_bits_are_read_however_they_are_written(
    tmp_path: Path, transfer_syntax: UID, kind: str
) -> None:
    frames = [(segment, place) for segment in (1, 2) for place in range(3)]
    dataset = dcmread(write_segmentation(tmp_path / "plain.dcm", frames, MASKS))
    dataset["PixelData"].VR = kind
    is_big = transfer_syntax == ExplicitVRBigEndian
    if is_big and kind == "OW":
        dataset.PixelData = np.frombuffer(dataset.PixelData, "<u2").astype(">u2").tobytes()
    dataset.file_meta.TransferSyntaxUID = transfer_syntax
    dataset.walk(lambda _, element: element.value)  # decodes it: what is not would be written as it was read
    dcmwrite(
        tmp_path / "in.dcm",
        dataset,
        implicit_vr=transfer_syntax.is_implicit_VR,
        little_endian=not is_big,
        force_encoding=True,
    )

    report = convert_here([tmp_path / "in.dcm"], tmp_path / "out")

    assert not report.rejected
    got = [read_with_itk(tmp_path / "out" / image.file).pixels for image in report.images]
    assert np.array_equal(np.stack(got), MASKS.reshape(2, 3, 5, 7))


def test_a_deflated_mask_that_is_cut_off_is_refused(tmp_path: Path) -> None:
    dataset = dcmread(write_segmentation(tmp_path / "plain.dcm", [(1, 0), (1, 1)], MASKS[:2]))
    dataset.PixelData = dataset.PixelData[:8]
    dataset.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    dataset.save_as(tmp_path / "in.dcm")

    reason = the_reason(convert_here([tmp_path / "in.dcm"], tmp_path / "out"))

    assert (
        reason
        == "The file in.dcm is incomplete: its header promises 9 bytes of pixels, but only 8 are there."
    )


def test_segmentations_of_one_series_are_masks_of_their_own(tmp_path: Path) -> None:
    one = write_segmentation(tmp_path / "1.dcm", [(1, place) for place in range(3)], MASKS[:3])
    other = write_segmentation(tmp_path / "2.dcm", [(1, place) for place in range(2, 5)], MASKS[3:])

    report = convert_here([one, other], tmp_path / "out")

    got = [read_with_itk(tmp_path / "out" / image.file).pixels for image in report.images]
    assert np.array_equal(got, [MASKS[:3], MASKS[3:]])
    assert [image.name for image in report.images] == ["1.dcm, Liver", "2.dcm, Liver"]


def test_a_label_map_holds_numbers_of_segments_though_it_brings_their_colours(tmp_path: Path) -> None:
    labels = MASKS + 2 * MASKS[::-1]
    source = write_enhanced_ct(tmp_path / "in.dcm", anatomy(6, 5, 7))
    dataset = dcmread(source)
    put_pixels(dataset, labels)
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = UID(LABEL_MAP_SEGMENTATION)
    del dataset.SharedFunctionalGroupsSequence[0].PixelValueTransformationSequence
    dataset.PhotometricInterpretation = "PALETTE COLOR"
    for color in ("Red", "Green", "Blue"):
        dataset.add_new(f"{color}PaletteColorLookupTableDescriptor", "US", [4, 0, 16])
        setattr(dataset, f"{color}PaletteColorLookupTableData", bytes(range(8)))
    dataset.save_as(source)

    image = the_image(convert_here([source], tmp_path / "out"))

    assert np.array_equal(read_with_itk(tmp_path / "out" / image.file).pixels, labels)
    assert image.metadata.segments == (0, 1, 2, 3)


def test_a_volume_of_ultrasound_lies_where_its_transducer_says(tmp_path: Path) -> None:
    def in_transducer(group: Dataset, _: int) -> None:
        where = Dataset()
        where.ImagePositionVolume = group.PlanePositionSequence[0].ImagePositionPatient
        group.PlanePositionVolumeSequence = [where]
        del group.PlanePositionSequence

    source = write_enhanced_ct(tmp_path / "in.dcm", anatomy(4), order=[2, 0, 1, 3], change=in_transducer)
    dataset = dcmread(source)
    shared, turned = dataset.SharedFunctionalGroupsSequence[0], Dataset()
    turned.ImageOrientationVolume = shared.PlaneOrientationSequence[0].ImageOrientationPatient
    shared.PlaneOrientationVolumeSequence = [turned]
    del shared.PlaneOrientationSequence
    dataset.save_as(source)

    image = the_image(convert_here([source], tmp_path / "out"))

    got = read_with_itk(tmp_path / "out" / image.file)
    assert np.array_equal(got.pixels, anatomy(4))
    assert (got.spacing, got.origin) == ((0.7, 0.5, 2.5), tuple(Grid().slice_position(0)))
    assert image.notes == (Assumed.TRANSDUCER,)


@pytest.mark.parametrize(
    ("modality", "eye"),
    [("OPT", EyeChoice.OS), ("OPTBSV", EyeChoice.OS), ("MG", EyeChoice.NOT_APPLICABLE)],
)
def test_the_side_may_be_told_with_the_frames(tmp_path: Path, modality: str, eye: EyeChoice) -> None:
    source = write_enhanced_ct(tmp_path / "in.dcm", anatomy(4))
    dataset, anatomic = dcmread(source), Dataset()
    dataset.Modality, anatomic.FrameLaterality = modality, "L"
    dataset.SharedFunctionalGroupsSequence[0].FrameAnatomySequence = [anatomic]
    dataset.save_as(source)

    image = the_image(convert_here([source], tmp_path / "out"))

    assert image.metadata.eye_choice is eye
    assert b"\nLaterality = L\n" in (tmp_path / "out" / image.file).read_bytes()


def test_frames_that_are_missing_inside_a_file_are_named(tmp_path: Path) -> None:
    source = write_enhanced_ct(tmp_path / "in.dcm", anatomy(5), order=[0, 1, 2, 4])

    reason = the_reason(convert_here([source], tmp_path / "out"))

    assert reason == "Slices are missing: 1 of 5, the first between frames 3 and 4 of in.dcm."


def repeated(path: Path, change: Change) -> Path:
    """Write an enhanced file that shows three places twice."""
    return write_enhanced_ct(path, anatomy(3), order=[0, 1, 2, 0, 1, 2], change=change)


@pytest.mark.parametrize(
    ("sequence", "keyword", "values", "called"),
    [
        ("FrameContentSequence", "FrameAcquisitionNumber", (1, 2), "acquisition"),
        ("MREchoSequence", "EffectiveEchoTime", (1.5, 3.0), "echo time"),
        ("MRModifierSequence", "InversionTimes", (100.0, 200.0), "inversion time"),
        ("MRTimingAndRelatedParametersSequence", "FlipAngle", (4.0, 18.0), "flip angle"),
        ("CTXRayDetailsSequence", "KVP", (80.0, 140.0), "tube voltage"),
        ("CTReconstructionSequence", "ConvolutionKernel", ("B30f", "B70f"), "kernel"),
        ("MRDiffusionSequence", "DiffusionBValue", (0.0, 1000.0), "b-value"),
        ("MRImageFrameTypeSequence", "ComplexImageComponent", ("MAGNITUDE", "PHASE"), "image type"),
    ],
)
def test_functional_groups_tell_frames_at_one_place_apart(
    tmp_path: Path, sequence: str, keyword: str, values: tuple[object, object], called: str
) -> None:
    def change(group: Dataset, index: int) -> None:
        item = group[sequence].value[0] if sequence in group else Dataset()
        setattr(item, keyword, values[index // 3])
        setattr(group, sequence, [item])

    images = convert_here([repeated(tmp_path / "in.dcm", change)], tmp_path / "out").images

    assert [image.metadata.depth for image in images] == [3, 3]
    assert [image.notes for image in images] == [
        (SAME_PLACES.format(f"{called} {value}"),) for value in values
    ]


def test_dimensions_of_a_file_tell_frames_at_one_place_apart(tmp_path: Path) -> None:
    def change(group: Dataset, index: int) -> None:
        group.FrameContentSequence[0].DimensionIndexValues = [1, index % 3 + 1, 2 - index // 3]

    source = repeated(tmp_path / "in.dcm", change)
    dataset, pointers = dcmread(source), [Dataset(), Dataset(), Dataset()]
    for one, keyword in zip(
        pointers, ("StackID", "InStackPositionNumber", "ContrastBolusAgentPhase"), strict=True
    ):
        one.DimensionIndexPointer = tag_for_keyword(keyword)
    dataset.DimensionIndexSequence = pointers
    dataset.save_as(source)

    images = convert_here([source], tmp_path / "out").images

    assert [image.notes for image in images] == [
        (SAME_PLACES.format(f"dimension {index}"),) for index in (1, 2)
    ]


def test_offsets_in_time_are_the_fourth_dimension(tmp_path: Path) -> None:
    def change(group: Dataset, index: int) -> None:
        offset = Dataset()
        offset.TemporalPositionTimeOffset = 1.5 * (index // 3)
        group.TemporalPositionSequence = [offset]

    image = the_image(convert_here([repeated(tmp_path / "in.dcm", change)], tmp_path / "out"))

    assert (image.metadata.depth, image.metadata.timepoints) == (3, 2)


def test_volumes_at_one_place_in_files_of_their_own_are_images_of_their_own(tmp_path: Path) -> None:
    one = write_enhanced_ct(tmp_path / "1.dcm", anatomy(4))
    other = write_enhanced_ct(tmp_path / "2.dcm", -anatomy(4))

    report = convert_here([one, other], tmp_path / "out")

    got = [read_with_itk(tmp_path / "out" / image.file).pixels for image in report.images]
    assert not report.rejected
    assert np.array_equal(got, [anatomy(4), -anatomy(4)])


def test_segments_one_above_the_other_are_masks_of_their_own(tmp_path: Path) -> None:
    frames = [(1, 0), (1, 1), (1, 2), (2, 3), (2, 4), (3, 5)]
    source = write_segmentation(tmp_path / "in.dcm", frames, MASKS)

    report = convert_here([source], tmp_path / "out")

    assert [image.metadata.depth for image in report.images] == [3, 2, 1]
    assert [image.name for image in report.images][-1] == "in.dcm, segment 3"


def test_tiles_of_a_segmented_slide_are_not_taken_for_slices(tmp_path: Path) -> None:
    dataset = a_dataset(SegmentationStorage, "SEG")
    put_pixels(dataset, np.ones((4, 8, 8), np.uint8))
    dataset.TotalPixelMatrixRows = dataset.TotalPixelMatrixColumns = 16
    dataset.DimensionOrganizationType = "TILED_FULL"
    dataset.save_as(tmp_path / "in.dcm", enforce_file_format=True)

    reason = the_reason(convert_here([tmp_path / "in.dcm"], tmp_path / "out"))

    assert reason == "The frames of in.dcm are tiles of a larger image, which cannot be imported."


def test_slices_a_segmentation_leaves_out_are_empty(tmp_path: Path) -> None:
    frames = [(1, 0), (1, 1), (1, 6), (2, 20), (2, 22), (2, 23)]
    source = write_segmentation(tmp_path / "in.dcm", frames, MASKS)

    report = convert_here([source], tmp_path / "out")

    first, second = (read_with_itk(tmp_path / "out" / image.file) for image in report.images)
    nothing = np.zeros_like(MASKS[0])
    assert not report.rejected
    assert np.array_equal(first.pixels, [MASKS[0], MASKS[1], *[nothing] * 4, MASKS[2]])
    assert np.array_equal(second.pixels, [MASKS[3], nothing, MASKS[4], MASKS[5]])
    assert first.spacing == second.spacing == (0.7, 0.5, 2.5)
    assert second.origin == tuple(Grid().slice_position(20))


@pytest.mark.parametrize("places", [[0.0, 2.5, 8.6], [0.0, 1e-2, 1e9]])
def test_a_segmentation_whose_slices_lie_on_no_grid_is_refused(tmp_path: Path, places: list[float]) -> None:
    source = write_segmentation(tmp_path / "in.dcm", [(1, index) for index in range(3)], MASKS[:3])
    dataset = dcmread(source)
    for group, place in zip(dataset.PerFrameFunctionalGroupsSequence, places, strict=True):
        group.PlanePositionSequence[0].ImagePositionPatient = [0, 0, place]
    dataset.save_as(source)

    reason = the_reason(convert_here([source], tmp_path / "out"))

    assert "slices" in reason.lower()


def test_a_single_frame_takes_the_distance_its_functional_groups_announce(tmp_path: Path) -> None:
    source = write_enhanced_ct(tmp_path / "in.dcm", anatomy(1))
    dataset = dcmread(source)
    dataset.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].SpacingBetweenSlices = 3
    dataset.save_as(source)

    image = the_image(convert_here([source], tmp_path / "out"))

    assert image.metadata.voxel_depth_mm == 3
    assert read_with_itk(tmp_path / "out" / image.file).spacing == (0.7, 0.5, 3.0)
