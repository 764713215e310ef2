"""Slides are recognised with everything that belongs to them, and handed to the tiler as they came."""

import hashlib
import zipfile
from pathlib import Path
from typing import Any

import pytest
from pydicom.uid import VLWholeSlideMicroscopyImageStorage
from tifffile import imwrite

from archive_shared.blobs.folder import FolderBlobStore
from archive_shared.blobs.links import LinkSigner
from demo.imaging import a_dataset, picture, put_pixels, write_picture
from ingest_worker.conversion import convert
from ingest_worker.domain.candidates import MOST_FILES_OF_A_SLIDE as MOST_FILES
from ingest_worker.domain.files import SourceFile
from ingest_worker.domain.formats import SlideFormat
from ingest_worker.domain.slides import FoundSlide
from ingest_worker.use_cases.convert_session import SessionWork
from tests.support import slide_files

APERIO = "Aperio Image Library v11\n46000x32914 [0,100] (256x256) JPEG"
LEICA = '<?xml version="1.0"?><scn xmlns="http://www.leica-microsystems.com/scn/2010/10/01"></scn>'
VENTANA = '<?xml version="1.0"?><Metadata><iScan Magnification="40"/></Metadata>'


def a_tiff(path: Path, description: str, **options: Any) -> Path:
    imwrite(path, picture(), description=description, tile=(16, 16), metadata=None, **options)
    return path


