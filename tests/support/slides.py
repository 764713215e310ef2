"""Small slides and sources for the tiler's tests, written by libraries the tiler itself does not use."""

import struct
from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pyvips
import tifffile
from numpy.typing import NDArray
from PIL import Image


class MemorySource:
    """Bytes in memory as a ranged source that remembers what was read."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self.ranges: list[tuple[int, int]] = []

    @property
    def size_bytes(self) -> int:
        return len(self._body)

    def read(self, start: int, end: int) -> bytes:
        self.ranges.append((start, end))
        return self._body[start:end]

    @property
    def read_bytes(self) -> int:
        return sum(end - start for start, end in self.ranges)


def tissue(width: int, height: int) -> NDArray[np.uint8]:
    """A smooth picture in which red, green and blue differ everywhere, so that mixed up colours show."""
    x, y = np.meshgrid(np.linspace(0, 6, width), np.linspace(0, 5, height))
    channels = (200 + 50 * np.sin(x + y), 90 + 60 * np.cos(1.7 * y), 160 + 70 * np.sin(0.8 * x))
    return np.stack(channels, axis=-1).round().clip(0, 255).astype(np.uint8)


def halved(pixels: NDArray[Any]) -> NDArray[Any]:
    """The next level of a pyramid: the mean of every two by two pixels, odd edges repeated."""
    even = np.pad(pixels, ((0, pixels.shape[0] % 2), (0, pixels.shape[1] % 2), (0, 0)), mode="edge")
    blocks = even.reshape(even.shape[0] // 2, 2, even.shape[1] // 2, 2, -1)
    averaged: NDArray[Any] = blocks.mean(axis=(1, 3)).round().astype(pixels.dtype)
    return averaged


def vips_slide(path: Path, pixels: NDArray[np.uint8], **options: Any) -> Path:
    """A pyramid written by libvips: shared JPEG tables, directories scattered through the file."""
    settings = {"tile": True, "pyramid": True, "compression": "jpeg", "tile_width": 128, "tile_height": 128}
    pyvips.Image.new_from_array(pixels).tiffsave(str(path), **{**settings, **options})
    return path


def tifffile_slide(levels: Sequence[NDArray[Any]], *, tile: int = 128, **options: Any) -> bytes:
    """Levels written one after the other by tifffile, each compressed on its own."""
    byteorder, bigtiff = options.pop("byteorder", "<"), options.pop("bigtiff", False)
    body = BytesIO()
    with tifffile.TiffWriter(body, byteorder=byteorder, bigtiff=bigtiff) as writer:
        for number, level in enumerate(levels):
            writer.write(
                level,
                tile=(tile, tile),
                subfiletype=int(number > 0),
                metadata=None,
                software=False,
                **options,
            )
    return body.getvalue()


def as_pixels(body: bytes) -> NDArray[np.uint8]:
    """A picture as a browser's decoder sees it."""
    with Image.open(BytesIO(body)) as image:
        return np.asarray(image.convert("RGB") if image.mode not in ("L", "RGBA") else image)


def classic_tiff(
    directories: Sequence[Mapping[int, int]], *, loop_to: int | None = None, tail: bytes = b""
) -> bytes:
    """A little-endian TIFF of directories with one LONG per tag, right or not; `loop_to` links the last to another."""
    sizes = [2 + 12 * len(tags) + 4 for tags in directories]
    starts = [8 + sum(sizes[:number]) for number in range(len(directories))]
    body = struct.pack("<2sHI", b"II", 42, 8)
    for number, tags in enumerate(directories):
        following = starts[number + 1] if number + 1 < len(directories) else 0
        if number + 1 == len(directories) and loop_to is not None:
            following = starts[loop_to]
        entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in sorted(tags.items()))
        body += struct.pack("<H", len(tags)) + entries + struct.pack("<I", following)
    return body + tail
