"""What Hamamatsu's format squeezes into a classic TIFF for slides that are too large for one."""

import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.support import slide_files
from tests.support.converting import convert, seen_by_openslide
from tiler.domain.slide import Route

_FAR = 5 << 30
_OFFSET, _LENGTH = 273, 279
_SIZE_OF_FRAME = 5  # behind its marker: length and precision


def entries(body: bytearray) -> tuple[dict[int, int], int]:
    """Where the entries of the first directory stand, and where the upper halves of their values begin."""
    (first,) = struct.unpack_from("<Q", body, 4)
    (count,) = struct.unpack_from("<H", body, first)
    places = [first + 2 + 12 * number for number in range(count)]
    return {struct.unpack_from("<H", body, at)[0]: at for at in places}, first + 2 + 12 * count + 8


def moved_far(path: Path) -> None:
    """Put the stream of the full resolution behind the first four gigabytes; the file has a hole."""
    body = bytearray(path.read_bytes())
    found, upper_halves = entries(body)
    start, length = (struct.unpack_from("<I", body, found[tag] + 8)[0] for tag in (_OFFSET, _LENGTH))
    number = sorted(found.values()).index(found[_OFFSET])
    struct.pack_into("<I", body, found[_OFFSET] + 8, _FAR & 0xFFFFFFFF)
    struct.pack_into("<I", body, upper_halves + 4 * number, _FAR >> 32)
    stream = bytes(body[start : start + length])
    body[start : start + length] = bytes(length)
    with path.open("r+b") as file:
        file.write(body)
        file.seek(_FAR)
        file.write(stream)


def without_frame_size(path: Path) -> None:
    """A frame cannot say that it has more than 65,535 columns; scanners write 0 then."""
    body = bytearray(path.read_bytes())
    found, _ = entries(body)
    (start,) = struct.unpack_from("<I", body, found[_OFFSET] + 8)
    at = body.index(b"\xff\xc0", start) + _SIZE_OF_FRAME
    body[at : at + 4] = bytes(4)
    path.write_bytes(body)


@pytest.mark.parametrize("change", [moved_far, without_frame_size])
def test_the_full_resolution_is_found(change: Callable[[Path], None], tmp_path: Path) -> None:
    slide, target = slide_files.ndpi_slide(tmp_path / "a.ndpi").path, tmp_path / "slide.tif"
    expected = seen_by_openslide(slide).pixels
    change(slide)

    converted = convert(slide, target)

    assert converted.route == Route.JOIN
    rows = expected.shape[0] // 8 * 8  # OpenSlide leaves out a last row of half blocks
    assert np.array_equal(seen_by_openslide(target).pixels[:rows], expected[:rows])
