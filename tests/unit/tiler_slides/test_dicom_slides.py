"""DICOM slides: found with few reads, placed where their frames say, decoded where they cannot be copied, and refused."""

import copy
import os
import shutil
import struct
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pydicom
import pytest
import tifffile
from pydicom.encaps import encapsulate, generate_frames
from pydicom.uid import ImplicitVRLittleEndian, RLELossless, generate_uid

from archive_shared.colour_profile import without_origin
from tests.support import slide_files
from tests.support.converting import convert, refusal, seen_by_openslide
from tiler.adapters.slides.associated_pictures import associated_pictures
from tiler.adapters.slides.conversion import convert_slide
from tiler.adapters.slides.local_files import LocalFiles
from tiler.adapters.slides.planning import plan_slide
from tiler.domain.limits import MAX_SLIDE_FILES
from tiler.domain.ranged_source import RangedSource
from tiler.domain.slide import Route
from tiler.slides import describe

MIB = 1 << 20


class Counted:
    """A source that remembers how often it is read, and how much."""

    def __init__(self, source: RangedSource, sizes: list[int]) -> None:
        self._source, self._sizes = source, sizes

    @property
    def size_bytes(self) -> int:
        return self._source.size_bytes

    def read(self, start: int, end: int) -> bytes:
        self._sizes.append(end - start)
        return self._source.read(start, end)


