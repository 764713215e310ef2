"""Images of archives that take no identity: what tells whose they are is gone, everything else is as it was."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
import SimpleITK as sitk
from click.testing import CliRunner
from pydicom import Dataset, dcmread
from tifffile import TiffFile, imwrite

from archive_shared.blobs.folder import FolderBlobStore
from archive_shared.blobs.links import LinkSigner
from archive_shared.colour_profile import without_origin
from archive_shared.identifiers import derived_id
from demo.imaging import anatomy, picture, write_dicom_series, write_image, write_pyramid
from ingest_worker.conversion import convert
from ingest_worker.domain.deidentification import ACTIONS, BURNED_IN, Action, Deidentification
from ingest_worker.domain.images import ImageMetadata, image_key
from ingest_worker.domain.report import ConversionReport
from ingest_worker.entrypoints.cli import main
from ingest_worker.use_cases.convert_session import SessionWork
from tests.support.colour_profiles import telling

NOBODY = Deidentification(b"k" * 32)
# Everything the made-up scanner writes about its patient, and names of files and folders.
TELLING = [
    "Muster",
    "Erika",
    "P-0815",
    "19640812",
    "1964-08-12",
    "062Y",
    "Thorax",
    "soft",
    "20261120",
    "2026-11-20",
    "secret-name",
]


def everything_told(report: ConversionReport, output: Path) -> str:
    headers = [(output / image.file).read_bytes()[:4096].decode("latin-1") for image in report.images]
    images = [dataclasses.asdict(dataclasses.replace(image, sources=())) for image in report.images]
    return json.dumps(images, default=str) + "".join(headers)


def series(folder: Path, **changes: Any) -> list[Path]:
    files = write_dicom_series(folder / "secret-name", anatomy(3))
    for file in files:
        dataset = dcmread(file)
        for keyword, value in changes.items():
            setattr(dataset, keyword, value)
        dataset.save_as(file)
    return files


def test_every_field_of_a_person_or_a_study_has_an_action() -> None:
    telling = {each.name for each in dataclasses.fields(ImageMetadata) if not each.repr}

    assert telling == set(ACTIONS)
    assert Action.KEEP not in ACTIONS.values()


def test_a_series_keeps_its_pixels_and_loses_its_patient(tmp_path: Path) -> None:
    files = series(tmp_path, ReferringPhysicianName="Doctor^Who", AccessionNumber="A-1")
    known = convert(files, tmp_path / "known").images[0]

    report = convert(files, tmp_path / "out", deidentification=NOBODY)

    (image,) = report.images
    assert image.pixels_sha256 == known.pixels_sha256
    assert (image.metadata.window_center, image.metadata.voxel_depth_mm) == (
        known.metadata.window_center,
        known.metadata.voxel_depth_mm,
    )
    told = everything_told(report, tmp_path / "out")
    assert not [word for word in TELLING if word in told]
    assert known.metadata.series_instance_uid not in told
    assert {"PatientName", "PatientID", "ReferringPhysicianName", "AccessionNumber", "StudyDate"} <= set(
        image.removed
    )
    assert "Doctor" not in " ".join(image.removed)


def test_a_laterality_that_is_no_side_and_a_modality_that_is_none_go(tmp_path: Path) -> None:
    known = series(tmp_path / "known", Laterality="R", Modality="CT")
    odd = series(tmp_path / "odd", Laterality="MUSTER", Modality="ERIKA MUSTER")

    kept, gone = (
        convert(files, tmp_path / name, deidentification=NOBODY)
        for name, files in (("kept", known), ("gone", odd))
    )

    assert "Laterality = R" in everything_told(kept, tmp_path / "kept")
    assert "MUSTER" not in everything_told(gone, tmp_path / "gone")
    assert (kept.images[0].metadata.modality, gone.images[0].metadata.modality) == ("CT", None)
    assert {"Laterality", "Modality"} <= set(gone.images[0].removed)


def test_what_went_is_told_of_all_files_and_from_inside_sequences(tmp_path: Path) -> None:
    files = series(tmp_path)
    last = dcmread(files[-1])
    request = Dataset()
    request.RequestedProcedureDescription = "Thorax of Erika"
    last.RequestAttributesSequence = [request]
    last.PatientComments = "secret"
    last.save_as(files[-1])

    report = convert(files, tmp_path / "out", deidentification=NOBODY)

    (image,) = report.images
    assert {"PatientComments", "RequestAttributesSequence", "RequestedProcedureDescription"} <= set(
        image.removed
    )
    assert not [word for word in TELLING if word in everything_told(report, tmp_path / "out")]


def test_remarks_name_no_files(tmp_path: Path) -> None:
    source = tmp_path / "secret-name.mha"
    sitk.WriteImage(sitk.GetImageFromArray(anatomy()), str(source))
    source.write_bytes(source.read_bytes() + b"surplus")

    known = convert([source], tmp_path / "known").images[0]
    image = convert([source], tmp_path / "out", deidentification=NOBODY).images[0]

    assert known.notes == (
        "secret-name.mha holds 7 bytes more than its header describes; they were left out.",
    )
    assert image.notes == ("a file holds 7 bytes more than its header describes; they were left out.",)


def test_one_identifier_always_becomes_the_same_new_one(tmp_path: Path) -> None:
    first, second = series(tmp_path / "1"), series(tmp_path / "2")
    same = [
        convert(files, tmp_path / name, deidentification=NOBODY).images[0].metadata
        for files, name in ((first, "out1"), (second, "out2"))
    ]
    other = convert(first, tmp_path / "out3", deidentification=Deidentification(b"o" * 32)).images[0].metadata

    assert same[0] == same[1]
    assert same[0].study_instance_uid.startswith("2.25.")
    assert len(same[0].study_instance_uid) <= 64
    assert same[0].study_instance_uid != same[0].series_instance_uid
    assert same[0].study_instance_uid != other.study_instance_uid


def test_archives_have_keys_of_their_own() -> None:
    one, other = (Deidentification.of(archive, secret=b"s" * 32) for archive in ("a", "b"))

    assert one.uid("1.2.3") != other.uid("1.2.3")
    assert one == Deidentification.of("a", secret=b"s" * 32)
    assert one.uid("") == ""


@pytest.mark.parametrize(("flag", "refused"), [("YES", True), ("NO", False)])
def test_pixels_with_writing_in_them_are_refused(tmp_path: Path, flag: str, refused: bool) -> None:
    files = series(tmp_path)
    last = dcmread(files[-1])
    last.BurnedInAnnotation = flag
    last.save_as(files[-1])

    report = convert(files, tmp_path / "out", deidentification=NOBODY)

    assert bool(report.rejected) is refused
    if refused:
        assert {rejection.reasons for rejection in report.rejected} == {(BURNED_IN,)}


def test_headers_of_other_formats_lose_their_patients_too(tmp_path: Path) -> None:
    image = sitk.GetImageFromArray(anatomy())
    for key, value in {"PatientName": "Muster", "PatientID": "0815", "ContentTimes": "101500"}.items():
        image.SetMetaData(key, value)
    sitk.WriteImage(image, str(tmp_path / "secret-name.mha"))

    report = convert([tmp_path / "secret-name.mha"], tmp_path / "out", deidentification=NOBODY)

    assert not [word for word in TELLING if word in everything_told(report, tmp_path / "out")]
    assert report.images[0].removed == ("ContentTimes", "patient_id", "patient_name")


def test_a_pyramid_is_made_anew_without_its_descriptions(tmp_path: Path) -> None:
    source = write_pyramid(tmp_path / "secret-name.tif", description="Erika Muster")
    known = convert([source], tmp_path / "known").images[0]

    report = convert([source], tmp_path / "out", deidentification=NOBODY)

    (image,) = report.images
    assert b"Muster" in source.read_bytes()
    assert b"Muster" not in (tmp_path / "out" / image.file).read_bytes()
    assert image.pixels_sha256 == known.pixels_sha256


def test_the_colour_profile_of_a_pyramid_made_anew_names_no_scanner(tmp_path: Path) -> None:
    profile = telling(b"Muster 0815")
    known: dict[str, Any] = {"resolution": (1e4, 1e4), "resolutionunit": "CENTIMETER", "photometric": "rgb"}
    imwrite(tmp_path / "a.tif", picture(), tile=(16, 16), iccprofile=profile, metadata=None, **known)

    report = convert([tmp_path / "a.tif"], tmp_path / "out", deidentification=NOBODY)

    (image,) = report.images
    with TiffFile(tmp_path / "out" / image.file) as tiff:
        kept = tiff.pages.first.iccprofile
    assert kept == without_origin(profile)
    assert b"Muster" not in (tmp_path / "out" / image.file).read_bytes()


def imported(folder: Path, name: str, *, secret: bytes = b"s" * 32) -> dict[str, Any]:
    """Return the image of a session whose only file has this name."""
    signer = LinkSigner(b"s" * 32)
    blobs = FolderBlobStore(folder / "b", bucket="images", signer=signer, public_url="https://a.test")
    blobs.upload_from("ann/1", write_image(folder / "x.nii.gz", anatomy()))
    payload = {
        "session": "s",
        "epoch": 1,
        "files": [{"name": name, "key": "ann/1", "size_bytes": 1}],
        "archive": "a",
        "deidentify": True,
        "keep_labels": False,
    }
    (image,) = SessionWork(blobs, blobs, convert, folder / "scratch", secret).run(payload, lambda _: None)[
        "images"
    ]
    found: dict[str, Any] = image
    return found


def test_a_session_announces_no_names_of_files(tmp_path: Path) -> None:
    image = imported(tmp_path, "secret-name.nii.gz")

    assert image["sources"] == ["secret-name.nii.gz"]  # for the uploader, in the report of the session
    del image["sources"]
    assert "secret-name" not in json.dumps(image)


def test_identifiers_of_images_do_not_tell_whether_a_file_was_called_so(tmp_path: Path) -> None:
    name = "P-0815.nii.gz"

    first, again = imported(tmp_path, name), imported(tmp_path, name)
    elsewhere = imported(tmp_path, name, secret=b"o" * 32)

    guessed = derived_id("image", "s", image_key([name], 0))  # what everybody can work out
    assert guessed not in json.dumps(first)
    assert first["id"] == again["id"]
    assert first["id"] != elsewhere["id"]


def test_at_a_terminal_the_key_is_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("0123456789abcdef\n", encoding="utf-8")
    arguments = ["convert", str(series(tmp_path)[0].parent), "--output", str(tmp_path / "out")]

    result = CliRunner().invoke(
        main, [*arguments, "--deidentify", str(tmp_path / "key"), "--report", str(tmp_path / "r.json")]
    )

    (image,) = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))["images"]
    assert result.exit_code == 0
    assert (image["patient_name"], image["study_date"]) == ("", None)
    assert "PatientName" in image["removed"]
