"""The library as others call it: real child processes, mixed uploads, every file accounted for."""

import zipfile
from pathlib import Path

import numpy as np
import pytest

import ingest_worker
from archive_shared.errors import Invalid
from demo.imaging import (
    anatomy,
    cut_short,
    picture,
    write_dicom_series,
    write_image,
    write_picture,
    write_pyramid,
)
from ingest_worker import Budget, ConversionProgress, SourceFile, convert
from ingest_worker.adapters.namesakes import AMBIGUOUS
from ingest_worker.domain.images import ImageType
from ingest_worker.domain.report import Rejection
from tests.support.conversions import read_with_itk


@pytest.fixture
def mixed(tmp_path: Path) -> list[SourceFile]:
    """One of nearly everything, good and bad."""
    folder = tmp_path / "in"
    files = {f"ct/{path.name}": path for path in write_dicom_series(folder / "ct", anatomy())}
    files["mr.nii.gz"] = write_image(folder / "mr.nii.gz", anatomy(seed=2))
    files["detached.mhd"] = write_image(folder / "detached.mhd", anatomy(seed=3), compressed=True)
    files["detached.zraw"] = folder / "detached.zraw"
    files["photo.png"] = write_picture(folder / "photo.png")
    files["slide.tif"] = write_pyramid(folder / "slide.tif")
    files["broken.mha"] = cut_short(write_image(folder / "broken.mha", anatomy(), compressed=True))
    (folder / "notes.txt").write_text("hello", encoding="utf-8")
    files["notes.txt"] = folder / "notes.txt"
    with zipfile.ZipFile(folder / "more.zip", "w") as archive:
        archive.write(write_image(folder / "x.nrrd", anatomy(seed=4)), "inner/x.nrrd")
        archive.writestr("inner/readme.md", "hi")
    files["more.zip"] = folder / "more.zip"
    return [SourceFile(name, path) for name, path in files.items()]


def test_every_file_is_a_source_a_rejection_or_an_archive(mixed: list[SourceFile], tmp_path: Path) -> None:
    report = convert(mixed, tmp_path / "out", jobs=2)

    used = [source.name for image in report.images for source in image.sources]
    rejected = [one.file for one in report.rejected]
    archives = [archive.name for archive in report.archives]
    assert len(used) == len(set(used))
    assert sorted(used + rejected + archives) == sorted(
        [file.name for file in mixed] + ["more.zip/inner/x.nrrd", "more.zip/inner/readme.md"]
    )
    assert rejected == ["broken.mha", "more.zip/inner/readme.md", "notes.txt"]
    assert archives == ["more.zip"]


def test_images_come_in_the_order_of_their_files_with_pixels_as_they_were(
    mixed: list[SourceFile], tmp_path: Path
) -> None:
    report = convert(mixed, tmp_path / "out")

    assert [image.name for image in report.images] == [
        "Thorax 2.5 soft-49810012", "detached.mhd", "x.nrrd", "mr.nii.gz", "photo.png", "slide.tif",
    ]  # fmt: skip
    for image, seed in ((report.images[1], 3), (report.images[2], 4), (report.images[3], 2)):
        assert np.array_equal(read_with_itk(tmp_path / "out" / image.file).pixels, anatomy(seed=seed))
    assert report.images[5].type is ImageType.TIFF


def test_the_output_folder_holds_the_images_and_nothing_else(mixed: list[SourceFile], tmp_path: Path) -> None:
    report = convert(mixed, tmp_path / "out")

    assert {path.name for path in (tmp_path / "out").iterdir()} == {image.file for image in report.images}
    for image in report.images:
        assert (tmp_path / "out" / image.file).stat().st_size == image.size_bytes


def test_the_same_upload_gives_the_same_report_however_it_is_handed_in(
    mixed: list[SourceFile], tmp_path: Path
) -> None:
    one = convert(mixed, tmp_path / "1", jobs=1)
    other = convert(mixed[::-1], tmp_path / "2", jobs=3)

    assert one == other


def test_an_image_we_made_can_be_imported_again_as_it_is(tmp_path: Path) -> None:
    source = write_image(tmp_path / "ct.nii", anatomy())
    (image,) = convert([source], tmp_path / "1").images

    (again,) = convert([tmp_path / "1" / image.file], tmp_path / "2").images

    assert (again.pixels_sha256, again.metadata, again.notes) == (image.pixels_sha256, image.metadata, ())


def test_progress_ends_with_everything_done(mixed: list[SourceFile], tmp_path: Path) -> None:
    seen: list[ConversionProgress] = []

    convert(mixed, tmp_path / "out", on_progress=seen.append)

    assert {progress.phase for progress in seen} == {"unpacking", "recognising", "converting"}
    last = seen[-1]
    assert last.files_done == last.files_total == len(mixed) + 1
    assert last.bytes_done == last.bytes_total > 0
    converting = [progress.bytes_done for progress in seen if progress.phase == "converting"]
    assert converting == sorted(converting)


def test_an_error_in_the_progress_callback_cancels_and_leaves_nothing_unfinished(
    mixed: list[SourceFile], tmp_path: Path
) -> None:
    class Cancelled(Exception):
        pass

    def cancel(progress: ConversionProgress) -> None:
        if progress.phase == "converting":
            raise Cancelled

    with pytest.raises(Cancelled):
        convert(mixed, tmp_path / "out", on_progress=cancel)

    assert not [path for path in (tmp_path / "out").iterdir() if path.name.startswith(".")]


