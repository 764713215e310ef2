"""What the tiler hands out: an encoded picture that any browser shows."""

from dataclasses import dataclass

JPEG = "image/jpeg"
PNG = "image/png"


@dataclass(frozen=True)
class Picture:
    content_type: str
    body: bytes
