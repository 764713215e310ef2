"""First look at a file: its format by content, and the names its header mentions. Runs in a child.

Only the beginning of a file is read here; DICOM is left to `readers.dicom_headers`.
"""

import re
import struct
import zlib
from pathlib import PurePosixPath

from ingest_worker.adapters.first_bytes import first_bytes
from ingest_worker.adapters.readers import metaimage_header, nrrd_header
from ingest_worker.adapters.unpacking import ZIP_MARKS
from ingest_worker.domain.budget import Budget
from ingest_worker.domain.candidates import Recognised
from ingest_worker.domain.files import SourceFile
from ingest_worker.domain.formats import AnyFormat, Format, SlideFormat, UnsupportedFormat
from ingest_worker.domain.refusals import Refused

HEAD_BYTES = 64 * 1024
DICOM_HEAD_BYTES = 16 * 1024
DICOM_PREAMBLE_BYTES, DICOM_MARK = 128, b"DICM"
NIFTI_1_BYTES, NIFTI_2_BYTES = 348, 540
GZIP_MARK = b"\x1f\x8b"
LISTING_PARTS = (SlideFormat.HAMAMATSU_VMS, SlideFormat.HAMAMATSU_VMU)

MARKS: tuple[tuple[bytes, AnyFormat], ...] = (
    (b"\x89PNG\r\n\x1a\n", Format.PNG),
    (b"\xff\xd8\xff", Format.JPEG),
    (b"II*\0", Format.TIFF),
    (b"MM\0*", Format.TIFF),
    (b"II+\0", Format.TIFF),
    (b"MM\0+", Format.TIFF),
    (b"NRRD00", Format.NRRD),
    (b"FOCTFDA", Format.TOPCON),
    (b"FOCTFDS", Format.TOPCON),
    (b"CMDb", Format.HEIDELBERG),
    (b"E2EMultipleVolumeFile", Format.HEIDELBERG),  # the same behind a header of 64 bytes
    (b"[Virtual Microscope Specimen]", SlideFormat.HAMAMATSU_VMS),
    (b"[Uncompressed Virtual Microscope Specimen]", SlideFormat.HAMAMATSU_VMU),
    (b'<DataObject ObjectType="DPUfsImport"', UnsupportedFormat.ISYNTAX),
    (b"[NanoZoomer Digital Pathology Image Set]", UnsupportedFormat.NDPIS),
    (b"ZISRAWFILE", UnsupportedFormat.CZI),
    (b"GIF87a", UnsupportedFormat.GIF),
    (b"GIF89a", UnsupportedFormat.GIF),
    (b"\0\0\0\x0cjP  ", UnsupportedFormat.JPEG_2000),
    (b"\xff\x4f\xff\x51", UnsupportedFormat.JPEG_2000),
    (b"\0\0\0\x0cJXL ", UnsupportedFormat.JPEG_XL),
    (b"\xff\x0a", UnsupportedFormat.JPEG_XL),
    (b"\x1aE\xdf\xa3", UnsupportedFormat.VIDEO),
    (b"\x89HDF\r\n\x1a\n", UnsupportedFormat.HDF5),
    (b"%PDF-", UnsupportedFormat.PDF),
    (b"7z\xbc\xaf\x27\x1c", UnsupportedFormat.SEVEN_ZIP),
    (b"Rar!\x1a\x07", UnsupportedFormat.RAR),
)

HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1", b"avif", b"avis")
"""What the file type box of ISO 14496-12 begins with in pictures; its other files are videos."""

ONLY_BY_NAME: dict[tuple[AnyFormat, str], AnyFormat] = {
    (Format.JPEG, ".mrxs"): SlideFormat.MIRAX,
    (Format.TIFF, ".vsi"): UnsupportedFormat.VSI,
}
"""Slides that look like a picture: it shows the whole glass, and perhaps its label, and lies beside a folder of pixels."""

META_IMAGE_KEY = re.compile(rb"^[ \t]*(ObjectType|NDims|DimSize|ElementType)[ \t]*=", re.MULTILINE)
SLIDE_PIXELS = re.compile(rb"^ImageFile[^=\n]*=[ \t]*([^\r\n]+)", re.MULTILINE)
SLIDE_PART = re.compile(rb"^(?:MapFile|OptimisationFile|MacroImage)[ \t]*=[ \t]*([^\r\n]+)", re.MULTILINE)


def head_of(file: SourceFile) -> bytes:
    """Return as much of a file's beginning as it takes to recognise it: less of DICOM, of which there are many files."""
    head = first_bytes(file.path, DICOM_HEAD_BYTES)
    return head if has_dicom_mark(head) else first_bytes(file.path, HEAD_BYTES)


def has_dicom_mark(head: bytes) -> bool:
    """Tell whether a file begins like DICOM (PS3.10 section 7.1), whose first bytes are free, and like no archive as well."""
    return head.startswith(DICOM_MARK, DICOM_PREAMBLE_BYTES) and not head.startswith(ZIP_MARKS)


def recognise(file: SourceFile, head: bytes, budget: Budget) -> Recognised:
    """Say what a file is, by its content; its name only decides where contents are alike."""
    if not head:
        return Recognised(file, reason="The file is empty.")
    kind = format_of(head, file.name)
    try:
        return Recognised(
            file,
            kind,
            references=_references(file, head, kind, budget),
            companions=_named(SLIDE_PART, head) if kind in LISTING_PARTS else (),
            reason="" if kind else _wrong_name(file.name),
        )
    except Refused as refusal:
        return Recognised(file, kind, reason=refusal.reason)


