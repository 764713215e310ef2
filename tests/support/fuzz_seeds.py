"""Valid uploads of every format, for the fuzzer to damage; the same each time."""

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import SimpleITK as sitk
from PIL import Image
from pydicom import Dataset, dcmread
from pydicom.encaps import encapsulate
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    HTJ2KLossless,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
    VLWholeSlideMicroscopyImageStorage,
)
from tifffile import TiffFile, imwrite

from demo.imaging import (
    Grid,
    a_dataset,
    anatomy,
    ct_slice,
    picture,
    put_pixels,
    write_dicom_series,
    write_image,
    write_picture,
    write_pyramid,
)
from tests.support.enhanced_ct import write_enhanced_ct
from tests.support.oct_files import retina, write_e2e, write_fda, write_fds

Files = dict[str, bytes]


@dataclass(frozen=True)
class Seed:
    """A valid upload.

    Parameters
    ----------
    victim
        Which of the files is damaged.
    guarded_from
        From which byte on a checksum covers the victim; None if none does.
    """

    files: Files
    victim: str
    guarded_from: int | None = None


def seeds(folder: Path) -> dict[str, Seed]:
    """Return an upload of every format; `folder` is for making them."""
    parts = (_dicom, _series, _coded_dicom, _volumes, _detached, _pictures, _tiffs, _slides, _others)
    return {name: seed for part in parts for name, seed in part(folder)}


def _together(folder: Path, victim: str, guarded_from: int | None = None) -> Seed:
    """Return all files of a folder as one upload."""
    files = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    return Seed(files, victim, guarded_from)


def _alone(path: Path, guarded_from: int | None = None) -> Seed:
    return Seed({path.name: path.read_bytes()}, path.name, guarded_from)


def _dicom(folder: Path) -> Iterator[tuple[str, Seed]]:
    (source,) = write_dicom_series(folder / "ct", anatomy(1))
    yield "dicom", _alone(source)
    yield "dicom enhanced", _alone(write_enhanced_ct(folder / "enhanced.dcm", anatomy(3)))
    for name, uid in (
        ("implicit", ImplicitVRLittleEndian),
        ("deflated", DeflatedExplicitVRLittleEndian),
        ("rle", RLELossless),
    ):
        dataset = dcmread(source)
        if uid == RLELossless:
            dataset.compress(RLELossless)
        dataset.file_meta.TransferSyntaxUID = uid
        dataset.save_as(folder / f"{name}.dcm", enforce_file_format=True)
        yield f"dicom {name}", _alone(folder / f"{name}.dcm")
    swapped = ct_slice(anatomy(1)[0], Grid(), 0, 1)
    swapped.PixelData = np.frombuffer(swapped.PixelData, "<u2").astype(">u2").tobytes()
    swapped.file_meta.TransferSyntaxUID = ExplicitVRBigEndian
    swapped.save_as(folder / "big.dcm", enforce_file_format=True)
    yield "dicom big endian", _alone(folder / "big.dcm")
    colored = a_dataset()
    put_pixels(colored, picture())
    colored.save_as(folder / "colour.dcm", enforce_file_format=True)
    yield "dicom colour", _alone(folder / "colour.dcm")


def _series(folder: Path) -> Iterator[tuple[str, Seed]]:
    files = write_dicom_series(folder / "series", anatomy(4))
    yield "dicom series", _together(folder / "series", files[2].name)

    def timed(dataset: Dataset, index: int) -> None:
        dataset.TemporalPositionIndex = index // 2 + 1
        dataset.ImagePositionPatient = [0, 0, index % 2]

    files = write_dicom_series(folder / "4d", anatomy(4), change=timed)
    yield "dicom 4d", _together(folder / "4d", files[3].name)


def _coded_dicom(folder: Path) -> Iterator[tuple[str, Seed]]:
    (source,) = write_dicom_series(folder / "coded", anatomy(1))
    for syntax, code in _coded(dcmread(source).pixel_array).items():
        uid = UID(syntax)
        dataset = dcmread(source)
        dataset.PixelData = encapsulate([code])
        dataset["PixelData"].VR = "OB"
        dataset["PixelData"].is_undefined_length = True
        dataset.file_meta.TransferSyntaxUID = uid
        if uid == JPEGBaseline8Bit:
            dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 8, 8, 7
        dataset.save_as(folder / f"{uid}.dcm", enforce_file_format=True)
        yield f"dicom {uid.name}", _alone(folder / f"{uid}.dcm")


