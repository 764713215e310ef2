"""Slides of archives that take no identity: from the upload to the last level, nothing tells whose they are.

What the scanners wrote is planted in every place where their formats have one for it, and in the names of the files.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import cattrs
import pytest
from pydicom import dcmread

from archive_shared.blobs.port import BlobStore
from archive_shared.clock import SystemClock
from archive_shared.documents.sqlite import SqliteDocuments
from archive_shared.errors import Unavailable
from archive_shared.events import Event, ImageImported, SlideComplete, SlideViewable, TilesFailed
from archive_shared.jobs.claims import Claims
from archive_shared.jobs.handler import JobPolicy
from archive_shared.jobs.job import Job
from archive_shared.wire.catalogue import event_class
from ingest_worker.bootstrap import COLLECTIONS, import_handler, sessions_of
from ingest_worker.conversion import convert
from ingest_worker.domain.deidentification import BURNED_IN, NO_SLIDE, Deidentification
from ingest_worker.domain.files import SourceFile
from ingest_worker.domain.report import ConversionReport
from ingest_worker.domain.session import SessionFile, UploadSession
from ingest_worker.use_cases.convert_session import SessionWork
from ingest_worker.use_cases.session_progress import ProgressListener
from tests.integration.tiler.conftest import Studio, as_sent
from tests.support import slide_files
from tests.support.colour_profiles import telling
from tests.support.slide_files import PATIENT, VendorSlide

NAME = "Roe-Jane-4711"
"""How the files are called."""

WRITERS: dict[str, Callable[[Path], VendorSlide]] = {
    f"{NAME}.svs": lambda path: slide_files.aperio_slide(path, icc=True),
    f"{NAME}.ndpi": slide_files.ndpi_slide,
    f"{NAME}.vms": slide_files.vms_slide,
    f"{NAME}.vmu": slide_files.vmu_slide,
    f"{NAME}.scn": slide_files.leica_slide,
    f"{NAME}.tiff": slide_files.philips_slide,
    f"{NAME}.tif": slide_files.trestle_slide,
    f"{NAME}.bif": slide_files.ventana_slide,
    f"{NAME}.mrxs": slide_files.mirax_slide,
    f"{NAME}/level0.dcm": lambda path: slide_files.dicom_slide(path.parent),
}


TOLD = {
    "svs": {"User", "Filename", "ScanScope ID", "ImageDescription", "label image", "macro image"},
    "ndpi": {"Reference", "macro image"},
    "vms": {"Reference", "macro image"},
    "vmu": {"Reference", "macro image"},
    "scn": {"ImageDescription", "barcode", "macro image"},
    "tiff": {"PIM_DP_UFS_BARCODE", "Software", "label image", "macro image"},
    "tif": {"ImageDescription", "Software", "other properties of the scanner"},
    "bif": {"XMP", "UserName", "UnitNumber", "label image"},
    "mrxs": {"SLIDE_NAME", "label image", "macro image"},
    "dcm": {"PatientName", "PatientID", "StudyInstanceUID", "SeriesInstanceUID", "label image"},
}
"""What the report says of each, at the least."""


@dataclass(frozen=True)
class Imported:
    """What an import left behind, as everybody finds it."""

    session: UploadSession
    documents: list[dict[str, object]]

    @property
    def events(self) -> list[Event]:
        """What was announced."""
        envelopes = [each for document in self.documents for each in document["outbox"]]  # type: ignore[attr-defined]
        return [cattrs.structure(each["data"], event_class(each["type"])) for each in envelopes]  # type: ignore[arg-type]

    @property
    def slide(self) -> ImageImported:
        (found,) = [event for event in self.events if isinstance(event, ImageImported)]
        return found


class Desk:
    """Imports what is uploaded to an archive, with a worker's steps."""

    def __init__(self, blobs: BlobStore, folder: Path) -> None:
        self._blobs, self._folder = blobs, folder
        self._documents = SqliteDocuments(folder / "ingest.db", COLLECTIONS)

    def import_folder(self, folder: Path, *, keep_labels: bool = False) -> Imported:
        files = []
        for number, path in enumerate(sorted(path for path in folder.rglob("*") if path.is_file())):
            info = self._blobs.upload_from(f"upload/{number}", path)
            name = path.relative_to(folder).as_posix()
            files.append(SessionFile(str(number), name, f"upload/{number}", info.size_bytes))
        now, sessions = SystemClock().now(), sessions_of(self._documents)
        sessions.add(
            UploadSession(
                id="session",
                creator="ann",
                creator_number=1,
                archive="archive",
                item=None,
                socket="generic-medical-image",
                files=files,
                created_at=now,
                job=Job.queued(now),
                deidentify=True,
                keep_labels=keep_labels,
            )
        )
        handler = import_handler(self._documents)
        claims = Claims(sessions, handler, owner="test", policy=JobPolicy(), clock=SystemClock())
        claimed = claims.claim("session")
        assert claimed is not None
        work = SessionWork(self._blobs, self._blobs, _converted, self._folder / "scratch", b"s" * 32)
        result = as_sent(work.run(handler.payload(claimed), lambda _: None))
        handler.keep(claimed, result)
        claims.succeed(claimed, result)
        documents = [each for name in ("sessions", "images") for each in self._documents.find(name)]
        return Imported(sessions.require("session"), documents)


