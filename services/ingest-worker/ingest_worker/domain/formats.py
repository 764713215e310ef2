"""The kinds of files that can arrive, as found by their content."""

from enum import StrEnum
from typing import TypeAlias


class Format(StrEnum):
    """A family of files; the value is how people call one such file."""

    META_IMAGE = "MetaImage"
    NIFTI = "NIfTI"
    NRRD = "NRRD"
    DICOM = "DICOM"
    TIFF = "TIFF"
    PNG = "PNG"
    JPEG = "JPEG"
    TOPCON = "Topcon OCT"
    HEIDELBERG = "Heidelberg OCT"


class SlideFormat(StrEnum):
    """A family of whole-slide images, which the tiler converts; the value is what `image.imported` calls it."""

    APERIO = "svs"
    HAMAMATSU_NDPI = "ndpi"
    LEICA = "scn"
    VENTANA = "bif"
    HAMAMATSU_VMS = "vms"
    HAMAMATSU_VMU = "vmu"
    MIRAX = "mrxs"
    PHILIPS = "philips"
    TRESTLE = "trestle"
    DICOM = "dicom"
    TIFF = "tiff"


class UnsupportedFormat(StrEnum):
    """A family that is recognised by name only; the value is the plural people use.

    The first group is to be converted one day: each gets a reader, moves up into `Format`, and nothing else changes.
    """

    ISYNTAX = "Philips slides (.isyntax)"
    NDPIS = "Hamamatsu slides of several channels (.ndpis)"
    CZI = "Zeiss slides and stacks (.czi)"
    VSI = "Olympus slides (.vsi)"

    ANALYZE = "Analyze files (.hdr/.img), which do not tell left from right,"
    GIF = "GIF pictures"
    BMP = "BMP pictures"
    WEBP = "WebP pictures"
    JPEG_2000 = "JPEG 2000 pictures outside DICOM"
    JPEG_XL = "JPEG XL pictures"
    HEIF = "HEIF and AVIF pictures (.heic, .avif)"
    VIDEO = "Videos"
    HDF5 = "HDF5 files"
    PDF = "PDF documents"
    TAR = "tar archives"
    SEVEN_ZIP = "7z archives"
    RAR = "RAR archives"
    GZIP = "gzip files that hold something other than NIfTI"


AnyFormat: TypeAlias = Format | SlideFormat | UnsupportedFormat
