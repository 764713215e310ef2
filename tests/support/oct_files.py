"""Writes small tomograms the way Topcon's and Heidelberg's machines do: nobody's eye is in the test-suite."""

import struct
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[Any]


def retina(slices: int = 3, rows: int = 20, columns: int = 16) -> NDArray[np.uint16]:
    """A volume (slices, rows, columns) in which every axis looks different."""
    z, y, x = np.indices((slices, rows, columns))
    volume: NDArray[np.uint16] = (z * 3000 + y * 500 + x * 7).astype(np.uint16)
    return volume


def _topcon(kind: bytes, chunks: dict[bytes, bytes]) -> bytes:
    body = b"FOCT" + kind + struct.pack("<2I", 1, 1001)
    for name, content in chunks.items():
        body += bytes([len(name)]) + name + struct.pack("<I", len(content)) + content
    return body + b"\0"


def _parameters(field_mm: tuple[float, float, float]) -> bytes:
    along, depth_um, across = field_mm
    return bytes(12) + struct.pack("<3d", along, across, depth_um) + bytes(25)


def write_fds(path: Path, volume: Pixels, *, field_mm: tuple[float, float, float] | None = None) -> Path:
    """Write 16-bit samples; `field_mm` is (mm along a slice, um of a pixel's depth, mm across the slices)."""
    slices, rows, columns = volume.shape
    header = struct.pack("<x4IxI", columns, rows, 16, slices, volume.nbytes)
    chunks = {b"@PATIENT_INFO_02": b"Jane Doe".ljust(64), b"@IMG_SCAN_03": header + volume.tobytes()}
    if field_mm:
        chunks[b"@PARAM_SCAN_04"] = _parameters(field_mm)
    path.write_bytes(_topcon(b"FDS", chunks))
    return path


def write_fda(path: Path, volume: Pixels, *, announced: tuple[int, int, int] | None = None) -> Path:
    """Write slices as JPEG 2000; `announced` is what the header says instead of (columns, rows, slices)."""
    slices, rows, columns = volume.shape
    body = struct.pack("<B8x3I4x", 2, *(announced or (columns, rows, slices)))
    for plane in volume:
        code = bytes(imagecodecs.jpeg2k_encode(plane, level=0, codecformat="j2k", reversible=True))
        body += struct.pack("<I", len(code)) + code
    chunks = {b"@IMG_JPEG": body, b"@PARAM_SCAN_04": _parameters((6.0, 3.5, 3.0)), b"@IMG_FUNDUS": b"photo"}
    path.write_bytes(_topcon(b"FDA", chunks))
    return path


def e2e_chunk(kind: int, series: int, number: int, index: int, content: bytes) -> bytes:
    header = struct.pack(
        "<12s8Ii2H2I", b"MDbData", 0, 0, 0, len(content), 0, 32323, 129054, series, number, index, 0, kind, 0
    )
    return header + content


def e2e_slice(codes: Pixels, *, series: int, number: int, kind: int = 0x02200201) -> bytes:
    rows, columns = codes.shape
    content = struct.pack("<3I2I", codes.nbytes, kind, 0, rows, columns) + codes.tobytes()
    return e2e_chunk(0x40000000, series, number, 1, content)


def write_e2e(path: Path, volumes: dict[int, tuple[str, Pixels]]) -> Path:
    """Write tomograms by series number, each with its side (R, L or neither) and raw 16-bit codes, slices shuffled."""
    body = b"CMDb" + bytes(32)
    for series, (side, codes) in volumes.items():
        fundus = struct.pack("<3I2I", 6, 0x02010201, 0, 2, 3) + bytes(6)
        body += e2e_chunk(0x40000000, series, -1, 0, fundus)
        body += e2e_chunk(11, series, -1, 0, bytes(14) + side.encode() + bytes(5))
        for number in reversed(range(len(codes))):
            body += e2e_slice(codes[number], series=series, number=2 * number)
    path.write_bytes(body)
    return path
