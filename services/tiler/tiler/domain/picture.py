"""What the tiler hands out: an encoded picture that any browser shows, or the values behind one."""

from dataclasses import dataclass

JPEG = "image/jpeg"
PNG = "image/png"
NPY = "application/x-npy"
"""Values as they are stored, in NumPy's format (NEP 1); it has no registered name."""


@dataclass(frozen=True)
class Picture:
    content_type: str
    body: bytes
