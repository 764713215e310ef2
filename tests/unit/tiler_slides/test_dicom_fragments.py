"""Frames of DICOM that are cut into fragments, where they are decoded because they carry more than pixels."""

import struct
from collections.abc import Sequence
from pathlib import Path

import pydicom
import pytest
from pydicom.encaps import generate_frames

from tests.support import slide_files
from tests.support.converting import convert, refusal
from tiler.adapters.slides import copying
from tiler.domain.slide import Route

COMMENT = b"\xff\xfe\x00\x08abcdef"
FRAMES = 20


def with_comments(path: Path, *, in_fragments: Sequence[int] = ()) -> Path:
    """Give every frame a comment, and cut some of them in two; the offset table stays right."""
    dataset = pydicom.dcmread(path)
    items, offsets = b"", []
    for number, frame in enumerate(generate_frames(dataset.PixelData, number_of_frames=FRAMES)):
        offsets.append(len(items))
        body = frame[:2] + COMMENT + frame[2:]
        half = len(body) // 4 * 2
        for part in (body[:half], body[half:]) if number in in_fragments else (body,):
            items += b"\xfe\xff\x00\xe0" + struct.pack("<I", len(part)) + part
    table = struct.pack(f"<{FRAMES}I", *offsets)
    head = b"\xfe\xff\x00\xe0" + struct.pack("<I", len(table)) + table
    dataset.PixelData = head + items + b"\xfe\xff\xdd\xe0" + bytes(4)
    dataset.save_as(path)
    return path


@pytest.mark.parametrize("in_fragments", [(), (7,)], ids=["whole", "cut"])
def test_frames_in_fragments_are_refused_though_the_first_is_decoded(
    in_fragments: tuple[int, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first frame is looked at, and found to carry a comment, before the eighth is read."""
    monkeypatch.setattr(copying, "_AT_ONCE_BYTES", 1)
    slide = slide_files.dicom_slide(tmp_path / "a", steps=(1,), planes=(1,)).path
    with_comments(slide, in_fragments=in_fragments)

    if in_fragments:
        assert "fragments" in refusal(slide)
    else:
        assert convert(slide, tmp_path / "slide.tif").route == Route.DECODE
