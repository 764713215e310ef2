"""What the synthetic slides show, and the JPEG streams they show it with."""

from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]

PATIENT = "PATIENT-REF-0001"
"""Stands wherever a vendor's format names the patient or the case."""

QUALITY = 85


@dataclass(frozen=True)
class VendorSlide:
    """A slide on disk.

    Parameters
    ----------
    scene
        What was drawn, before JPEG: shape (rows, columns, 3).
    private
        Stored bytes of label and macro, and texts, that must not be in anything made from the slide.
    """

    path: Path
    scene: Pixels
    private: tuple[bytes, ...] = field(default=())


def scene(width: int, height: int, seed: int = 3) -> Pixels:
    """Something like stained tissue: smooth colours with fine grain, different everywhere."""
    x, y = np.meshgrid(np.linspace(0, width / 90, width), np.linspace(0, height / 70, height))
    grain = np.random.default_rng(seed).normal(0, 6, (height, width))
    red = 200 + 40 * np.sin(x + 0.7 * y) + grain
    green = 110 + 70 * np.cos(1.3 * y - 0.4 * x) + grain
    blue = 170 + 50 * np.sin(0.8 * x) + grain
    return np.stack((red, green, blue), axis=-1).round().clip(0, 255).astype(np.uint8)


def label(width: int = 128, height: int = 96) -> Pixels:
    """A paper label with 'handwriting' that compresses to bytes no tissue has."""
    paper = np.full((height, width, 3), 250, np.uint8)
    ink = np.random.default_rng(99).random((height, width)) < 0.3
    paper[ink] = 20
    return paper


def macro(width: int = 320, height: int = 112) -> Pixels:
    """A photograph of the glass with its label on the left."""
    glass = np.full((height, width, 3), 230, np.uint8)
    glass[:96, :128] = label()
    return glass


def reduced(pixels: Pixels, by: int) -> Pixels:
    """The mean of every `by` × `by` pixels; what is left over at the edges falls away."""
    rows, columns = pixels.shape[0] // by * by, pixels.shape[1] // by * by
    blocks = pixels[:rows, :columns].reshape(rows // by, by, columns // by, by, 3)
    means: Pixels = blocks.mean(axis=(1, 3)).round().astype(np.uint8)
    return means


def jpeg(
    pixels: Pixels, *, subsampling: str = "4:2:2", restart_mcus: int = 0, quality: int = QUALITY
) -> bytes:
    """A baseline JFIF stream; `restart_mcus` sets the restart interval."""
    body = BytesIO()
    options = {"restart_marker_blocks": restart_mcus} if restart_mcus else {}
    Image.fromarray(pixels).save(
        body, "JPEG", quality=quality, subsampling=subsampling, optimize=False, **options
    )
    return body.getvalue()


def scan_start(stream: bytes) -> int:
    """Where the entropy-coded data begins."""
    at = 2
    while True:
        length = int.from_bytes(stream[at + 2 : at + 4])
        at += 2 + length
        if stream[at - length - 1] == 0xDA:
            return at


def scan_data(stream: bytes) -> bytes:
    """What only this picture has: heads and tables of JPEG streams are alike everywhere."""
    return stream[scan_start(stream) :] if stream.startswith(b"\xff\xd8") else stream


def restart_starts(stream: bytes) -> list[int]:
    """Where the data of every restart interval begins."""
    start = scan_start(stream)
    body = np.frombuffer(stream, np.uint8)
    markers = np.flatnonzero(
        (body[start:-1] == 0xFF) & (body[start + 1 :] >= 0xD0) & (body[start + 1 :] <= 0xD7)
    )
    return [start, *(markers + start + 2).tolist()]


def split_tables(stream: bytes) -> tuple[bytes, bytes]:
    """Return the tables as a stream of their own, and the stream without them and without application markers."""
    tables, rest, at = [b"\xff\xd8"], [b"\xff\xd8"], 2
    while True:
        marker, end = stream[at + 1], at + 2 + int.from_bytes(stream[at + 2 : at + 4])
        if marker in (0xDB, 0xC4):
            tables.append(stream[at:end])
        elif not 0xE0 <= marker <= 0xEF:
            rest.append(stream[at:end])
        at = end
        if marker == 0xDA:
            return b"".join((*tables, b"\xff\xd9")), b"".join((*rest, stream[at:]))
