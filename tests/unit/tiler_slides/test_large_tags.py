"""Values of a slide's directories that are large in real files: colour profiles of 13 MB, and XML about each of Ventana's tiles."""

import struct
from pathlib import Path

import tifffile
from PIL import ImageCms

from archive_shared.colour_profile import without_origin
from tests.support import slide_files
from tests.support.converting import convert, refusal
from tests.support.slides import MemorySource
from tiler.adapters.tiff_index import build_index
from tiler.domain.limits import MAX_LARGE_TAG_BYTES
from tiler.domain.slide import Route

LOOK_UP_BYTES = 13_113_264
"""Of Aperio's GT450 (ome/bioformats#3757)."""


def profile_with_look_up_table() -> bytes:
    """sRGB that says it with a table as well, as profiles made for one scanner do (ICC.1:2022, 9.2.1)."""
    plain = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    (count,) = struct.unpack_from(">I", plain, 128)
    moved = [
        struct.pack(">4sII", name, start + 12, size)
        for name, start, size in struct.iter_unpack(">4sII", plain[132 : 132 + 12 * count])
    ]
    table = struct.pack(">4sII", b"A2B0", len(plain) + 12, LOOK_UP_BYTES)
    contents = b"mft2" + bytes(LOOK_UP_BYTES - 4)
    return b"".join(
        (plain[:128], struct.pack(">I", count + 1), *moved, table, plain[132 + 12 * count :], contents)
    )


def test_colour_profiles_with_tables_are_kept(tmp_path: Path) -> None:
    profile = profile_with_look_up_table()
    slide = slide_files.plain_slide(tmp_path / "a.tif", icc=profile).path

    convert(slide, tmp_path / "slide.tif")

    kept = build_index(MemorySource((tmp_path / "slide.tif").read_bytes())).icc_profile
    assert len(kept) > LOOK_UP_BYTES
    assert kept == without_origin(profile)


def test_xml_about_thousands_of_tiles_is_read(tmp_path: Path) -> None:
    slide = slide_files.ventana_slide(tmp_path / "a.bif", joint_bytes=3 << 20).path
    with tifffile.TiffFile(slide) as file:
        assert max(page.tags[700].count for page in file.pages if 700 in page.tags) > 3 << 20  # type: ignore[union-attr]

    assert convert(slide, tmp_path / "slide.tif").route == Route.COPY


def test_values_larger_than_any_scanner_writes_are_refused(tmp_path: Path) -> None:
    slide = slide_files.plain_slide(tmp_path / "a.tif", icc=bytes(MAX_LARGE_TAG_BYTES + 1)).path

    assert "too large" in refusal(slide)
