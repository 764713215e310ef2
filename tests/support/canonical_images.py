"""Small canonical images, as the import writes them, made by libraries the tiler does not use, or by the import."""

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk
import tifffile
from numpy.typing import NDArray

from ingest_worker.adapters.volumes import ArrayVolume
from ingest_worker.adapters.writers.metaimage import write_volume
from ingest_worker.domain.geometry import Geometry
from ingest_worker.domain.layouts import VolumeLayout
from tests.support.slides import halved, tifffile_slide, tissue, vips_slide


def mha(folder: Path, voxels: NDArray[Any], *, is_vector: bool = False, **metadata: str) -> bytes:
    """A compressed MetaImage; four axes are a time series."""
    if voxels.ndim == 4 and not is_vector:
        image = sitk.JoinSeries([sitk.GetImageFromArray(volume) for volume in voxels])
    else:
        image = sitk.GetImageFromArray(voxels, isVector=is_vector)
    for key, value in metadata.items():
        image.SetMetaData(key, value)
    path = folder / "image.mha"
    sitk.WriteImage(image, str(path), True)
    return path.read_bytes()


def indexed_mha(folder: Path, voxels: NDArray[Any], *, channels: int = 1, **fields: str) -> bytes:
    """A MetaImage as our import writes it, with the index of its slices; axes slowest first, channels last."""
    size = voxels.shape[::-1] if channels == 1 else voxels.shape[-2::-1]
    layout = VolumeLayout(size, channels, voxels.dtype.name, Geometry.unknown(len(size)))
    path = folder / "indexed.mha"
    path.unlink(missing_ok=True)
    write_volume(ArrayVolume(layout, voxels), path, fields=fields, threads=1, on_progress=lambda _: None)
    return path.read_bytes()


def volume(folder: Path) -> bytes:
    """A cube in the middle of a volume, to be seen in its middle slice only."""
    voxels = np.full((7, 40, 40), -1000, np.int16)
    voxels[3, 10:30, 10:30] = 1000
    return mha(folder, voxels)


def slide(folder: Path, *, width: int = 500, height: int = 380, **options: Any) -> bytes:
    """A pyramid in JPEG tiles of 128 pixels of 0.5 by 0.25 micrometres, down to a level that fits one tile."""
    resolution = {"xres": 2000, "yres": 4000}  # pixels per millimetre
    return vips_slide(folder / "slide.tif", tissue(width, height), **resolution, **options).read_bytes()


def gray_slide() -> bytes:
    """A pyramid of gray values without loss, whose tiles are PNG."""
    levels = [tissue(500, 380)[..., :1]]
    while max(levels[-1].shape) > 128:
        levels.append(halved(levels[-1]))
    flat = [level[..., 0] for level in levels]
    return tifffile_slide(flat, compression="deflate", photometric="minisblack")


def untiled_tiff() -> bytes:
    body = BytesIO()
    tifffile.imwrite(body, tissue(60, 40), metadata=None)
    return body.getvalue()