def _converted(
    files: list[SourceFile],
    output: Path,
    *,
    on_progress: ProgressListener,
    deidentification: Deidentification | None,
) -> ConversionReport:
    return convert(
        files, output, on_progress=on_progress, deidentification=deidentification, keep_slides=True
    )


@pytest.fixture
def desk(studio: Studio, tmp_path: Path) -> Desk:
    (tmp_path / "desk").mkdir()
    return Desk(studio.images, tmp_path / "desk")


def everything_made(studio: Studio, image: str) -> Iterable[bytes]:
    """Yield all that is stored of an image, by the tiler."""
    for store in (studio.images, studio.media):
        for blob in store.list():
            if not blob.key.startswith("upload/"):
                yield blob.key.encode()
                yield store.read(blob.key)
    for collection in ("slide_conversions", "level_fillings", "rendering_jobs"):
        for document in studio.service.documents.find(collection):
            yield json.dumps(document).encode()
    token = studio.member(image)
    for answer in ("", "progress/", "preview.jpeg", "icc"):
        yield studio.get(f"{image}/{answer}", token).data


def completed(studio: Studio, announced: ImageImported) -> None:
    """Take a slide through all of its stages, as its services hear of them."""
    image = announced.image
    studio.hear(announced)
    studio.convert(image)
    studio.render(image)
    studio.hear(viewable(studio))
    if studio.lacks_levels(image):
        studio.fill(image)
        studio.render(image)
    complete = studio.announced()[-1]
    assert isinstance(complete, SlideComplete)
    studio.hear(complete)


def viewable(studio: Studio) -> SlideViewable:
    (found,) = [event for event in studio.announced() if isinstance(event, SlideViewable)]
    return found


