"""Formats are known by content; names only help where contents are alike."""

import gzip
from pathlib import Path

import pytest

from demo.imaging import anatomy, write_dicom_series, write_image, write_picture, write_pyramid
from ingest_worker.adapters.recognition import format_of, head_of, recognise
from ingest_worker.domain.budget import Budget
from ingest_worker.domain.candidates import Recognised
from ingest_worker.domain.files import SourceFile
from ingest_worker.domain.formats import AnyFormat, Format, SlideFormat, UnsupportedFormat


def recognised(path: Path) -> Recognised:
    file = SourceFile(path.name, path)
    return recognise(file, head_of(file), Budget())


def test_every_format_is_known_under_a_name_that_says_nothing(tmp_path: Path) -> None:
    files = {
        Format.DICOM: write_dicom_series(tmp_path / "dicom", anatomy(1))[0],
        Format.META_IMAGE: write_image(tmp_path / "x.mha", anatomy()),
        Format.NIFTI: write_image(tmp_path / "x.nii.gz", anatomy()),
        Format.NRRD: write_image(tmp_path / "x.nrrd", anatomy()),
        Format.PNG: write_picture(tmp_path / "x.png"),
        Format.JPEG: write_picture(tmp_path / "x.jpg"),
        Format.TIFF: write_pyramid(tmp_path / "x.tif"),
    }

    found = {
        kind: recognised(path.rename(tmp_path / f"file{number}")).format
        for number, (kind, path) in enumerate(files.items())
    }

    assert found == {kind: kind for kind in files}


@pytest.mark.parametrize(
    ("head", "name", "expected"),
    [
        (b"FOCTFDA\0\0", "eye.fda", Format.TOPCON),
        (b"FOCTFDS\0\0", "eye.fds", Format.TOPCON),
        (b"CMDb\0\0\0\0", "eye.E2E", Format.HEIDELBERG),
        (b"\xff\xd8\xff\xe0", "slide.mrxs", SlideFormat.MIRAX),
        (b"[Virtual Microscope Specimen]\n", "slide.vms", SlideFormat.HAMAMATSU_VMS),
        (b"II*\0", "slide.vsi", UnsupportedFormat.VSI),
        (b"[NanoZoomer Digital Pathology Image Set]\n", "slide.ndpis", UnsupportedFormat.NDPIS),
        (b"ZISRAWFILE", "slide.czi", UnsupportedFormat.CZI),
        (b"%PDF-1.7", "letter.pdf", UnsupportedFormat.PDF),
        (b"GIF89a", "x.gif", UnsupportedFormat.GIF),
        (b"\0\0\0\x18ftypheic\0\0\0\0", "x.heic", UnsupportedFormat.HEIF),
        (b"\0\0\0\x18ftypavif\0\0\0\0", "x.avif", UnsupportedFormat.HEIF),
        (b"\0\0\0\x18ftypmp42\0\0\0\0", "x.mp4", UnsupportedFormat.VIDEO),
        (b"RIFF\0\0\0\0AVI LIST", "x.avi", UnsupportedFormat.VIDEO),
        (b"\x1aE\xdf\xa3\0\0", "x.mkv", UnsupportedFormat.VIDEO),
        (b"\0\0\0\x0cJXL \r\n\x87\n", "x.jxl", UnsupportedFormat.JPEG_XL),
        (b"\xff\x0a\0\0", "x.jxl", UnsupportedFormat.JPEG_XL),
        (b"BM" + b"\x10\0\0\0" + bytes(20), "x.bmp", UnsupportedFormat.BMP),
        (bytes(257) + b"ustar\0", "x.tar", UnsupportedFormat.TAR),
        (gzip.compress(b"hello", mtime=0), "x.gz", UnsupportedFormat.GZIP),
        (b"hello world, I am a text", "readme.txt", None),
        (bytes(1000), "zeros", None),
    ],
)
def test_other_files_are_named_or_unknown(head: bytes, name: str, expected: AnyFormat | None) -> None:
    assert format_of(head, name) is expected


def test_an_empty_file_says_so(tmp_path: Path) -> None:
    (tmp_path / "x.dcm").touch()

    assert recognised(tmp_path / "x.dcm").reason == "The file is empty."


@pytest.mark.parametrize(
    ("name", "expected"),
    [("x.NII.GZ", "NIfTI"), ("x.dcm", "DICOM"), ("x.E2E", "Heidelberg OCT"), ("x.Tiff", "TIFF")],
)
def test_a_name_that_promises_something_else_is_mentioned(tmp_path: Path, name: str, expected: str) -> None:
    (tmp_path / name).write_bytes(b"nothing of the kind")

    found = recognised(tmp_path / name)

    assert (
        found.reason
        == f"The name says {expected}, but the content is damaged at its beginning or something else."
    )


def test_a_slide_of_several_files_names_its_parts(tmp_path: Path) -> None:
    text = b"[Virtual Microscope Specimen]\r\nNoLayers=1\r\nImageFile=a.jpg\r\nImageFile(1,0)=b.jpg\r\nMacroImage=m.jpg\r\n"
    (tmp_path / "s.vms").write_bytes(text)

    found = recognised(tmp_path / "s.vms")

    assert (found.references, found.companions) == (("a.jpg", "b.jpg"), ("m.jpg",))
