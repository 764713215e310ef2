"""The TIFF directory reader, compared with tifffile and fed with files that lie."""

import struct
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st

from archive_shared.errors import Invalid
from tests.support.slides import MemorySource, classic_tiff, halved, tifffile_slide, tissue, vips_slide
from tiler.adapters.tiff_directory import read_pages
from tiler.domain.problems import UnreadableImage

SCENE = tissue(500, 380)
GRAY_TILE = {256: 16, 257: 16, 258: 8, 259: 1, 262: 1, 277: 1, 322: 16, 323: 16, 324: 0, 325: 0}


@pytest.mark.parametrize("byteorder", ["<", ">"])
@pytest.mark.parametrize("bigtiff", [False, True])
def test_pages_are_read_as_tifffile_reads_them(byteorder: str, bigtiff: bool) -> None:
    body = tifffile_slide(
        [SCENE, halved(SCENE)], byteorder=byteorder, bigtiff=bigtiff, photometric="rgb", compression="deflate"
    )

    pages = read_pages(MemorySource(body))

    with tifffile.TiffFile(BytesIO(body)) as reference:
        assert len(pages) == len(reference.pages)
        for page, other in zip(pages, reference.pages, strict=True):
            assert isinstance(other, tifffile.TiffPage)
            assert (page.width, page.height) == (other.imagewidth, other.imagelength)
            assert (page.segment_width, page.segment_height) == (other.tilewidth, other.tilelength)
            assert tuple(page.offsets) == other.dataoffsets
            assert tuple(page.lengths) == other.databytecounts
            assert page.encoding.compression == other.compression
            assert page.encoding.byte_order == byteorder
            assert page.subfile_type == other.subfiletype


def test_jpeg_tables_and_pixel_size_are_found(tmp_path: Path) -> None:
    path = vips_slide(tmp_path / "slide.tif", SCENE, xres=4000.0, yres=2000.0, resunit="cm")

    page = read_pages(MemorySource(path.read_bytes()))[0]

    with tifffile.TiffFile(path) as reference:
        assert page.encoding.jpeg_tables == reference.pages.first.jpegtables
    assert page.pixel_width_um == pytest.approx(0.25)
    assert page.pixel_height_um == pytest.approx(0.5)


def test_inches_are_understood_and_missing_units_are_not_guessed() -> None:
    inch = tifffile_slide([SCENE], photometric="rgb", resolution=(25400, 25400), resolutionunit="inch")
    none = tifffile_slide([SCENE], photometric="rgb", resolution=(1, 1), resolutionunit="none")

    sizes = [read_pages(MemorySource(body))[0].pixel_width_um for body in (inch, none)]

    assert sizes == [pytest.approx(1.0), None]


def test_the_pixel_size_of_aperio_slides_is_taken_from_the_description() -> None:
    body = tifffile_slide(
        [SCENE], photometric="rgb", description="Aperio Image\n500x380|AppMag = 20|MPP = 0.4990|X = 1"
    )

    page = read_pages(MemorySource(body))[0]

    assert (page.pixel_width_um, page.pixel_height_um) == (0.499, 0.499)


def test_a_resolution_for_printers_does_not_change_what_aperio_says() -> None:
    body = tifffile_slide(
        [SCENE],
        photometric="rgb",
        description="Aperio Image\n500x380|AppMag = 20|MPP = 0.4990",
        resolution=(72, 72),
        resolutionunit="inch",
    )

    page = read_pages(MemorySource(body))[0]

    assert (page.pixel_width_um, page.pixel_height_um) == (0.499, 0.499)


def _ome(size: str, *, width: int = SCENE.shape[1]) -> str:
    height = SCENE.shape[0]
    return (
        '<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"><Image ID="Image:0">'
        f'<Pixels DimensionOrder="XYCZT" SizeX="{width}" SizeY="{height}" {size} Type="uint8"/></Image></OME>'
    )


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ('PhysicalSizeX="0.25" PhysicalSizeY="0.5"', (0.25, 0.5)),
        ('PhysicalSizeX="0.25" PhysicalSizeXUnit="&#181;m" PhysicalSizeY="500" PhysicalSizeYUnit="nm"', (0.25, 0.5)),
        ('PhysicalSizeX="0.00025" PhysicalSizeXUnit="mm" PhysicalSizeY="0.5" PhysicalSizeYUnit="um"', (0.25, 0.5)),
        ('PhysicalSizeX="1" PhysicalSizeXUnit="pixel" PhysicalSizeY="1" PhysicalSizeYUnit="pixel"', None),
        ('PhysicalSizeX="0.25"', None),
        ("", None),
    ],
)  # fmt: skip
def test_the_pixel_size_of_ome_is_taken_from_its_xml(size: str, expected: tuple[float, float] | None) -> None:
    plain = tifffile_slide([SCENE], photometric="rgb", description=_ome(size))
    for_printers = tifffile_slide(
        [SCENE], photometric="rgb", description=_ome(size), resolution=(72, 72), resolutionunit="inch"
    )

    (page,), (printed,) = read_pages(MemorySource(plain)), read_pages(MemorySource(for_printers))

    assert (page.pixel_width_um, page.pixel_height_um) == pytest.approx(expected or (None, None))
    assert printed.pixel_width_um == pytest.approx(expected[0] if expected else 25_400 / 72)