def test_a_candidate_that_breaks_its_budget_does_not_hurt_the_others(tmp_path: Path) -> None:
    hungry = write_picture(tmp_path / "in" / "hungry.png", np.zeros((10_000, 10_400), np.uint8))
    small = write_image(tmp_path / "in" / "small.mha", anatomy())

    report = convert([hungry, small], tmp_path / "out", budget=Budget(memory_bytes=100 * 2**20))

    assert [image.name for image in report.images] == ["small.mha"]
    assert report.rejected[0].reasons == (
        "The conversion was stopped: it needed more than 100 MB of memory.",
    )


@pytest.mark.parametrize("name", ["large.mha", "large.nii.gz", "large.nii", "large.nrrd", "series"])
def test_an_image_larger_than_memory_streams_through(tmp_path: Path, name: str) -> None:
    """100 MB of pixels, with 48 MB to spare: memory does not grow with the volume."""
    volume = np.zeros((200, 512, 512), np.int16)
    if name == "series":
        files = write_dicom_series(tmp_path / "in", volume)
    else:
        files = [write_image(tmp_path / "in" / name, volume, compressed=not name.endswith(".nii"))]

    report = convert(files, tmp_path / "out", budget=Budget(memory_bytes=48 * 2**20))

    assert [image.metadata.depth for image in report.images] == [200], report.rejected


def test_a_file_that_nobody_can_look_at_to_the_end_is_lost_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("TASKS", "AT_ONCE"):
        monkeypatch.setattr(f"ingest_worker.adapters.first_look.{name}", "tests.support.endless_looks")
    names = ["a.png", "b.png", "endless.png", "z.png"]
    files = [write_picture(tmp_path / name) for name in names]

    report = convert(files, tmp_path / "out", budget=Budget(look_time_s=3))

    assert [image.name for image in report.images] == ["a.png", "b.png", "z.png"]
    assert [(each.file, each.reasons) for each in report.rejected] == [
        ("endless.png", ("The conversion was stopped: it took longer than 3 seconds.",))
    ]


def test_an_image_that_the_disk_has_no_room_for_is_refused_and_the_next_one_has_its_room(
    tmp_path: Path,
) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (600, 600), np.uint8)
    files = [write_picture(tmp_path / "a.png", noise), write_picture(tmp_path / "b.png")]

    report = convert(files, tmp_path / "out", budget=Budget(disk_bytes=100_000))

    assert [image.name for image in report.images] == ["b.png"]
    assert [(each.file, each.reasons) for each in report.rejected] == [
        ("a.png", ("The conversion was stopped: it would have written more than 97.7 kB.",))
    ]


def test_bare_paths_are_known_by_their_base_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_picture(tmp_path / "a.png")
    monkeypatch.chdir(tmp_path)

    report = convert([Path("a.png")], Path("out"))

    assert [source.name for source in report.images[0].sources] == ["a.png"]
    assert (tmp_path / "out" / report.images[0].file).exists()


def test_a_file_that_is_gone_or_no_file_is_rejected(tmp_path: Path) -> None:
    report = convert([tmp_path / "gone.png", tmp_path], tmp_path / "out")

    assert {one.reasons for one in report.rejected} == {("This is not a file, or it is gone.",)}


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match=r"Two files are called a\.png"):
        convert([tmp_path / "1" / "a.png", tmp_path / "2" / "a.png"], tmp_path / "out")


@pytest.fixture
def pictures(tmp_path: Path) -> list[bytes]:
    return [
        write_picture(tmp_path / "x.png", picture(columns=columns)).read_bytes() for columns in (64, 65, 66)
    ]


def test_a_name_that_stands_twice_in_an_archive_is_taken_once_or_refused_alone(
    pictures: list[bytes], tmp_path: Path
) -> None:
    archive = tmp_path / "a.zip"
    members = [("same.png", 0), ("x//same.png", 0), ("differs.png", 1), ("./own.png", 2), ("./same.png", 0)]
    with zipfile.ZipFile(archive, "w") as opened:
        for name, number in members:
            opened.writestr(name, pictures[number])
        with pytest.warns(UserWarning, match="Duplicate name"):
            opened.writestr("differs.png", pictures[2])

    report = convert([archive], tmp_path / "out")

    assert sorted(image.sources[0].name for image in report.images) == [
        "a.zip/own.png", "a.zip/same.png", "a.zip/x/same.png",
    ]  # fmt: skip
    assert report.rejected == (Rejection("a.zip/differs.png", (AMBIGUOUS,)),)


def test_a_folder_called_like_an_archive_beside_it_never_lends_it_its_pixels(
    pictures: list[bytes], tmp_path: Path
) -> None:
    inner, outer = tmp_path / "inner.zip", tmp_path / "outer.zip"
    with zipfile.ZipFile(inner, "w") as opened:
        opened.writestr("1.png", pictures[0])
        opened.writestr("2.png", pictures[1])
    with zipfile.ZipFile(outer, "w") as opened:
        opened.write(inner, "b.zip")
        opened.writestr("b.zip/1.png", pictures[2])

    report = convert([outer], tmp_path / "out")

    assert [image.sources[0].name for image in report.images] == ["outer.zip/b.zip/2.png"]
    assert report.rejected == (Rejection("outer.zip/b.zip/1.png", (AMBIGUOUS,)),)


def test_no_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="There are no files"):
        convert([], tmp_path / "out")


def test_importing_the_library_loads_no_imaging_library() -> None:
    import subprocess
    import sys

    code = f"import {ingest_worker.__name__}, sys; print([m for m in ('numpy', 'SimpleITK', 'pydicom') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
