"""Hamamatsu's formats: NDPI (TIFF with 64-bit pointers squeezed in), VMS (JPEG files side by side), VMU (raw columns)."""

import struct
from itertools import product
from pathlib import Path

from tests.support.slide_files.scene import (
    PATIENT,
    Pixels,
    VendorSlide,
    jpeg,
    macro,
    reduced,
    restart_starts,
    scan_data,
    scene,
)

_UM_PER_PIXEL = 0.4567
_MCU_WIDTH = 16
_Tag = tuple[int, int, tuple[int | float, ...] | bytes]


def ndpi_slide(
    path: Path,
    *,
    size: tuple[int, int] = (1024, 700),
    interval: int = 256,
    steps: tuple[int, ...] = (1, 4),
    pixels: Pixels | None = None,
    planes_nm: tuple[int, ...] = (0,),
    icc: bytes = b"",
) -> VendorSlide:
    """Write a slide whose restart intervals are `interval` pixels wide and one row of blocks high.

    Parameters
    ----------
    planes_nm
        Heights of its focal planes.
    icc
        Its colour profile.
    """
    pixels = scene(*size) if pixels is None else pixels
    photograph = jpeg(macro())
    body = bytearray(struct.pack("<2sHQ", b"II", 42, 0))
    link = 4
    for step, focus in product(steps, planes_nm):
        level = pixels if step == 1 else reduced(pixels, step)
        restarts = level.shape[1] % interval == 0 and level.shape[1] > interval
        stream = jpeg(level, restart_mcus=interval // _MCU_WIDTH if restarts else 0)
        starts = restart_starts(stream) if restarts else []
        link = _append_page(
            body,
            link,
            size=(level.shape[1], level.shape[0]),
            lens=20.0 / step,
            stream=stream,
            starts=starts,
            focus=focus,
            icc=icc,
        )
    _append_page(body, link, size=(320, 112), lens=-1.0, stream=photograph, starts=[])
    path.write_bytes(body)
    return VendorSlide(path, pixels, (PATIENT.encode(), scan_data(photograph)))


def _append_page(
    body: bytearray,
    link: int,
    *,
    size: tuple[int, int],
    lens: float,
    stream: bytes,
    starts: list[int],
    focus: int = 0,
    icc: bytes = b"",
) -> int:
    """Append stream, values and directory, link it to the one before, and return where the next link goes."""
    at = _append(body, stream)
    um = _UM_PER_PIXEL * 20 / lens if lens > 0 else 10.0
    resolution = (int(1e7 / um), 1000)
    tags: list[_Tag] = [
        (254, 4, (0,)),
        (256, 4, (size[0],)),
        (257, 4, (size[1],)),
        (258, 3, (8, 8, 8)),
        (259, 3, (7,)),
        (262, 3, (6,)),
        (271, 2, b"Hamamatsu\0"),
        (272, 2, b"NanoZoomer synth\0"),
        (273, 4, (at,)),
        (277, 3, (3,)),
        (278, 4, (size[1],)),
        (279, 4, (len(stream),)),
        (282, 5, resolution),
        (283, 5, resolution),
        (284, 3, (1,)),
        (296, 3, (3,)),
        (305, 2, b"NDP.scan synth\0"),
        (530, 3, (2, 1)),
        (65420, 4, (1,)),
        (65421, 11, (lens,)),
        (65422, 9, (-1000000,)),
        (65423, 9, (500000,)),
        (65424, 9, (focus,)),
        (65427, 2, PATIENT.encode() + b"\0"),
        (65449, 2, b"Objective.Lens.Magnificant=20\r\nNDP.S/N=SYNTH\r\n\0"),
    ]
    if icc:
        tags.append((34675, 7, icc))
    if starts:
        tags.append((65426, 4, tuple(starts)))
    return _append_directory(body, link, sorted(tags, key=lambda tag: tag[0]))


def _append(body: bytearray, data: bytes) -> int:
    body.extend(bytes(-len(body) % 8))
    body.extend(data)
    return len(body) - len(data)


def _append_directory(body: bytearray, link: int, tags: list[_Tag]) -> int:
    entries = b"".join(_entry(body, tag) for tag in tags)
    at = _append(body, struct.pack("<H", len(tags)) + entries + bytes(8 + 4 * len(tags)))
    struct.pack_into("<Q", body, link, at)
    return at + 2 + len(entries)


def _entry(body: bytearray, tag: _Tag) -> bytes:
    number, kind, values = tag
    if isinstance(values, bytes):
        return struct.pack("<HHII", number, kind, len(values), _append(body, values))
    code = {3: "H", 4: "I", 5: "I", 9: "i", 11: "f"}[kind]
    data = struct.pack(f"<{len(values)}{code}", *values)
    count = len(values) // (2 if kind == 5 else 1)
    if len(data) <= 4:
        return struct.pack("<HHI", number, kind, count) + data.ljust(4, b"\0")
    return struct.pack("<HHII", number, kind, count, _append(body, data))


def vms_slide(path: Path, *, size: tuple[int, int] = (1024, 512), interval: int = 256) -> VendorSlide:
    """Write a slide of two JPEG files side by side, with the list of restart offsets and a small map."""
    pixels, name = scene(*size), path.stem
    offsets, files = b"", []
    for column, part in enumerate((pixels[:, : size[0] // 2], pixels[:, size[0] // 2 :])):
        stream = jpeg(part, restart_mcus=interval // _MCU_WIDTH)
        files.append(f"{name}({column},0).jpg")
        (path.parent / files[-1]).write_bytes(stream)
        per_row = part.shape[1] // interval
        offsets += b"".join(
            struct.pack("<q", at).ljust(40, b"\0") for at in restart_starts(stream)[::per_row]
        )
    path.with_name(f"{name}.opt").write_bytes(offsets)
    small, photograph = reduced(pixels, 4), jpeg(macro())
    path.with_name(f"{name}_map2.jpg").write_bytes(jpeg(small, restart_mcus=small.shape[1] // _MCU_WIDTH))
    path.with_name(f"{name}_macro.jpg").write_bytes(photograph)
    _write_key_file(
        path,
        "Virtual Microscope Specimen",
        {
            "NoLayers": 1,
            "NoJpegColumns": 2,
            "NoJpegRows": 1,
            "ImageFile": files[0],
            "ImageFile(1,0)": files[1],
            "MapFile": f"{name}_map2.jpg",
            "OptimisationFile": f"{name}.opt",
            "MacroImage": f"{name}_macro.jpg",
            **_geometry(size),
            "LayerSpacing": 0,
            "AuthCode": "SYNTH",
        },
    )
    return VendorSlide(path, pixels, (PATIENT.encode(), scan_data(photograph)))


def vmu_slide(path: Path, *, size: tuple[int, int] = (768, 512)) -> VendorSlide:
    """Write a slide of uncompressed 12-bit columns."""
    pixels, name, photograph = scene(*size), path.stem, jpeg(macro())
    _write_columns(path.with_name(f"{name}.ngr"), pixels, 256)
    small = reduced(pixels, 4)
    _write_columns(path.with_name(f"{name}_map2.ngr"), small, small.shape[1])
    path.with_name(f"{name}_macro.jpg").write_bytes(photograph)
    _write_key_file(
        path,
        "Uncompressed Virtual Microscope Specimen",
        {
            "NoLayers": 1,
            "ImageFile": f"{name}.ngr",
            "MapFile": f"{name}_map2.ngr",
            "MacroImage": f"{name}_macro.jpg",
            "BitsPerPixel": 36,
            "PixelOrder": "RGB",
            **_geometry(size),
        },
    )
    return VendorSlide(path, pixels, (PATIENT.encode(), scan_data(photograph)))


def _geometry(size: tuple[int, int]) -> dict[str, object]:
    nanometres = [round(length * _UM_PER_PIXEL * 1000) for length in size]
    return {
        "PhysicalWidth": nanometres[0],
        "PhysicalHeight": nanometres[1],
        "SourceLens": 20,
        "Reference": PATIENT,
    }


def _write_key_file(path: Path, section: str, values: dict[str, object]) -> None:
    lines = [f"[{section}]", *(f"{key}={value}" for key, value in values.items()), ""]
    path.write_text("\n".join(lines))


def _write_columns(path: Path, pixels: Pixels, width: int) -> None:
    header = struct.pack("<4siii8si", b"GN", pixels.shape[1], pixels.shape[0], width, b"", 64)
    columns = [pixels[:, x : x + width].astype("<u2") << 4 for x in range(0, pixels.shape[1], width)]
    path.write_bytes(header.ljust(64, b"\0") + b"".join(column.tobytes() for column in columns))