class CountedFiles(LocalFiles):
    """Files of a slide whose reads are counted."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.sizes: list[int] = []

    def open(self, name: str) -> RangedSource:
        return Counted(super().open(name), self.sizes)


def repacked(path: Path, frames: Sequence[bytes], *, fragments: int = 1) -> Path:
    """Write other frames into a file."""
    dataset = pydicom.dcmread(path)
    dataset.PixelData = encapsulate(list(frames), fragments_per_frame=fragments)
    dataset.save_as(path)
    return path


@pytest.mark.parametrize("offset_table", ["basic", "extended", "none"])
def test_planning_takes_a_few_reads_for_any_number_of_frames(offset_table: str, tmp_path: Path) -> None:
    reads = []
    for side in (256, 2560):
        slide = slide_files.dicom_slide(
            tmp_path / f"{side}", size=(side, side), steps=(1,), planes=(1,), offset_table=offset_table
        )
        with CountedFiles(slide.path) as files:
            plan_slide(files)
        reads.append(len(files.sizes))

    more = slide.path.stat().st_size // MIB if offset_table == "none" else 1
    assert reads[1] <= reads[0] + more < 16  # of files with 4 and with 400 frames


def test_frames_are_copied_many_at_a_time(tmp_path: Path) -> None:
    slide = slide_files.dicom_slide(tmp_path / "a", size=(2560, 1280), steps=(1,), planes=(1,))

    with CountedFiles(slide.path) as files:
        convert_slide(files, tmp_path / "slide.tif", name="a", threads=1, on_progress=lambda _: None)

    assert len(files.sizes) < 30  # there are 200 frames


@pytest.mark.parametrize("offset_table", ["basic", "extended", "none"])
def test_tables_of_frames_lead_to_the_same_pixels(offset_table: str, tmp_path: Path) -> None:
    slide = slide_files.dicom_slide(tmp_path / "a", offset_table=offset_table)

    convert(slide.path, tmp_path / "slide.tif")

    expected = seen_by_openslide(slide.path).pixels
    assert np.array_equal(seen_by_openslide(tmp_path / "slide.tif").pixels, expected)


@pytest.mark.parametrize("fragments", [1, 2])
def test_frames_in_fragments_are_refused(fragments: int, tmp_path: Path) -> None:
    slide = slide_files.dicom_slide(tmp_path / "a", steps=(1,), planes=(1,)).path
    frames = list(generate_frames(pydicom.dcmread(slide).PixelData, number_of_frames=20))
    repacked(slide, frames, fragments=fragments)

    if fragments == 1:
        assert convert(slide, tmp_path / "slide.tif").route == Route.COPY
    else:
        assert "fragments" in refusal(slide)


def with_second_offset(path: Path, change: Callable[[int], int]) -> Path:
    """Change where the second frame is said to begin."""
    body = bytearray(path.read_bytes())
    at = body.index(b"\xe0\x7f\x10\x00OB") + 12 + 8 + 4
    (offset,) = struct.unpack_from("<I", body, at)
    struct.pack_into("<I", body, at, change(offset))
    path.write_bytes(body)
    return path


def test_a_table_that_points_elsewhere_is_refused(tmp_path: Path) -> None:
    slide = slide_files.dicom_slide(tmp_path / "a", steps=(1,), planes=(1,)).path

    assert "table" in refusal(with_second_offset(slide, lambda offset: offset + 2))


def test_a_table_without_order_is_not_used(tmp_path: Path) -> None:
    slide = slide_files.dicom_slide(tmp_path / "a", steps=(1,), planes=(1,)).path
    expected = seen_by_openslide(slide).pixels

    convert(with_second_offset(slide, lambda _: 0), tmp_path / "slide.tif")

    assert np.array_equal(seen_by_openslide(tmp_path / "slide.tif").pixels, expected)


def test_sparse_frames_lie_where_they_say_and_what_is_missing_is_white(tmp_path: Path) -> None:
    slide, target = slide_files.dicom_slide(tmp_path / "a", sparse=True), tmp_path / "slide.tif"

    converted = convert(slide.path, target)

    assert converted.route == Route.COPY
    pixels = seen_by_openslide(target).pixels
    assert np.array_equal(pixels, seen_by_openslide(slide.path).pixels)
    difference = np.abs(pixels.astype(int) - slide.scene)
    assert difference[:, :128].mean() < 6
    assert difference[:, 256:].mean() < 6
    assert pixels[:128, 128:256].min() >= 254


def test_frames_that_claim_one_place_are_refused(tmp_path: Path) -> None:
    slide = slide_files.dicom_slide(tmp_path / "a", sparse=True).path
    dataset = pydicom.dcmread(slide)
    groups = dataset.PerFrameFunctionalGroupsSequence
    groups[0].PlanePositionSlideSequence = groups[1].PlanePositionSlideSequence
    dataset.save_as(slide)

    assert "overlap" in refusal(slide)


def test_frames_off_the_grid_are_refused(tmp_path: Path) -> None:
    slide = slide_files.dicom_slide(tmp_path / "a", sparse=True).path
    dataset = pydicom.dcmread(slide)
    position = dataset.PerFrameFunctionalGroupsSequence[0].PlanePositionSlideSequence[0]
    position.ColumnPositionInTotalImagePixelMatrix = 42
    dataset.save_as(slide)

    assert "grid" in refusal(slide)


def in_two_files(path: Path, first: int) -> tuple[Path, Path]:
    """Spread the frames of a file over two, the first with so many of them (PS3.3 C.7.6.16, concatenations)."""
    whole = pydicom.dcmread(path)
    frames = list(generate_frames(whole.PixelData, number_of_frames=whole.NumberOfFrames))
    positions = list(whole.get("PerFrameFunctionalGroupsSequence", []))
    path.unlink()
    paths = path.with_name("b.dcm"), path.with_name("a.dcm")
    for number, part in enumerate((slice(first), slice(first, None))):
        dataset = copy.deepcopy(whole)
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
        dataset.ConcatenationUID, dataset.InConcatenationTotalNumber = whole.SOPInstanceUID, 2
        dataset.InConcatenationNumber = number + 1
        dataset.ConcatenationFrameOffsetNumber = first * number
        dataset.NumberOfFrames = len(frames[part])
        if positions:
            dataset.PerFrameFunctionalGroupsSequence = positions[part]
        dataset.PixelData = encapsulate(frames[part])
        dataset.save_as(paths[number])
    return paths


@pytest.mark.parametrize("codec", ["jpeg", "jpeg2000"])
@pytest.mark.parametrize("sparse", [False, True])
def test_a_level_in_several_files_is_put_together(codec: str, sparse: bool, tmp_path: Path) -> None:
    slide = slide_files.dicom_slide(tmp_path / "a", sparse=sparse, codec=codec).path
    target = tmp_path / "slide.tif"
    convert(slide, tmp_path / "expected.tif")

    first, second = in_two_files(slide, 7)
    convert(second, target)

    assert target.read_bytes() == (tmp_path / "expected.tif").read_bytes()
    assert first.exists()


def test_a_level_that_lacks_one_of_its_files_is_refused(tmp_path: Path) -> None:
    first, second = in_two_files(slide_files.dicom_slide(tmp_path / "a").path, 7)
    second.unlink()

    assert "several files" in refusal(first)


def test_a_file_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    slide = slide_files.dicom_slide(tmp_path / "a").path
    shutil.copy(slide, slide.with_name("copy.dcm"))

    assert "same image" in refusal(slide)


def test_files_of_other_slides_in_the_same_folder_do_not_count(tmp_path: Path) -> None:
    slide = slide_files.dicom_slide(tmp_path / "a").path
    stranger = pydicom.dcmread(slide.with_name("label.dcm"))
    stranger.SeriesInstanceUID = generate_uid()
    stranger.save_as(tmp_path / "stranger.dcm")
    for number in range(MAX_SLIDE_FILES):
        os.link(tmp_path / "stranger.dcm", slide.with_name(f"{number}.dcm"))

    assert convert(slide, tmp_path / "slide.tif").route == Route.COPY


def test_a_slide_that_says_nothing_of_its_light_is_converted(tmp_path: Path) -> None:
    slide = slide_files.dicom_slide(tmp_path / "a").path
    dataset = pydicom.dcmread(slide)
    dataset.OpticalPathSequence = []
    dataset.save_as(slide)

    convert(slide, tmp_path / "slide.tif")

    assert describe(slide)["magnification"] is None


def test_frames_that_do_not_say_where_they_belong_fill_the_grid_row_by_row(tmp_path: Path) -> None:
    slide = slide_files.dicom_slide(tmp_path / "a").path
    convert(slide, tmp_path / "expected.tif")
    dataset = pydicom.dcmread(slide)
    del dataset.DimensionOrganizationType
    dataset.save_as(slide)

    convert(slide, tmp_path / "slide.tif")

    assert (tmp_path / "slide.tif").read_bytes() == (tmp_path / "expected.tif").read_bytes()


def test_encodings_that_nobody_decodes_are_refused_by_name(tmp_path: Path) -> None:
    slide = slide_files.dicom_slide(tmp_path / "a").path
    dataset = pydicom.dcmread(slide)
    dataset.file_meta.TransferSyntaxUID = RLELossless
    dataset.save_as(slide)

    assert "RLE Lossless" in refusal(slide)


@pytest.mark.parametrize(
    ("said", "expected"),
    [("of a frame", 0.7), ("of the whole", 0.5), ("nowhere", None), ("as nothing", None)],
)
def test_the_pixel_size_is_found_wherever_it_stands(
    said: str, expected: float | None, tmp_path: Path
) -> None:
    slide = slide_files.dicom_slide(tmp_path / "a", sparse=True).path
    dataset = pydicom.dcmread(slide)
    measures = dataset.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence
    if said == "as nothing":
        measures[0].PixelSpacing = [0, 0]
    else:
        del dataset.SharedFunctionalGroupsSequence
    if said == "of a frame":
        measures[0].PixelSpacing = [0.0007, 0.0007]
        dataset.PerFrameFunctionalGroupsSequence[0].PixelMeasuresSequence = measures
    if said == "nowhere":
        del dataset.ImagedVolumeWidth, dataset.ImagedVolumeHeight
    dataset.save_as(slide)

    convert(slide, tmp_path / "slide.tif")

    found = describe(slide)
    assert [found[f"pixel_{side}_um"] for side in ("width", "height")] == [
        expected if expected is None else pytest.approx(expected)
    ] * 2


def test_the_colour_profile_of_the_optical_path_is_kept(tmp_path: Path) -> None:
    slide = slide_files.dicom_slide(tmp_path / "a", icc=True).path

    convert(slide, tmp_path / "slide.tif")

    with tifffile.TiffFile(tmp_path / "slide.tif") as file:
        kept = file.pages.first.iccprofile
    (path,) = pydicom.dcmread(slide, stop_before_pixels=True).OpticalPathSequence
    assert kept == without_origin(path.ICCProfile)


@pytest.mark.parametrize("tag", [0x7FE00001, 0x00282000])
def test_numbers_in_place_of_bytes_are_refused_before_anything_of_their_size_is_made(
    tag: int, tmp_path: Path
) -> None:
    slide = slide_files.dicom_slide(tmp_path / "a").path
    dataset = pydicom.dcmread(slide)
    holder = dataset if tag == 0x7FE00001 else dataset.OpticalPathSequence[0]
    holder.add_new(tag, "UL", 4_000_000_000)
    dataset.save_as(slide)

    assert "damaged" in refusal(slide)


def test_an_overview_that_claims_to_be_huge_is_left_out_unread(tmp_path: Path) -> None:
    slide = slide_files.dicom_slide(tmp_path / "a").path
    overview = pydicom.dcmread(slide.with_name("overview.dcm"))
    overview.Columns = overview.Rows = overview.TotalPixelMatrixColumns = overview.TotalPixelMatrixRows = (
        65_000
    )
    overview.save_as(slide.with_name("overview.dcm"))

    with LocalFiles(slide) as files:
        found = associated_pictures(files, "dicom")

    assert [picture.name for picture in found] == ["label"]


@pytest.mark.parametrize("says", ["by its proportions", "by its tag"])
def test_a_label_that_is_called_a_level_is_left_out(says: str, tmp_path: Path) -> None:
    slide = slide_files.dicom_slide(tmp_path / "a", size=(1200, 800))
    for name in ("label.dcm", "overview.dcm"):
        picture = pydicom.dcmread(slide.path.with_name(name))
        picture.ImageType = ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"]
        if says == "by its tag":
            picture.SpecimenLabelInImage = "YES"
            picture.TotalPixelMatrixColumns, picture.TotalPixelMatrixRows = 120, 80
        picture.save_as(slide.path.with_name(name))

    convert(slide.path, tmp_path / "out.tif")

    assert seen_by_openslide(tmp_path / "out.tif").levels == ((1200, 800), (300, 200))
    product = (tmp_path / "out.tif").read_bytes()
    assert not any(private in product for private in slide.private)


def test_smaller_versions_do_not_stand_for_a_slide_that_shows_the_label(tmp_path: Path) -> None:
    """They did, and then the full resolution was deleted with the scanner's files."""
    slide = slide_files.dicom_slide(tmp_path / "a").path
    full = pydicom.dcmread(slide)
    full.SpecimenLabelInImage = "YES"
    full.save_as(slide)

    assert "shows the label" in refusal(slide)