def format_of(head: bytes, name: str) -> AnyFormat | None:
    """Return the format of a file that begins with `head`, None if no rule knows it."""
    if has_dicom_mark(head):
        return Format.DICOM
    marked = next((kind for mark, kind in MARKS if head.startswith(mark)), None)
    if marked is not None:
        return ONLY_BY_NAME.get((marked, PurePosixPath(name.lower()).suffix), marked)
    if head.startswith(GZIP_MARK):
        unpacked = _nifti(unpacked_head(head, NIFTI_2_BYTES))
        return unpacked or UnsupportedFormat.GZIP
    return _nifti(head) or _structured(head)


def _structured(head: bytes) -> AnyFormat | None:
    """Recognise what has no mark of its own at the beginning."""
    if len(META_IMAGE_KEY.findall(head)) >= 2 and b"NDims" in head:
        return Format.META_IMAGE
    if head[:2] == b"BM" and len(head) >= 14 and head[6:10] == b"\0\0\0\0":
        return UnsupportedFormat.BMP
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return UnsupportedFormat.WEBP
    if head[8:12] == b"AVI " or head[4:8] == b"ftyp":
        pictures = head[8:12] in HEIF_BRANDS
        return UnsupportedFormat.HEIF if pictures else UnsupportedFormat.VIDEO
    if head[257:262] == b"ustar":
        return UnsupportedFormat.TAR
    return Format.DICOM if _bare_dicom(head) else None


def _nifti(head: bytes) -> AnyFormat | None:
    """Recognise NIfTI 1 and 2 by the size field and the magic (nifti1.h, nifti2.h)."""
    if len(head) < NIFTI_1_BYTES:
        return None
    sizes = {struct.unpack_from(order + "i", head)[0] for order in "<>"}
    if NIFTI_1_BYTES in sizes:
        return Format.NIFTI if head[344:347] in (b"n+1", b"ni1") else UnsupportedFormat.ANALYZE
    return Format.NIFTI if NIFTI_2_BYTES in sizes and head[4:7] in (b"n+2", b"ni2") else None


def _nifti_pixels(head: bytes, name: str) -> tuple[str, ...]:
    """Return the file a NIfTI header has its pixels in: itself, or one of the same name that ends in .img."""
    header = unpacked_head(head, NIFTI_2_BYTES) if head.startswith(GZIP_MARK) else head
    if header[344:347] != b"ni1" and header[4:7] != b"ni2":
        return ()
    packed = ".gz" if name.lower().endswith(".gz") else ""
    bare = PurePosixPath(name[: len(name) - len(packed)])
    return (f"{bare.stem}.img{packed}",)


def unpacked_head(head: bytes, wanted: int) -> bytes:
    """Return the first bytes inside a gzip file of one or more members, as many as its head yields undamaged."""
    found = b""
    while head and len(found) < wanted:
        member = zlib.decompressobj(31)
        try:
            found += member.decompress(head, wanted - len(found))
        except zlib.error:
            break
        head = member.unused_data
    return found


def _bare_dicom(head: bytes) -> bool:
    """Recognise DICOM data sets without the 128-byte preamble: a first element of group 2 or 8, little endian."""
    if len(head) < 12:
        return False
    group, element = struct.unpack_from("<HH", head)
    if group not in (0x0002, 0x0008) or element > 0x0070:
        return False
    explicit = re.fullmatch(rb"[A-Z]{2}", head[4:6]) is not None
    return explicit or struct.unpack_from("<I", head, 4)[0] <= 256


def _references(file: SourceFile, head: bytes, kind: AnyFormat | None, budget: Budget) -> tuple[str, ...]:
    """Return the data files of a detached header."""
    if kind is Format.META_IMAGE:
        return metaimage_header.read_header(file, budget).data_files
    if kind is Format.NRRD:
        return nrrd_header.read_header(file, budget).data_files
    if kind is Format.NIFTI:
        return _nifti_pixels(head, file.base_name)
    return _named(SLIDE_PIXELS, head) if kind in LISTING_PARTS else ()


def _named(pattern: re.Pattern[bytes], head: bytes) -> tuple[str, ...]:
    return tuple(match.decode("utf-8", "replace").strip() for match in pattern.findall(head))


EXPECTED = {
    ".dcm": "DICOM",
    ".mha": "MetaImage",
    ".mhd": "MetaImage",
    ".nii": "NIfTI",
    ".nrrd": "NRRD",
    ".nhdr": "NRRD",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".png": "PNG",
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".zip": "zip archive",
    ".fda": "Topcon OCT",
    ".fds": "Topcon OCT",
    ".e2e": "Heidelberg OCT",
}


def _wrong_name(name: str) -> str:
    """Return the reason for a file whose name promises what its content does not keep, "" if it promises nothing."""
    bare = name.lower().removesuffix(".gz")
    expected = EXPECTED.get(PurePosixPath(bare).suffix)
    if expected is None:
        return ""
    return f"The name says {expected}, but the content is damaged at its beginning or something else."