def _coded(pixels: Any) -> dict[str, bytes]:
    import imagecodecs  # slow to load, and only the fuzzer needs it here

    return {
        JPEGLosslessSV1: bytes(imagecodecs.ljpeg_encode(pixels, bitspersample=12)),
        JPEGLSLossless: bytes(imagecodecs.jpegls_encode(pixels)),
        JPEG2000Lossless: bytes(
            imagecodecs.jpeg2k_encode(pixels, level=0, codecformat="j2k", reversible=True)
        ),
        HTJ2KLossless: bytes(imagecodecs.htj2k_encode(pixels, reversible=True)),
        JPEGBaseline8Bit: bytes(imagecodecs.jpeg8_encode((pixels >> 4).astype(np.uint8))),
    }


def _volumes(folder: Path) -> Iterator[tuple[str, Seed]]:
    yield "mha raw", _alone(_itk(folder / "raw.mha", compressed=False))
    packed = _itk(folder / "packed.mha", compressed=True)
    yield "mha", _alone(packed, packed.read_bytes().index(b"LOCAL\n") + len(b"LOCAL\n"))
    yield "nii", _alone(write_image(folder / "x.nii", anatomy()))
    yield "nii.gz", _alone(write_image(folder / "x.nii.gz", anatomy()), guarded_from=0)
    second = nibabel.Nifti2Image(anatomy().T, np.eye(4))
    for name in ("second.nii", "second.nii.gz"):
        second.to_filename(folder / name)
    yield "nifti 2", _alone(folder / "second.nii")
    yield "nifti 2 gz", _alone(folder / "second.nii.gz", guarded_from=0)
    yield "nrrd raw", _alone(_itk(folder / "raw.nrrd", compressed=False))
    nrrd = _itk(folder / "packed.nrrd", compressed=True)
    yield "nrrd", _alone(nrrd, nrrd.read_bytes().index(b"\n\n") + 2)
    listed = b"NRRD0005\ntype: short\ndimension: 4\nsizes: 2 32 24 4\nkinds: list domain domain domain\nspace: LPS\n"
    listed += b"space directions: none (1,0,0) (0,1,0) (0,0,2)\nendian: little\nencoding: raw\n\n"
    (folder / "list.nrrd").write_bytes(listed + np.stack([anatomy(4)] * 2, -1).tobytes())
    yield "nrrd list", _alone(folder / "list.nrrd")


def _detached(folder: Path) -> Iterator[tuple[str, Seed]]:
    """Yield headers with pixels beside them: once the one is damaged, once the other."""
    for kind, header, compressed in (("mhd", "x.mhd", False), ("mhd z", "x.mhd", True)):
        (folder / kind).mkdir()
        _itk(folder / kind / header, compressed=compressed)
        yield kind, _together(folder / kind, header)
        pixels = "x.zraw" if compressed else "x.raw"
        yield f"{kind} pixels", _together(folder / kind, pixels, 0 if compressed else None)
    for kind, pixels in (("nhdr", "x.raw"), ("nhdr gz", "x.raw.gz")):
        (folder / kind).mkdir()
        _itk(folder / kind / "x.nhdr", compressed=pixels.endswith(".gz"))
        yield kind, _together(folder / kind, "x.nhdr")
        yield f"{kind} pixels", _together(folder / kind, pixels, 0 if pixels.endswith(".gz") else None)


def _itk(path: Path, *, compressed: bool) -> Path:
    sitk.WriteImage(sitk.GetImageFromArray(anatomy()), str(path), compressed)
    return path


def _pictures(folder: Path) -> Iterator[tuple[str, Seed]]:
    yield "png", _alone(write_picture(folder / "x.png"), guarded_from=0)
    Image.fromarray(picture()).quantize(32).save(folder / "palette.png")
    yield "png palette", _alone(folder / "palette.png", guarded_from=0)
    yield "jpg", _alone(write_picture(folder / "x.jpg"))
    left, right = Image.fromarray(picture()), Image.fromarray(picture()[::-1])
    left.save(folder / "stereo.jpg", "MPO", save_all=True, append_images=[right])
    yield "jpg of two", _alone(folder / "stereo.jpg")


