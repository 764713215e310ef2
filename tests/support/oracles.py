"""What real files hold, by libraries and formulas that share no code with the importer."""

import io
import re
import struct
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from PIL import Image
from pydicom import Dataset, dcmread
from tifffile import TiffFile

from tests.support.conversions import ItkImage, read_with_itk

IDENTITY = tuple(np.eye(3).ravel())
CODESTREAM = b"\xff\x4f\xff\x51"


def seen_by_itk(files: Sequence[Path]) -> ItkImage:
    """Read MetaImage and NRRD; a header finds its pixels beside it."""
    return read_with_itk(files[0])


def seen_by_pillow(files: Sequence[Path]) -> ItkImage:
    """Read a picture; what it says of dots per inch is a matter of printing."""
    with Image.open(files[0]) as picture:
        pixels = np.asarray(picture)
    return ItkImage(pixels, (pixels.shape[1], pixels.shape[0]), (1.0, 1.0), (0.0, 0.0), (1.0, 0.0, 0.0, 1.0))


def seen_by_nibabel(files: Sequence[Path]) -> ItkImage:
    """Read NIfTI; its axes point to right, anterior, superior, ours to left, posterior, superior."""
    loaded: Any = nibabel.load(files[0])
    matrix = np.diag([-1, -1, 1, 1]) @ loaded.affine
    spacing = np.linalg.norm(matrix[:3, :3], axis=0)
    return ItkImage(
        np.asarray(loaded.dataobj).T,
        loaded.shape,
        tuple(spacing),
        tuple(matrix[:3, 3]),
        tuple((matrix[:3, :3] / spacing).ravel()),
    )


def seen_by_tifffile(files: Sequence[Path]) -> ItkImage:
    """Read the full resolution of a pyramid, in two dimensions."""
    with TiffFile(files[0]) as tiff:
        page: Any = tiff.pages[0]
        per_unit = [page.tags[tag].value for tag in ("XResolution", "YResolution")]
        unit_mm = {2: 25.4, 3: 10.0}[int(page.tags["ResolutionUnit"].value)]
        pixels = page.asarray()
    spacing = tuple(unit_mm * below / above for above, below in per_unit)
    return ItkImage(pixels, (pixels.shape[1], pixels.shape[0]), spacing, (0.0, 0.0), (1.0, 0.0, 0.0, 1.0))


@dataclass(frozen=True)
class _Frame:
    time: float
    position: NDArray[np.float64]
    axes: NDArray[np.float64]
    spacing: tuple[float, float]
    pixels: NDArray[Any]


def seen_by_pydicom(files: Sequence[Path]) -> ItkImage:
    """Read one volume of CT slices, over time or not, in files of one frame or of many."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # identifiers of the reference files are too long
        frames = [frame for path in files for frame in _frames(dcmread(path))]
    row, column = frames[0].axes
    normal = np.cross(row, column)
    frames.sort(key=lambda frame: (frame.time, frame.position @ normal))
    times = sorted({frame.time for frame in frames})
    depth = len(frames) // len(times)
    first, last = frames[0], frames[depth - 1]
    step = float((last.position - first.position) @ normal) / (depth - 1) if depth > 1 else 1.0
    pixels = np.stack([frame.pixels for frame in frames])
    shape = (len(times), depth, *pixels.shape[1:]) if len(times) > 1 else pixels.shape
    image = sitk.GetImageFromArray(pixels.reshape(shape), isVector=False)
    return _placed(
        image, pixels.reshape(shape), (*first.spacing, step), first.position, [row, column, normal]
    )


def _placed(image: Any, pixels: NDArray[Any], spacing: Any, origin: Any, axes: Any) -> ItkImage:
    """Return the image on its grid; a fourth axis is time in steps of one."""
    more = image.GetDimension() - 3
    direction = np.eye(image.GetDimension())
    direction[:3, :3] = np.column_stack(axes)
    return ItkImage(
        pixels,
        image.GetSize(),
        (*spacing, *[1.0] * more),
        (*map(float, origin), *[0.0] * more),
        tuple(direction.ravel()),
    )


def _frames(dataset: Dataset) -> Iterator[_Frame]:
    pixels = dataset.pixel_array.reshape(-1, dataset.Rows, dataset.Columns)
    groups = dataset.get("PerFrameFunctionalGroupsSequence") or [Dataset()] * len(pixels)
    shared = (dataset.get("SharedFunctionalGroupsSequence") or [Dataset()])[0]
    for group, stored in zip(groups, pixels, strict=True):

        def of(sequence: str, keyword: str, default: Any = None, group: Dataset = group) -> Any:
            holder = next((one[sequence][0] for one in (group, shared) if sequence in one), dataset)
            return holder.get(keyword, default)

        rows_mm, columns_mm = of("PixelMeasuresSequence", "PixelSpacing")
        slope = float(of("PixelValueTransformationSequence", "RescaleSlope", 1))
        intercept = float(of("PixelValueTransformationSequence", "RescaleIntercept", 0))
        yield _Frame(
            float(of("FrameContentSequence", "TemporalPositionIndex", 0)),
            np.array(of("PlanePositionSequence", "ImagePositionPatient"), float),
            np.reshape(of("PlaneOrientationSequence", "ImageOrientationPatient"), (2, 3)).astype(float),
            (float(columns_mm), float(rows_mm)),
            stored * slope + intercept,
        )


def seen_in_topcon(files: Sequence[Path]) -> ItkImage:
    """Find the JPEG 2000 picture of a tomogram of one slice by its name, and so its field of view."""
    data = files[0].read_bytes()
    with Image.open(io.BytesIO(data[data.index(CODESTREAM, data.index(b"@IMG_JPEG")) :])) as picture:
        slice_ = np.asarray(picture)
    at = data.index(b"@PARAM_SCAN_04") + len(b"@PARAM_SCAN_04") + 4 + 12
    along, across, depth_um = struct.unpack_from("<3d", data, at)
    rows, columns = slice_.shape
    spacing = (along / columns, depth_um / 1000, across)
    return ItkImage(slice_[np.newaxis], (columns, rows, 1), spacing, (0.0, 0.0, 0.0), IDENTITY)


def seen_in_heidelberg(files: Sequence[Path]) -> ItkImage:
    """Decode the one tomogram of a file bit by bit: six bits of exponent, ten of mantissa, no sign."""
    data = files[0].read_bytes()
    (at,) = [match.start() for match in re.finditer(re.escape(struct.pack("<I", 0x02200201)), data)]
    rows, columns = struct.unpack_from("<2I", data, at + 8)
    codes = np.frombuffer(data, "<u2", rows * columns, at + 16)
    light = {int(code): _light(f"{code:016b}") for code in np.unique(codes)}
    shown = np.array([256 * light[int(code)] ** (1 / 2.4) for code in codes])
    spacing = (6 / columns, 0.0039, 4.5)
    pixels = shown.reshape(1, rows, columns).astype(np.float32)
    return ItkImage(pixels, (columns, rows, 1), spacing, (0.0, 0.0, 0.0), IDENTITY)


def _light(bits: str) -> float:
    mantissa = 1 + sum(int(bit) / 2**place for place, bit in enumerate(bits[6:], start=1))
    return float(mantissa * 2.0 ** (int(bits[:6], 2) - 63))
