"""Large slides for the benchmarks, made in seconds: a few hundred encoded tiles of drawn tissue, repeated in disorder.

Tiles differ enough for decoders and stores to work as hard as on real slides; making them anew each would take minutes.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray
from PIL import Image

from tests.support.slide_files.hamamatsu import ndpi_slide
from tests.support.slide_files.mirax import mirax_slide
from tests.support.slide_files.scene import split_tables

Pixels = NDArray[np.uint8]

_TEXTURE_PX = 3072
_NUCLEUS_PX = 9
_SHARE_OF_GLASS = 0.25
_MPP = 0.25


def tissue(side: int = _TEXTURE_PX, seed: int = 5) -> Pixels:
    """Stroma in pink with dark round nuclei, at the sharpness and noise of a scanner's camera."""
    rng = np.random.default_rng(seed)
    eosin = 0.42 + 0.15 * _noise(rng, side, 5, 300) + 0.09 * _noise(rng, side, 3, 40)
    nuclei = np.zeros((side, side), np.float32)
    y, x = np.mgrid[-_NUCLEUS_PX : _NUCLEUS_PX + 1, -_NUCLEUS_PX : _NUCLEUS_PX + 1]
    for row, column in rng.integers(0, side, (side * side // 900, 2)):
        radius = rng.uniform(3.5, 7.5)
        spot = 1 / (1 + np.exp((np.hypot(x, y * rng.uniform(1, 1.6)) / radius - 1) * 6))
        at = np.ix_((row + y[:, 0]) % side, (column + x[0]) % side)
        nuclei[at] = np.maximum(nuclei[at], spot)
    density = (nuclei * 1.3)[..., np.newaxis] * [0.65, 0.70, 0.29] + eosin.clip(0.03, 1.6)[
        ..., np.newaxis
    ] * [0.07, 0.75, 0.25]
    light = 243 * np.exp(-density) + rng.normal(0, 1.6, (side, side, 1))
    colours: Pixels = light.clip(0, 255).astype(np.uint8)
    return colours


def _noise(rng: np.random.Generator, side: int, shortest: float, longest: float) -> NDArray[np.float64]:
    """Smooth noise between two wavelengths in pixels, with unit deviation, that repeats without a seam."""
    frequency = np.hypot(np.fft.fftfreq(side)[:, np.newaxis], np.fft.rfftfreq(side))
    inside = (frequency >= 1 / longest) & (frequency <= 1 / shortest)
    amplitude = np.where(inside, 1 / np.maximum(frequency, 1e-9) ** 1.2, 0)
    values = np.fft.irfft2(amplitude * np.exp(2j * np.pi * rng.random(frequency.shape)), s=(side, side))
    normed: NDArray[np.float64] = (values - values.mean()) / values.std()
    return normed


@dataclass(frozen=True)
class Palette:
    """Encoded tiles that share their tables; the last one is empty glass."""

    tables: bytes
    tiles: tuple[bytes, ...]

    @classmethod
    def of(
        cls, texture: Pixels, tile: int, *, quality: int = 85, subsampling: int = 2, rgb: bool = False
    ) -> "Palette":
        glass = np.full((tile, tile, 3), 241, np.uint8)
        cut = [
            texture[y : y + tile, x : x + tile]
            for y in range(0, texture.shape[0] - tile + 1, tile)
            for x in range(0, texture.shape[1] - tile + 1, tile)
        ]
        streams = [_jpeg(pixels, quality, subsampling, rgb=rgb) for pixels in (*cut, glass)]
        return cls(split_tables(streams[0])[0], tuple(split_tables(stream)[1] for stream in streams))

    def drawn(self, count: int, seed: int) -> Iterator[bytes]:
        chance = random.Random(seed)
        for _ in range(count):
            yield (
                self.tiles[-1]
                if chance.random() < _SHARE_OF_GLASS
                else self.tiles[chance.randrange(len(self.tiles) - 1)]
            )


def aperio(
    path: Path, width: int, height: int, tile: int, *, subsampling: int = 2, rgb: bool = False
) -> Path:
    """Write an SVS with levels at 1, 4 and 16, a thumbnail, a label and a macro.

    Parameters
    ----------
    rgb
        Whether its JPEG is RGB, which only the TIFF says; then colours are not subsampled.
    """
    subsampling = 0 if rgb else subsampling
    palette = Palette.of(tissue(), tile, subsampling=subsampling, rgb=rgb)
    head = f"Aperio Image Library v12.0.15 \r\n{width}x{height} [0,0 {width}x{height}] ({tile}x{tile}) JPEG/YCC Q=85"
    facts = f"|AppMag = 40|MPP = {_MPP}"
    colours: dict[str, Any] = {
        "photometric": "rgb" if rgb else "ycbcr",
        "subsampling": None if rgb else ((1, 1), (2, 1), (2, 2))[subsampling],
    }
    with tifffile.TiffWriter(path, bigtiff=True) as writer:
        for number, step in enumerate((1, 4, 16)):
            size = (width // step, height // step)
            writer.write(
                palette.drawn(-(-size[0] // tile) * -(-size[1] // tile), seed=number),
                shape=(size[1], size[0], 3),
                dtype=np.uint8,
                tile=(tile, tile),
                compression="jpeg",
                jpegtables=palette.tables,
                description=head + facts if step == 1 else f"{head} -> {size[0]}x{size[1]}",
                **colours,
                **_PLAIN,
            )
            if step == 1:
                _write_strips(writer, tissue(512), f"{head} -> 512x512 - {facts}")
        _write_label(writer, f"{head}\nlabel 387x463")
        glass = np.full((431, 1280, 3), 230, np.uint8)
        _write_strips(writer, glass, f"{head}\nmacro 1280x431", subfiletype=9)
    return path


_PLAIN: dict[str, Any] = {"metadata": None, "software": False}
_STRIPS: dict[str, Any] = {**_PLAIN, "compression": "jpeg", "photometric": "rgb", "subsampling": (2, 2)}


def _write_strips(
    writer: tifffile.TiffWriter, pixels: Pixels, description: str, *, subfiletype: int | None = None
) -> None:
    writer.write(pixels, rowsperstrip=16, description=description, subfiletype=subfiletype, **_STRIPS)


def _write_label(writer: tifffile.TiffWriter, description: str) -> None:
    writer.write(
        np.full((463, 387, 3), 250, np.uint8),
        rowsperstrip=463,
        compression="lzw",
        photometric="rgb",
        subfiletype=1,
        description=description,
        **_PLAIN,
    )


def _jpeg(pixels: Pixels, quality: int, subsampling: int, *, rgb: bool) -> bytes:
    body = BytesIO()
    picture = Image.fromarray(np.ascontiguousarray(pixels))
    picture.save(body, "JPEG", quality=quality, subsampling=subsampling, keep_rgb=rgb)
    return _numbered(body.getvalue()) if rgb else body.getvalue()


def _numbered(stream: bytes) -> bytes:
    """Call the components of a frame and its scan 0, 1 and 2, as Aperio does: called R, G and B they would tell their model."""
    named = bytearray(stream)
    frame, scan = stream.index(b"\xff\xc0"), stream.index(b"\xff\xda")
    for component in range(3):
        named[frame + 10 + 3 * component] = component
        named[scan + 5 + 2 * component] = component
    return bytes(named)


def ndpi(path: Path, width: int, height: int) -> Path:
    """Write an NDPI with levels at 1, 4 and 16; all rows of blocks are drawn from one wide texture."""
    texture = tissue(2048)
    repeated = np.tile(texture, (-(-height // 2048), -(-width // 2048), 1))[:height, :width]
    ndpi_slide(path, size=(width, height), interval=1024, steps=(1, 4, 16), pixels=repeated)
    return path


def mirax(path: Path, photos: int) -> Path:
    """Write an MRXS of so many positions a side, each photograph 256 pixels wide."""
    side = photos * 256
    repeated = np.tile(tissue(2048), (-(-side // 2048), -(-side // 2048), 1))[:side, :side]
    mirax_slide(path, photos=photos, drawn=repeated)
    return path