def a_mirax_archive(path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("case/s.mrxs", b"\xff\xd8\xff\xe0 thumbnail")
        packed.writestr("case/s/Slidedat.ini", b"[GENERAL]")
        packed.writestr("case/s/Data0000.dat", b"tiles")
    return path


def a_dicom_slide(folder: Path, levels: int) -> list[Path]:
    files = []
    for level in range(levels):
        dataset = a_dataset(VLWholeSlideMicroscopyImageStorage, "SM")
        put_pixels(dataset, picture())
        dataset.InstanceNumber = level + 1
        dataset.save_as(folder / f"level{level}.dcm", enforce_file_format=True)
        files.append(folder / f"level{level}.dcm")
    return files


def slides_of(files: list[Path], output: Path) -> list[FoundSlide]:
    report = convert(files, output, keep_slides=True)
    assert not report.rejected
    return list(report.slides)


def test_slides_of_one_file_are_known_by_content(tmp_path: Path) -> None:
    files = [
        a_tiff(tmp_path / "1.tif", APERIO),
        a_tiff(tmp_path / "2.svs", LEICA, bigtiff=True),
        a_tiff(tmp_path / "3.x", "", extratags=[(700, 7, len(VENTANA), VENTANA.encode(), True)]),
    ]

    slides = slides_of(files, tmp_path / "out")

    assert [(slide.name, slide.format) for slide in slides] == [
        ("1.tif", SlideFormat.APERIO),
        ("2.svs", SlideFormat.LEICA),
        ("3.x", SlideFormat.VENTANA),
    ]
    assert [file.path for slide in slides for file in slide.files] == files


def test_slides_of_philips_are_taken_as_tiff_and_not_as_isyntax(tmp_path: Path) -> None:
    tiff = slide_files.philips_slide(tmp_path / "a.tiff").path
    isyntax = tmp_path / "b.isyntax"
    isyntax.write_bytes(
        b'<DataObject ObjectType="DPUfsImport"><Attribute Name="X">1</Attribute></DataObject>\x04'
    )

    report = convert([tiff, isyntax], tmp_path / "out", keep_slides=True)

    assert [(slide.name, slide.format) for slide in report.slides] == [("a.tiff", SlideFormat.PHILIPS)]
    assert [(each.file, each.reasons) for each in report.rejected] == [
        ("b.isyntax", ("Philips slides (.isyntax) are not supported yet.",))
    ]


@pytest.mark.parametrize("packed", [False, True])
def test_files_of_a_slide_go_by_the_names_it_calls_them(packed: bool, tmp_path: Path) -> None:
    """Scanners' machines find them by any case. They were handed on as they were spelt here, and then missed by the tiler."""
    folder = tmp_path / "case"
    folder.mkdir()
    slide = slide_files.vms_slide(folder / "a.vms", size=(512, 64), interval=128).path
    called = {path.name for path in folder.iterdir()}
    for path in [*folder.iterdir()]:
        if path != slide:
            path.rename(path.with_name(path.name.upper()))
    files = sorted(folder.iterdir())
    if packed:
        archive = tmp_path / "a.zip"
        with zipfile.ZipFile(archive, "w") as zipped:
            for path in files:
                zipped.write(path, f"case/{path.name}")
        files = [archive]

    (found,) = slides_of(files, tmp_path / "out")

    assert found.files[0].name == "a.vms"
    assert {file.name for file in found.files} == called


def test_a_slide_in_an_archive_keeps_its_folder(tmp_path: Path) -> None:
    (slide,) = slides_of([a_mirax_archive(tmp_path / "a.zip")], tmp_path / "out")

    assert (slide.name, slide.format) == ("s.mrxs", SlideFormat.MIRAX)
    assert [file.name for file in slide.files] == ["s.mrxs", "s/Data0000.dat", "s/Slidedat.ini"]
    assert [file.path.read_bytes() for file in slide.files][1:] == [b"tiles", b"[GENERAL]"]
    assert slide.files[1].source.name == "a.zip/case/s/Data0000.dat"
    assert slide.files[1].source.sha256 == hashlib.sha256(b"tiles").hexdigest()


def test_a_slide_of_more_files_than_can_be_told_of_is_refused_and_the_rest_goes_on(tmp_path: Path) -> None:
    """Its document and event would fit nowhere: the worker died of it, again and again, and the session with it."""
    heap = tmp_path / "heap.zip"
    with zipfile.ZipFile(heap, "w") as packed:
        packed.writestr("s.mrxs", b"\xff\xd8\xff\xe0 thumbnail")
        packed.writestr("s/Slidedat.ini", b"[GENERAL]")
        for number in range(MOST_FILES):
            packed.writestr(f"s/Data{number:05}.dat", b"tiles")

    report = convert([heap, a_tiff(tmp_path / "good.svs", APERIO)], tmp_path / "out", keep_slides=True)

    assert [slide.name for slide in report.slides] == ["good.svs"]
    assert len(report.rejected) == MOST_FILES + 2
    assert {each.reasons for each in report.rejected} == {
        ("This slide has more than 2,000 files, which is not supported.",)
    }


def test_the_levels_of_a_dicom_slide_are_one_slide(tmp_path: Path) -> None:
    (slide,) = slides_of(a_dicom_slide(tmp_path, 3), tmp_path / "out")

    assert (slide.format, len(slide.files)) == (SlideFormat.DICOM, 3)


def test_without_a_tiler_slides_are_turned_down(tmp_path: Path) -> None:
    report = convert([a_tiff(tmp_path / "1.svs", APERIO)], tmp_path / "out")

    assert [one.reasons for one in report.rejected] == [
        ("This is a whole-slide image; `tiler convert` converts those.",)
    ]


@pytest.fixture
def blobs(tmp_path: Path) -> FolderBlobStore:
    signer = LinkSigner(b"s" * 32)
    return FolderBlobStore(tmp_path / "blobs", bucket="images", signer=signer, public_url="https://a.test")


def test_a_session_stores_the_files_of_a_slide_under_one_prefix(
    tmp_path: Path, blobs: FolderBlobStore
) -> None:
    blobs.upload_from("ann/1", a_mirax_archive(tmp_path / "a.zip"))
    blobs.upload_from("ann/2", write_picture(tmp_path / "p.png"))

    def keep(files: list[SourceFile], output: Path, **_: object) -> object:
        return convert(files, output, keep_slides=True)

    work = SessionWork(blobs, blobs, keep, tmp_path / "scratch", b"s" * 32)  # type: ignore[arg-type]
    files = [
        {"name": "a.zip", "key": "ann/1", "size_bytes": 1},
        {"name": "p.png", "key": "ann/2", "size_bytes": 1},
    ]
    payload = {
        "session": "s",
        "epoch": 2,
        "files": files,
        "archive": None,
        "deidentify": False,
        "keep_labels": False,
    }
    result = work.run(payload, lambda _: None)

    picture_found, found = result["images"]
    assert picture_found["slide"] is None
    assert (found["name"], found["files"], found["pixels_sha256"]) == ("s.mrxs", [], "")
    assert found["slide"]["format"] == "mrxs"
    prefix = f"{found['id']}/2/slide/"
    assert {file["name"]: blobs.read(file["key"])[:5] for file in found["slide"]["files"]} == {
        "s.mrxs": b"\xff\xd8\xff\xe0 ",
        "s/Data0000.dat": b"tiles",
        "s/Slidedat.ini": b"[GENE",
    }
    assert all(file["key"].startswith(prefix) for file in found["slide"]["files"])
    assert found["description"]["width"] is None