def test_the_xml_of_ome_does_not_count_for_a_page_that_was_scaled_since() -> None:
    """libvips keeps the text of what it read."""
    text = _ome('PhysicalSizeX="0.25" PhysicalSizeY="0.25"', width=4000)
    slide = tifffile_slide(
        [SCENE], photometric="rgb", description=text, resolution=(1e4, 1e4), resolutionunit="centimeter"
    )

    (page,) = read_pages(MemorySource(slide))

    assert page.pixel_width_um == pytest.approx(1)


def test_numbers_may_be_written_with_a_comma() -> None:
    body = tifffile_slide([SCENE], photometric="rgb", description="Aperio Image\n500x380|MPP = 0,4990")

    assert read_pages(MemorySource(body))[0].pixel_width_um == 0.499


def test_sub_pages_hang_below_their_page(tmp_path: Path) -> None:
    path = vips_slide(tmp_path / "slide.tif", SCENE, subifd=True)

    pages = read_pages(MemorySource(path.read_bytes()))

    assert len(pages) == 1
    assert [(page.width, page.height) for page in pages[0].sub_pages] == [(250, 190), (125, 95)]


def test_uncompressed_pages_in_one_strip_are_cut_into_pieces() -> None:
    body = BytesIO()
    tifffile.imwrite(body, np.zeros((3000, 1000, 3), np.uint8), photometric="rgb", rowsperstrip=3000)

    page = read_pages(MemorySource(body.getvalue()))[0]

    assert max(page.lengths) <= 1 << 20
    assert sum(page.lengths) == 3000 * 1000 * 3
    assert (
        list(page.offsets[1:])
        == [start + size for start, size in zip(page.offsets, page.lengths, strict=True)][:-1]
    )


def test_a_slide_with_directories_at_the_front_opens_with_one_read() -> None:
    front = classic_tiff([GRAY_TILE | {324: 400, 325: 256}], tail=bytes(2_000_000))
    source = MemorySource(front)

    read_pages(source)

    assert source.ranges == [(0, 256 << 10)]


def test_scattered_directories_are_read_without_the_pixels(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (1500, 2000, 3), dtype=np.uint8)
    source = MemorySource(vips_slide(tmp_path / "slide.tif", noise, compression="none").read_bytes())

    pages = read_pages(source)

    assert len(pages) == 5
    assert source.read_bytes < source.size_bytes / 10


def test_directories_in_a_circle_are_refused() -> None:
    body = classic_tiff([GRAY_TILE, GRAY_TILE, GRAY_TILE], loop_to=1)

    with pytest.raises(UnreadableImage, match="circle"):
        read_pages(MemorySource(body))


def test_a_sub_page_that_is_its_own_parent_is_refused() -> None:
    body = classic_tiff([GRAY_TILE | {330: 8}])

    with pytest.raises(UnreadableImage, match="circle"):
        read_pages(MemorySource(body))


def test_a_million_directories_are_refused_after_the_first_thousand() -> None:
    source = MemorySource(classic_tiff([{256: 1, 257: 1, 273: 8, 279: 1}] * 20_000))

    with pytest.raises(UnreadableImage, match="more than 1024 directories"):
        read_pages(source)

    assert source.read_bytes < 1_000_000


@pytest.mark.parametrize(
    ("lie", "reason"),
    [
        ({256: 0}, "how large"),
        ({257: 0xFFFFFFFF}, "how large"),
        ({322: 0}, "how large"),
        ({256: 1 << 30, 257: 1 << 30}, "tiles"),
        ({256: 64}, "where all of its tiles are"),
        ({324: 0xFFFFFF00}, "outside the file"),
        ({325: 0x7FFFFFFF}, "outside the file"),
        ({258: 0}, "without values"),
        ({277: 0}, "without values"),
        ({330: 0xFFFFFFF0}, "outside itself"),
    ],
)
def test_pages_that_lie_about_themselves_are_refused(lie: dict[int, int], reason: str) -> None:
    body = classic_tiff([GRAY_TILE | lie])

    with pytest.raises(UnreadableImage, match=reason):
        read_pages(MemorySource(body))


def test_an_array_of_offsets_larger_than_the_file_is_refused() -> None:
    entry = struct.pack("<HHII", 324, 4, 1 << 30, 8)
    honest = classic_tiff([GRAY_TILE])
    at = honest.index(struct.pack("<HHII", 324, 4, 1, 0))

    with pytest.raises(UnreadableImage):
        read_pages(MemorySource(honest[:at] + entry + honest[at + 12 :]))


@pytest.mark.parametrize(
    "body",
    [b"", b"II", b"II*\0", b"II*\0\0\0\0\0", b"II+\0\x08\0\0\0", b"MM\0*\xff\xff\xff\xff", b"GIF89a" * 9],
)
def test_files_that_are_no_tiff_are_refused(body: bytes) -> None:
    with pytest.raises(UnreadableImage):
        read_pages(MemorySource(body))


def test_every_cut_off_file_is_refused() -> None:
    body = tifffile_slide([SCENE[:64, :64]], tile=32, photometric="rgb", compression="deflate")

    for size in range(len(body) - 1):
        with pytest.raises(Invalid):
            read_pages(MemorySource(body[:size]))


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_damaged_files_are_read_or_refused_and_nothing_else(data: st.DataObject) -> None:
    body = bytearray(
        tifffile_slide([SCENE[:64, :64], SCENE[:32, :32]], tile=32, photometric="rgb", compression="deflate")
    )
    for _ in range(data.draw(st.integers(1, 6))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))

    try:
        pages = read_pages(MemorySource(bytes(body)))
    except UnreadableImage:
        return

    assert all(
        end <= len(body) for page in pages for end in map(sum, zip(page.offsets, page.lengths, strict=True))
    )