@pytest.mark.parametrize("name", WRITERS)
def test_nothing_tells_whose_a_slide_is_and_the_report_says_what_went(
    studio: Studio, desk: Desk, folder: Path, name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    slide = WRITERS[name](folder / name)
    secrets = [*slide.private, PATIENT.encode(), NAME.encode()]

    imported = desk.import_folder(folder)
    completed(studio, imported.slide)

    made = list(everything_made(studio, imported.slide.image))
    assert len(made) > 10
    made += [json.dumps(asdict(event)).encode() for event in (*imported.events, *studio.announced())]
    report = asdict(imported.session.report)
    for image in report["images"]:
        del image["sources"]  # names of files, for their uploader alone
    for refused in report["rejected"]:
        del refused["file"]
    made += [json.dumps(report).encode(), *(text.encode() for text in capfd.readouterr())]
    assert not [(secret, body[:80]) for secret in secrets for body in made if secret in body]
    assert TOLD[name.rpartition(".")[2]] <= set(report["images"][0]["removed"])
    assert imported.slide.deidentified
    assert imported.slide.name.startswith("image-")


def test_the_scanners_files_go_as_soon_as_the_slide_can_be_looked_at(
    studio: Studio, desk: Desk, folder: Path
) -> None:
    slide_files.mirax_slide(folder / f"{NAME}.mrxs")  # which is encoded anew, so that others' files are kept
    imported = desk.import_folder(folder)
    studio.hear(imported.slide)
    image = imported.slide.image
    studio.convert(image)
    studio.render(image)
    assert originals(studio, image)

    studio.hear(viewable(studio))
    studio.hear(viewable(studio))

    assert originals(studio, image) == []


def test_they_stay_until_nobody_reads_them_for_another_attempt(
    studio: Studio, desk: Desk, folder: Path
) -> None:
    slide_files.mirax_slide(folder / f"{NAME}.mrxs")
    imported = desk.import_folder(folder)
    studio.hear(imported.slide)
    image = imported.slide.image
    studio.convert_but_die(image)
    studio.render(image)

    with pytest.raises(Unavailable):
        studio.hear(viewable(studio))
    assert originals(studio, image)
    studio.convert(image)
    studio.hear(viewable(studio))

    assert originals(studio, image) == []


def test_they_go_when_the_slide_is_refused(studio: Studio, desk: Desk, folder: Path) -> None:
    slide_files.leica_slide(folder / f"{NAME}.scn", areas=2)
    imported = desk.import_folder(folder)
    studio.hear(imported.slide)
    studio.convert(imported.slide.image)
    (failed,) = studio.announced()
    assert isinstance(failed, TilesFailed)

    studio.hear(failed)

    assert originals(studio, imported.slide.image) == []


def test_the_reason_against_a_slide_does_not_name_the_files_it_lacks(
    studio: Studio, desk: Desk, folder: Path
) -> None:
    slide_files.mirax_slide(folder / f"{NAME}.mrxs")
    settings = folder / NAME / "Slidedat.ini"
    settings.write_text(settings.read_text().replace("Data0000.dat", f"{NAME}.dat"))
    imported = desk.import_folder(folder)
    studio.hear(imported.slide)

    conversion = studio.convert(imported.slide.image)

    (failed,) = studio.announced()
    assert isinstance(failed, TilesFailed)
    assert failed.reason == "Files of the slide are missing."
    assert NAME not in json.dumps(asdict(conversion), default=str)


def test_an_early_word_of_failure_deletes_nothing_and_is_heard_again(
    studio: Studio, desk: Desk, folder: Path
) -> None:
    slide_files.aperio_slide(folder / f"{NAME}.svs")
    imported = desk.import_folder(folder)
    studio.hear(imported.slide)

    with pytest.raises(Unavailable):
        studio.hear(TilesFailed(image=imported.slide.image, reason="of an attempt before"))

    assert len(originals(studio, imported.slide.image)) == 2


def test_names_of_files_wait_beside_them_and_are_deleted_with_the_image(
    studio: Studio, desk: Desk, folder: Path
) -> None:
    slide_files.vms_slide(folder / f"{NAME}.vms")

    imported = desk.import_folder(folder)

    slide = imported.slide.slide
    assert slide is not None
    assert f"{NAME}(0,0).jpg" in json.loads(studio.images.read(slide.names_key))
    assert [file.name for file in slide.files][:2] == ["file 1", "file 2"]
    (stored,) = [document for document in imported.documents if "originals" in document]
    assert set(stored["originals"]) == set(originals(studio, imported.slide.image))  # type: ignore[call-overload]


def test_no_label_is_kept_though_the_archive_wants_them(studio: Studio, desk: Desk, folder: Path) -> None:
    slide_files.aperio_slide(folder / f"{NAME}.svs")
    imported = desk.import_folder(folder, keep_labels=True)
    studio.hear(imported.slide)

    conversion = studio.convert(imported.slide.image)

    assert imported.slide.slide is not None
    assert not imported.slide.slide.keep_labels
    assert conversion.associated == []


def test_label_and_overview_of_a_dicom_slide_are_not_even_stored(desk: Desk, folder: Path) -> None:
    slide_files.dicom_slide(folder / NAME)

    imported = desk.import_folder(folder)

    refused = {Path(each.file).name: each.reasons for each in imported.session.report.rejected}
    assert refused == {"label.dcm": [NO_SLIDE], "overview.dcm": [NO_SLIDE]}
    assert imported.slide.slide is not None
    assert len(imported.slide.slide.files) == len(list((folder / NAME).glob("level*.dcm")))


@pytest.mark.parametrize(
    "said",
    [
        {"BurnedInAnnotation": "YES"},
        {"SpecimenLabelInImage": "YES"},
        {"ImageType": ["ORIGINAL", "PRIMARY", "VOLUME", "LABEL"]},
    ],
)
def test_a_level_with_writing_in_its_pixels_refuses_the_slide(
    desk: Desk, folder: Path, said: dict[str, object]
) -> None:
    level = slide_files.dicom_slide(folder / NAME).path
    dataset = dcmread(level)
    for keyword, value in said.items():
        setattr(dataset, keyword, value)
    dataset.save_as(level)

    imported = desk.import_folder(folder)

    report = imported.session.report
    assert report.images == []
    assert {reason for each in report.rejected for reason in each.reasons} == {BURNED_IN}


def test_the_words_of_a_colour_profile_stay_behind(studio: Studio, desk: Desk, folder: Path) -> None:
    slide = slide_files.dicom_slide(folder / NAME, icc=True).path
    dataset = dcmread(slide)
    dataset.OpticalPathSequence[0].ICCProfile = telling(PATIENT.encode())
    dataset.save_as(slide)

    imported = desk.import_folder(folder)
    completed(studio, imported.slide)

    made = list(everything_made(studio, imported.slide.image))
    assert not [body[:80] for body in made if PATIENT.encode() in body]


def originals(studio: Studio, image: str) -> list[str]:
    return [blob.key for blob in studio.images.list(f"{image}/1/slide/")]
