"""What the report of a session says of files that were really converted, over HTTP."""

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
import SimpleITK as sitk

from archive_shared.blobs.folder import FolderBlobStore
from archive_shared.blobs.links import LinkSigner
from archive_shared.clock import SystemClock
from archive_shared.events import ImageImported
from archive_shared.jobs.claims import Claims
from archive_shared.jobs.handler import JobPolicy
from demo.imaging import anatomy, write_dicom_series, write_picture
from ingest_worker.bootstrap import import_handler, sessions_of
from ingest_worker.conversion import convert
from ingest_worker.domain.report import ConversionProgress
from ingest_worker.use_cases.convert_session import SessionWork
from tests.integration.ingest_worker.conftest import ARCHIVE, PUBLIC_URL, Desk

SURPLUS = "holds 7 bytes more than its header describes; they were left out."


@pytest.fixture
def ann(desk: Desk) -> str:
    return desk.person("ann", "uploader")


def imported(
    desk: Desk,
    token: str,
    scratch: Path,
    files: dict[str, bytes],
    told: list[ConversionProgress] | None = None,
) -> dict[str, Any]:
    """Upload files into the archive, import them as a worker does, and return the session as its creator sees it."""
    uploads = [desk.uploaded(token, name, content) for name, content in files.items()]
    sent = {"uploads": uploads, "archive": "chest-ct"}
    session = desk.call("POST", "cases/upload-sessions/", token, json=sent).get_json()
    handler = import_handler(desk.service.documents)
    sessions = sessions_of(desk.service.documents)
    claims = Claims(sessions, handler, owner="worker", policy=JobPolicy(), clock=SystemClock())
    claimed = claims.claim(session["pk"])
    assert claimed is not None
    signer = LinkSigner(b"s" * 32)
    images = FolderBlobStore(scratch / "images", bucket="images", signer=signer, public_url=PUBLIC_URL)
    work = SessionWork(desk.service.blobs, images, convert, scratch / "scratch", b"s" * 32)
    result = work.run(handler.payload(claimed), told.append if told is not None else lambda _: None)
    handler.keep(claimed, result)
    claims.succeed(claimed, result)
    return seen(desk, token, session["pk"])


def seen(desk: Desk, token: str, session: str) -> dict[str, Any]:
    shown: dict[str, Any] = desk.call("GET", f"cases/upload-sessions/{session}/", token).get_json()
    return shown


def announced_images(desk: Desk) -> list[dict[str, Any]]:
    return [
        envelope["data"]
        for document in desk.service.documents.find("images")
        for envelope in document["outbox"]
        if envelope["type"] == ImageImported.TYPE
    ]


@pytest.mark.parametrize(("deidentify", "name"), [(False, "a.mha"), (True, "a file")])
def test_what_a_careful_reader_should_know_is_reported_and_announced(
    desk: Desk, ann: str, tmp_path: Path, deidentify: bool, name: str
) -> None:
    desk.archives.deidentifying |= {ARCHIVE} if deidentify else set()
    sitk.WriteImage(sitk.GetImageFromArray(anatomy()), str(tmp_path / "a.mha"))

    shown = imported(desk, ann, tmp_path, {"a.mha": (tmp_path / "a.mha").read_bytes() + b"surplus"})

    [announced], [reported] = announced_images(desk), shown["report"]["images"]
    assert reported["notes"] == announced["notes"] == [f"{name} {SURPLUS}"]
    assert announced["deidentified"] is deidentify


def test_a_zip_of_thousands_of_slices_becomes_one_image(desk: Desk, ann: str, tmp_path: Path) -> None:
    slices = write_dicom_series(tmp_path / "series", anatomy(2500, 4, 4))
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as archive:
        for slice_ in slices:
            archive.write(slice_, slice_.name)

    shown = imported(desk, ann, tmp_path, {"series.zip": zipped.getvalue()})

    [image], [announced] = shown["report"]["images"], announced_images(desk)
    assert (shown["report"]["rejected"], image["source_count"]) == ([], 2500)
    assert (announced["source_count"], announced["description"]["depth"]) == (2500, 2500)
    assert len(image["sources"]) == len(announced["sources"]) == 1000


def test_a_long_report_is_told_in_full_by_the_session_and_its_beginning_in_a_list(
    desk: Desk, ann: str, tmp_path: Path
) -> None:
    picture = write_picture(tmp_path / "picture.png").read_bytes()
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as archive:
        for number in range(3):
            archive.writestr(f"{number}.png", picture)
        for number in range(2500):
            archive.writestr(f"notes {number:04}.txt", f"of patient {number}")

    shown = imported(desk, ann, tmp_path, {"all.zip": zipped.getvalue()})

    [listed] = desk.call("GET", "cases/upload-sessions/", ann).get_json()["results"]
    report = shown["report"]
    assert [each["file"] for each in report["rejected"]] == [f"all.zip/notes {n:04}.txt" for n in range(2500)]
    assert len(shown["image_set"]) == len(report["images"]) == report["image_count"] == 3
    assert (listed["report"]["image_count"], listed["report"]["rejected_count"]) == (3, 2500)
    assert listed["report"]["rejected"] == report["rejected"][: len(listed["report"]["rejected"])]
    assert 0 < len(listed["report"]["rejected"]) < 2500


def test_every_phase_tells_how_many_bytes_of_how_many_are_done(desk: Desk, ann: str, tmp_path: Path) -> None:
    picture = write_picture(tmp_path / "picture.png").read_bytes()
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as archive:
        for number in range(70):
            archive.writestr(f"{number}.png", picture)
    files = {"all.zip": zipped.getvalue(), "single.png": picture}
    told: list[ConversionProgress] = []

    imported(desk, ann, tmp_path, files, told)

    phases = {progress.phase: progress for progress in told}
    assert list(phases) == ["fetching", "unpacking", "recognising", "converting", "storing"]
    for phase, progress in phases.items():
        done = [each.bytes_done for each in told if each.phase == phase]
        assert done == sorted(done)
        assert (progress.bytes_total > 0, progress.bytes_done <= progress.bytes_total) == (True, True)
    totals = {phase: (progress.files_total, progress.bytes_total) for phase, progress in phases.items()}
    assert totals["fetching"] == (2, sum(map(len, files.values())))
    assert totals["unpacking"] == (1, len(files["all.zip"]))
    assert totals["recognising"] == totals["converting"] == (71, 71 * len(picture))
    assert (told[-1].files_done, told[-1].files_total, told[-1].bytes_done) == (71, 71, told[-1].bytes_total)
