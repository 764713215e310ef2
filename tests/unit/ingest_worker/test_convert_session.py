"""One attempt at a session: what it leaves, and what other attempts may do to it."""

import errno
import hashlib
import os
from pathlib import Path
from typing import Any, NoReturn

import pytest

from archive_shared.blobs.folder import FolderBlobStore
from archive_shared.blobs.links import LinkSigner
from archive_shared.events import ImageDescription
from archive_shared.identifiers import new_id
from demo.imaging import anatomy, write_dicom_series
from ingest_worker.conversion import convert
from ingest_worker.domain.files import SourceFile
from ingest_worker.domain.report import ConversionReport, Rejection
from ingest_worker.domain.work_disk import WorkDiskFull
from ingest_worker.use_cases.convert_session import SessionWork
from ingest_worker.use_cases.session_progress import ProgressListener

SESSION = "6f4f3a8e-1a2b-4c3d-8e4f-5a6b7c8d9e0f"
KEY = "ann/upload"
SECRET = b"s" * 32


@pytest.fixture
def blobs(tmp_path: Path) -> FolderBlobStore:
    store = FolderBlobStore(
        tmp_path / "blobs",
        bucket="uploads",
        signer=LinkSigner(b"s" * 32),
        public_url="https://archive.test",
    )
    store.put(KEY, b"pixels")
    return store


def attempt(work: SessionWork, epoch: int) -> dict[str, Any]:
    files = [{"name": "a.mha", "key": KEY, "size_bytes": 6}]
    payload = {
        "session": SESSION,
        "epoch": epoch,
        "files": files,
        "archive": None,
        "deidentify": False,
        "keep_labels": False,
    }
    return work.run(payload, lambda _: None)


def refuse_all(
    files: list[SourceFile], output: Path, *, on_progress: ProgressListener, **_: Any
) -> ConversionReport:
    """Convert nothing; the reason is what was in the file."""
    rejected = tuple(Rejection(file.name, (file.path.read_text(),)) for file in files)
    return ConversionReport(images=(), rejected=rejected)


def test_an_attempt_leaves_no_files(tmp_path: Path, blobs: FolderBlobStore) -> None:
    work = SessionWork(blobs, blobs, refuse_all, tmp_path / "scratch", SECRET)

    result = attempt(work, epoch=1)

    assert result == {"images": [], "rejected": [{"file": "a.mha", "reasons": ["pixels"]}]}
    assert list((tmp_path / "scratch").iterdir()) == []


def test_the_record_of_an_image_says_what_its_dicom_header_says(
    tmp_path: Path, blobs: FolderBlobStore
) -> None:
    (source,) = write_dicom_series(tmp_path / "in", anatomy(1))
    blobs.put(KEY, source.read_bytes())

    result = attempt(SessionWork(blobs, blobs, convert, tmp_path / "scratch", SECRET), epoch=1)

    (image,) = result["images"]
    description = ImageDescription(**image["description"])
    assert (description.modality, description.patient_id, description.window_center) == ("CT", "P-0815", 40.0)


def test_an_image_is_stored_with_the_digest_of_its_file(tmp_path: Path, blobs: FolderBlobStore) -> None:
    (source,) = write_dicom_series(tmp_path / "in", anatomy(1))
    blobs.put(KEY, source.read_bytes())

    result = attempt(SessionWork(blobs, blobs, convert, tmp_path / "scratch", SECRET), epoch=1)

    ((file,),) = (image["files"] for image in result["images"])
    assert hashlib.sha256(blobs.read(file["key"])).hexdigest() == file["sha256"]


def test_an_attempt_removes_what_killed_ones_left(tmp_path: Path, blobs: FolderBlobStore) -> None:
    (tmp_path / "scratch" / f"{SESSION}-1" / "in").mkdir(parents=True)
    (tmp_path / "scratch" / f"{new_id()}-3" / "in").mkdir(parents=True)  # of a session that was cancelled

    attempt(SessionWork(blobs, blobs, refuse_all, tmp_path / "scratch", SECRET), epoch=2)

    assert list((tmp_path / "scratch").iterdir()) == []


def test_a_disk_that_is_full_before_the_first_file_is_fetched_is_told_so(
    tmp_path: Path, blobs: FolderBlobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def is_full(*_: Any, **__: Any) -> NoReturn:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "mkdir", is_full)

    with pytest.raises(WorkDiskFull):
        attempt(SessionWork(blobs, blobs, refuse_all, tmp_path / "scratch", SECRET), epoch=1)


def test_an_attempt_that_comes_late_leaves_the_present_one_alone(
    tmp_path: Path, blobs: FolderBlobStore
) -> None:
    late = SessionWork(blobs, blobs, refuse_all, tmp_path / "scratch", SECRET)

    def overtaken(
        files: list[SourceFile], output: Path, *, on_progress: ProgressListener, **_: Any
    ) -> ConversionReport:
        attempt(late, epoch=1)
        return refuse_all(files, output, on_progress=on_progress)

    result = attempt(SessionWork(blobs, blobs, overtaken, tmp_path / "scratch", SECRET), epoch=2)

    assert result["rejected"] == [{"file": "a.mha", "reasons": ["pixels"]}]


def test_what_is_reported_can_always_be_stored(tmp_path: Path, blobs: FolderBlobStore) -> None:
    def refuse_at_length(
        files: list[SourceFile], output: Path, *, on_progress: ProgressListener, **_: Any
    ) -> ConversionReport:
        odd = Rejection("a\0b\ud800" + "x" * 1000, ("Much too long. " * 100,) * 9)
        return ConversionReport(images=(), rejected=(odd,))

    [told] = attempt(SessionWork(blobs, blobs, refuse_at_length, tmp_path / "scratch", SECRET), epoch=1)[
        "rejected"
    ]

    assert told["file"] == "ab?" + "x" * 196
    assert [len(reason) for reason in told["reasons"]] == [300, 300, 300]
