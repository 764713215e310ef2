"""Files made to hurt: each costs its sender a refusal, and nobody else anything."""

import gzip
import io
import struct
import zipfile
import zlib
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.encaps import encapsulate
from pydicom.uid import UID, JPEG2000Lossless, JPEGLosslessSV1, RLELossless

from demo.imaging import anatomy, write_dicom_series, write_image, write_picture
from ingest_worker.conversion import convert
from ingest_worker.domain.budget import MIB, Budget
from ingest_worker.domain.report import ConversionReport
from tests.support.conversions import convert_here, the_image, the_reason

SMALL = Budget(memory_bytes=512 * MIB, wall_time_s=30, unpacked_bytes=64 * MIB, image_bytes=256 * MIB)
OUTSIDE = ["../../../escaped", "/tmp/escaped", "..", "1.2/../../escaped", "1.2\0.3", "con:", "%n%s"]


def everything_in(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


@pytest.mark.filterwarnings("ignore:Invalid value for VR UI")
@pytest.mark.parametrize("uid", OUTSIDE)
def test_identifiers_in_dicom_never_name_files(tmp_path: Path, uid: str) -> None:
    sources = write_dicom_series(tmp_path / "in", anatomy(3))
    for source in sources:
        dataset = dcmread(source)
        dataset.StudyInstanceUID = dataset.SeriesInstanceUID = dataset.FrameOfReferenceUID = uid
        dataset.SeriesDescription = uid
        dataset.save_as(source)
    before = everything_in(tmp_path)

    image = the_image(convert_here(sources, tmp_path / "out"))

    new = everything_in(tmp_path) - before
    assert new == {"out", "out/0", f"out/{image.file}"}
    assert image.file == f"{image.key}.mha"
    assert image.metadata.series_instance_uid in ("", uid)


@pytest.mark.parametrize("name", ["../../escaped.png", "/tmp/escaped.png", "a/../../escaped.png"])
def test_names_in_archives_never_name_files(tmp_path: Path, name: str) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as packed:
        packed.writestr(zipfile.ZipInfo(name), write_picture(tmp_path / "p.png").read_bytes())
    before = everything_in(tmp_path)

    report = convert([tmp_path / "a.zip"], tmp_path / "out")

    assert not report.images
    assert "leads out of its archive" in report.rejected[0].reasons[0]
    assert everything_in(tmp_path) - before == {"out"}


def test_an_archive_of_itself_ends(tmp_path: Path) -> None:
    """Forty archives in one another, as a stand-in for one that contains itself."""
    inner = b"nothing"
    for _ in range(40):
        body = io.BytesIO()
        with zipfile.ZipFile(body, "w") as packed:
            packed.writestr("a.zip", inner)
        inner = body.getvalue()
    (tmp_path / "a.zip").write_bytes(inner)

    report = convert([tmp_path / "a.zip"], tmp_path / "out", budget=SMALL)

    assert report.rejected[-1].reasons == ("Archives may be nested 4 deep at most.",)


def test_ten_million_zeros_in_an_archive_are_not_written(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("zeros.raw", bytes(100 * MIB))

    report = convert([tmp_path / "a.zip"], tmp_path / "out", budget=SMALL)

    assert "hold more than 64 MB unpacked" in report.rejected[0].reasons[0]


def test_a_gzip_bomb_stops_at_what_its_header_announces(tmp_path: Path) -> None:
    small = gzip.decompress(write_image(tmp_path / "small.nii.gz", anatomy()).read_bytes())
    (tmp_path / "bomb.nii.gz").write_bytes(gzip.compress(small + bytes(64 * MIB)))

    report = convert_here([tmp_path / "bomb.nii.gz"], tmp_path / "out")

    assert the_reason(report) == "The file bomb.nii.gz holds far more data than its header announces."


def _text_header(tmp_path: Path, text: str) -> ConversionReport:
    (tmp_path / "big.mha").write_bytes(text.encode() + zlib.compress(bytes(1000)))
    return convert_here([tmp_path / "big.mha"], tmp_path / "out", budget=SMALL)


@pytest.mark.parametrize("size", ["65535 65535", "65535 65535 65535", "2147483647 2 2"])
def test_a_metaimage_header_cannot_order_memory(tmp_path: Path, size: str) -> None:
    text = (
        f"ObjectType = Image\nNDims = {len(size.split())}\nBinaryData = True\nCompressedData = True\n"
        f"DimSize = {size}\nElementType = MET_SHORT\nElementDataFile = LOCAL\n"
    )

    assert "allowed here" in the_reason(_text_header(tmp_path, text))


@pytest.mark.parametrize("syntax", [RLELossless, JPEGLosslessSV1, JPEG2000Lossless], ids=lambda uid: uid.name)
def test_a_dicom_header_cannot_order_memory(tmp_path: Path, syntax: UID) -> None:
    (source,) = write_dicom_series(tmp_path / "in", anatomy(1))
    dataset = dcmread(source)
    dataset.Rows = dataset.Columns = 65_535
    dataset.PixelData = encapsulate([struct.pack("<16I", 1, 64, *[0] * 14) + b"\xff\xd9" * 8])
    dataset["PixelData"].VR = "OB"
    dataset["PixelData"].is_undefined_length = True
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.save_as(source)

    report = convert_here([source], tmp_path / "out")

    assert "A single slice of IM0001.dcm would take 8 GB uncompressed" in the_reason(report)


def test_sequences_in_one_another_without_end_spoil_no_file_beside(tmp_path: Path) -> None:
    files = write_dicom_series(tmp_path / "in", anatomy(3))
    plain = files[0].read_bytes()
    begin = plain.index(b"\x08\x00\x16\x00UI")  # SOPClassUID
    sequence, item = b"\x08\x00\x15\x11SQ\0\0" + b"\xff" * 4, b"\xfe\xff\x00\xe0" + b"\xff" * 4
    (tmp_path / "deep.dcm").write_bytes(plain[:begin] + (sequence + item) * 20_000 + plain[begin:])

    report = convert_here([*files, tmp_path / "deep.dcm"], tmp_path / "out")

    assert [image.metadata.depth for image in report.images] == [3]
    assert [rejection.reasons for rejection in report.rejected] == [
        ("The DICOM header of deep.dcm is damaged.",)
    ]


def test_a_nifti_header_cannot_order_memory(tmp_path: Path) -> None:
    raw = bytearray(write_image(tmp_path / "big.nii", anatomy()).read_bytes())
    struct.pack_into("<8h", raw, 40, 3, 32767, 32767, 32767, 1, 1, 1, 1)
    (tmp_path / "big.nii").write_bytes(raw)

    assert "allowed here" in the_reason(convert_here([tmp_path / "big.nii"], tmp_path / "out", budget=SMALL))


def test_a_tiff_header_cannot_order_memory(tmp_path: Path) -> None:
    tags = [
        (256, 65_535),
        (257, 65_535),
        (258, 8),
        (259, 5),
        (262, 1),
        (273, 8),
        (277, 1),
        (278, 65_535),
        (279, 4),
    ]
    body = struct.pack("<2sHI4s", b"II", 42, 12, b"\x80\x00\x20\x00")
    body += struct.pack("<H", len(tags)) + b"".join(
        struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags
    )
    (tmp_path / "big.tif").write_bytes(body + bytes(4))

    report = convert([tmp_path / "big.tif"], tmp_path / "out", budget=SMALL)

    assert not report.images
    assert report.rejected[0].reasons


def test_links_handed_in_as_files_are_read_as_what_they_are_not(tmp_path: Path) -> None:
    """The library opens what it is given; a folder, a pipe or nothing at the end of a link is refused."""
    (tmp_path / "loop.dcm").symlink_to(tmp_path / "loop.dcm")
    (tmp_path / "folder.dcm").symlink_to(tmp_path)
    (tmp_path / "gone.dcm").symlink_to(tmp_path / "nowhere")

    report = convert([tmp_path / f"{name}.dcm" for name in ("loop", "folder", "gone")], tmp_path / "out")

    assert {rejection.reasons for rejection in report.rejected} == {("This is not a file, or it is gone.",)}


def test_a_symlink_in_an_archive_reads_nothing(tmp_path: Path) -> None:
    entry = zipfile.ZipInfo("passwd.raw")
    entry.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as packed:
        packed.writestr(entry, "/etc/passwd")

    report = convert([tmp_path / "a.zip"], tmp_path / "out")

    assert [one.reasons[0] for one in report.rejected] == [
        "This is a link, and links in archives are not followed."
    ]