@pytest.mark.parametrize("size", [(400, 500), (599, 410)])
def test_another_area_of_the_glass_is_refused(size: tuple[int, int], tmp_path: Path) -> None:
    slide = slide_files.dicom_slide(tmp_path / "a", size=(600, 400)).path
    other = slide_files.dicom_slide(tmp_path / "b", size=size, steps=(1,), planes=(1,)).path
    dataset = pydicom.dcmread(other)
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    dataset.save_as(slide.with_name("area.dcm"))

    assert "areas" in refusal(slide)


def test_fluorescence_is_refused(tmp_path: Path) -> None:
    assert "Fluorescence" in refusal(slide_files.dicom_slide(tmp_path / "a", fluorescence=True).path)


def test_several_optical_paths_are_refused(tmp_path: Path) -> None:
    slide = slide_files.dicom_slide(tmp_path / "a").path
    dataset = pydicom.dcmread(slide)
    dataset.NumberOfOpticalPaths = 3
    dataset.save_as(slide)

    assert "channels" in refusal(slide)


@pytest.mark.parametrize("codec", ["jpeg", "jpeg2000"])
@pytest.mark.parametrize("sparse", [True, False])
def test_several_frames_at_one_place_are_refused_where_their_number_is_not_said(
    codec: str, sparse: bool, tmp_path: Path
) -> None:
    """Only TILED_FULL must say how many focal planes there are; of JPEG 2000 one was kept, and the others deleted."""
    slide = slide_files.dicom_slide(tmp_path / "a", steps=(1,), planes=(1,), codec=codec, sparse=sparse).path
    dataset = pydicom.dcmread(slide)
    frames = list(generate_frames(dataset.PixelData, number_of_frames=dataset.NumberOfFrames))
    del dataset.NumberOfOpticalPaths, dataset.TotalPixelMatrixFocalPlanes
    dataset.NumberOfFrames = 2 * len(frames)
    if sparse:
        groups = list(dataset.PerFrameFunctionalGroupsSequence)
        dataset.PerFrameFunctionalGroupsSequence = groups + groups
    dataset.save_as(slide)

    assert "channels or focal planes" in refusal(repacked(slide, frames + frames))


@pytest.mark.parametrize("codec", ["jpeg", "jpeg2000"])
def test_several_optical_paths_are_refused_where_their_number_is_not_said(codec: str, tmp_path: Path) -> None:
    slide = slide_files.dicom_slide(tmp_path / "a", codec=codec, sparse=True).path
    dataset = pydicom.dcmread(slide)
    del dataset.NumberOfOpticalPaths
    dataset.OpticalPathSequence.append(copy.deepcopy(dataset.OpticalPathSequence[0]))
    dataset.save_as(slide)

    assert "channels" in refusal(slide)


def test_implicit_types_of_values_are_refused_by_name(tmp_path: Path) -> None:
    """OpenSlide reads explicit ones only; people were told that their files are damaged."""
    slide = slide_files.dicom_slide(tmp_path / "a").path
    dataset = pydicom.dcmread(slide)
    dataset.decompress()
    dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    dataset.save_as(slide, implicit_vr=True, little_endian=True)

    assert "Implicit VR Little Endian" in refusal(slide)