def _tiffs(folder: Path) -> Iterator[tuple[str, Seed]]:
    plain: dict[str, Any] = {"resolution": (300, 300), "resolutionunit": "INCH", "metadata": None}
    imwrite(folder / "plain.tif", picture(), **plain)
    yield "tif", _alone(folder / "plain.tif")
    deflated = {**plain, "compression": "zlib", "photometric": "minisblack"}
    imwrite(folder / "stack.tif", anatomy(4).astype(np.uint16), **deflated)
    yield "tif stack", _alone(folder / "stack.tif")
    imwrite(folder / "deflated.tif", anatomy(1)[0], **deflated)
    with TiffFile(folder / "deflated.tif") as tiff:
        guarded_from = tiff.pages.first.dataoffsets[0]
    yield "tif deflated", _alone(folder / "deflated.tif", guarded_from)
    imwrite(folder / "white.tif", anatomy(1)[0], photometric="miniswhite", **plain)
    yield "tif white is zero", _alone(folder / "white.tif")
    imwrite(folder / "zstandard.tif", picture(), compression="zstd", tile=(32, 32), **plain)
    yield "tif zstandard", _alone(folder / "zstandard.tif")
    imwrite(folder / "lab.tif", picture(), photometric="cielab", **plain)
    yield "tif lab", _alone(folder / "lab.tif")
    gray_and_alpha = np.stack([picture()[..., 0]] * 2, axis=-1)
    imwrite(
        folder / "alpha.tif", gray_and_alpha, photometric="minisblack", extrasamples=["unassalpha"], **plain
    )
    yield "tif gray with alpha", _alone(folder / "alpha.tif")
    imwrite(folder / "double.tif", anatomy(1)[0].astype(np.float64), photometric="minisblack", **plain)
    yield "tif double", _alone(folder / "double.tif")
    layers = anatomy(4).reshape(2, 2, 24, 32).astype(np.uint16)
    size = {"unit": "um", "spacing": 2.0}
    imwrite(
        folder / "imagej.tif",
        layers,
        imagej=True,
        truncate=True,
        resolution=(2, 2),
        metadata={"axes": "ZCYX", **size},
    )
    yield "tif imagej", _alone(folder / "imagej.tif")
    imwrite(
        folder / "ome.tif",
        layers,
        ome=True,
        metadata={"axes": "CTYX", "PhysicalSizeX": 1, "PhysicalSizeY": 1},
    )
    yield "tif ome", _alone(folder / "ome.tif")
    yield "tif pyramid", _alone(write_pyramid(folder / "pyramid.tif"))
    yield "tif jpeg pyramid", _alone(write_pyramid(folder / "jpeg.tif", compression="jpeg"))


def _slides(folder: Path) -> Iterator[tuple[str, Seed]]:
    """Yield what need only be recognised here: the tiler looks inside, and has a fuzzer of its own."""
    imwrite(folder / "x.svs", picture(), description="Aperio Image Library v11", tile=(16, 16))
    yield "svs", _alone(folder / "x.svs")
    imwrite(folder / "x.bif", picture(), extratags=[(700, "B", 20, b"<iScan Magnification", True)])
    yield "bif", _alone(folder / "x.bif")
    (folder / "vms").mkdir()
    lines = [
        "[Virtual Microscope Specimen]",
        "NoLayers=1",
        "ImageFile=a.jpg",
        "ImageFile(1,0)=b.jpg",
        "MapFile=m.jpg",
    ]
    (folder / "vms" / "x.vms").write_text("\r\n".join(lines), encoding="ascii")
    for name in ("a.jpg", "b.jpg", "m.jpg"):
        write_picture(folder / "vms" / name)
    yield "vms", _together(folder / "vms", "x.vms")
    write_picture(folder / "mrxs" / "x.jpg").rename(folder / "mrxs" / "x.mrxs")
    (folder / "mrxs" / "x").mkdir()
    (folder / "mrxs" / "x" / "Slidedat.ini").write_text(
        "[GENERAL]\r\nSLIDE_VERSION = 02.01", encoding="ascii"
    )
    yield "mrxs", _together(folder / "mrxs", "x.mrxs")
    yield "mrxs index", _together(folder / "mrxs", "x/Slidedat.ini")
    whole = a_dataset(VLWholeSlideMicroscopyImageStorage, "SM")
    put_pixels(whole, picture()[np.newaxis])
    whole.save_as(folder / "whole.dcm", enforce_file_format=True)
    yield "dicom slide", _alone(folder / "whole.dcm")


def _others(folder: Path) -> Iterator[tuple[str, Seed]]:
    yield "fda", _alone(write_fda(folder / "x.fda", (retina() % 251).astype(np.uint8)))
    yield "fds", _alone(write_fds(folder / "x.fds", retina(), field_mm=(6.0, 3.5, 4.5)))
    yield "e2e", _alone(write_e2e(folder / "x.e2e", {1: ("R", retina())}))
    with zipfile.ZipFile(folder / "x.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.write(write_picture(folder / "in.png"), "a/in.png")
        packed.write(_itk(folder / "in.mha", compressed=True), "a/in.mha")
    yield "zip", _alone(folder / "x.zip", guarded_from=0)
