"""Writes files as no library of their format would: with a flipped bit, or with a header line by line."""

from collections.abc import Sequence
from pathlib import Path


def flip_bit(path: Path, position: float | int) -> Path:
    """Flip one bit of a file at a byte offset, or at a fraction of its length."""
    content = bytearray(path.read_bytes())
    offset = int(position * len(content)) if isinstance(position, float) else position
    content[offset] ^= 0x10
    path.write_bytes(content)
    return path


def write_raw_header(path: Path, lines: Sequence[str], pixels: bytes = b"") -> Path:
    """Write a text header line by line, with pixels behind it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes("".join(f"{line}\n" for line in lines).encode() + pixels)
    return path
