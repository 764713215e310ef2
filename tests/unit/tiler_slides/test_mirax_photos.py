"""MRXS slides are put together from their photographs, where that is proven to show what OpenSlide shows."""

import struct
import time
from collections.abc import Callable
from functools import partial
from itertools import pairwise, product, repeat
from pathlib import Path

import numpy as np
import pytest
from simplejpeg import decode_jpeg, encode_jpeg

from tests.support import slide_files
from tests.support.converting import convert, refusal
from tiler.adapters import turbo_jpeg
from tiler.adapters.file_source import FileSource
from tiler.adapters.slides.mirax_photos import images, proof
from tiler.adapters.slides.mirax_photos.index import MiraxIndex
from tiler.adapters.slides.mirax_photos.layout import MiraxLayout, NotUnderstood
from tiler.adapters.slides.mirax_photos.pixels import MiraxPixels
from tiler.adapters.slides.mirax_photos.proof import quickest_pixels
from tiler.adapters.slides.openslide_pixels import OpenSlidePixels
from tiler.domain.region import Region
from tiler.domain.slide import SlideFacts, Vendor

LONGEST_S = 20.0
ID = "SYNTHSYNTHSYNTHSYNTHSYNTHSYNTH01"
UNDERSTOOD: dict[str, Callable[[Path], slide_files.VendorSlide]] = {
    "overlaps and a gap": slide_files.mirax_slide,
    "a margin that was never taken": partial(slide_files.mirax_slide, with_margin=True),
    "whole photographs": partial(slide_files.mirax_slide, divisions=1),
    "photographs cut in sixteen": partial(slide_files.mirax_slide, divisions=4),
    "several pages of the index": partial(slide_files.mirax_slide, photos=8, divisions=4),
    "compressed positions": partial(slide_files.mirax_slide, positions="packed"),
}
LEFT_TO_OPENSLIDE: dict[str, Callable[[Path], slide_files.VendorSlide]] = {
    "no positions": partial(slide_files.mirax_slide, positions="none"),
    "PNG": partial(slide_files.mirax_slide, codec="PNG"),
}


@pytest.fixture(autouse=True)
def no_libturbojpeg(monkeypatch: pytest.MonkeyPatch) -> None:
    """Planes have tests of their own."""
    monkeypatch.setattr(turbo_jpeg, "is_there", lambda: False)


def opened(slide: Path) -> OpenSlidePixels:
    return OpenSlidePixels.open(slide, SlideFacts(Vendor.MIRAX))


def parts(scanned: Region, side: int) -> list[Region]:
    return [
        Region(x, y, min(side, scanned.width - x), min(side, scanned.height - y))
        for x, y in product(range(0, scanned.width, side), range(0, scanned.height, side))
    ]


@pytest.mark.parametrize("name", UNDERSTOOD)
def test_every_part_is_what_openslide_shows_bit_by_bit(name: str, tmp_path: Path) -> None:
    slide = UNDERSTOOD[name](tmp_path / "a.mrxs").path

    with opened(slide) as openslide, quickest_pixels(openslide, slide) as ours:
        assert isinstance(ours, MiraxPixels)
        interpolating = MiraxPixels(ours.images, openslide, interpolates_colours=True)
        for part in (*parts(openslide.region, 1024), *parts(openslide.region, 100)):
            mine, theirs = interpolating.read(part), openslide.read(part)

            assert (mine is None) == (theirs is None)
            assert mine is None or theirs is None or np.array_equal(mine[..., :3], theirs[..., :3])


def test_colours_that_the_encoder_averages_are_no_worse_for_not_being_interpolated(
    tmp_path: Path,
) -> None:
    slide = slide_files.mirax_slide(tmp_path / "a.mrxs")
    errors = []

    with opened(slide.path) as openslide, quickest_pixels(openslide, slide.path) as ours:
        assert isinstance(ours, MiraxPixels)
        interpolating = MiraxPixels(ours.images, openslide, interpolates_colours=True)
        for pixels in (ours, interpolating):
            shown = pixels.read(Region(0, 0, 256, 256))
            encoded = decode_jpeg(encode_jpeg(shown, 90, "BGRX", "420"), "BGRX")
            errors.append(np.abs(encoded[..., 2::-1] - slide.scene[:256, :256].astype(np.int16)).mean())

    assert errors[0] < 1.005 * errors[1]


def test_images_that_lie_one_behind_the_other_are_read_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slide = slide_files.mirax_slide(tmp_path / "a.mrxs").path
    reads: list[tuple[int, int]] = []
    read = FileSource.read

    def noted(source: FileSource, start: int, end: int) -> bytes:
        reads.append((start, end))
        return read(source, start, end)

    monkeypatch.setattr(FileSource, "read", noted)

    with opened(slide) as openslide, quickest_pixels(openslide, slide) as ours:
        assert isinstance(ours, MiraxPixels)
        reads.clear()
        found = len(ours.images.within(openslide.region))
        ours.read(openslide.region)

    assert found > 50
    assert len(reads) == 1


@pytest.mark.parametrize("name", LEFT_TO_OPENSLIDE)
def test_slides_of_another_layout_are_left_to_openslide(name: str, tmp_path: Path) -> None:
    slide = LEFT_TO_OPENSLIDE[name](tmp_path / "a.mrxs").path

    with opened(slide) as openslide, quickest_pixels(openslide, slide) as chosen:
        assert chosen is openslide
    assert convert(slide, tmp_path / "slide.tif").is_complete


@pytest.mark.parametrize("shift", [(1, 0), (0, -1)])
def test_a_slide_that_is_misunderstood_is_left_to_openslide(
    shift: tuple[int, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slide = slide_files.mirax_slide(tmp_path / "a.mrxs").path
    read_photos = images._photos
    monkeypatch.setattr(images, "_photos", lambda *found: read_photos(*found) + shift)

    with opened(slide) as openslide, quickest_pixels(openslide, slide) as chosen:
        assert chosen is openslide


def test_a_slide_without_any_photograph_is_left_to_openslide(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slide = slide_files.mirax_slide(tmp_path / "a.mrxs", with_margin=True).path
    read_photos = images._photos
    monkeypatch.setattr(images, "_photos", lambda *found: np.zeros_like(read_photos(*found)))

    with opened(slide) as openslide, quickest_pixels(openslide, slide) as chosen:
        assert chosen is openslide


def test_photographs_laid_in_the_wrong_order_are_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slide = slide_files.mirax_slide(tmp_path / "a.mrxs").path
    within = images.MiraxImages.within
    monkeypatch.setattr(images.MiraxImages, "within", lambda *asked: within(*asked)[::-1])

    with opened(slide) as openslide, quickest_pixels(openslide, slide) as chosen:
        assert chosen is openslide


def test_a_slide_whose_photographs_lie_in_a_heap_is_left_to_openslide(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slide = slide_files.mirax_slide(tmp_path / "a.mrxs").path
    monkeypatch.setattr(proof, "_MOST_OVERLAPPING", 1)

    with opened(slide) as openslide, quickest_pixels(openslide, slide) as chosen:
        assert chosen is openslide


def test_samples_lie_all_over_the_slide(tmp_path: Path) -> None:
    slide = slide_files.mirax_slide(tmp_path / "a.mrxs", photos=6).path

    with opened(slide) as openslide, quickest_pixels(openslide, slide) as ours:
        assert isinstance(ours, MiraxPixels)
        samples = list(proof._samples(ours.images, openslide.region))

    rows = sorted(sample.y for sample in samples)
    assert rows[0] <= 0
    assert rows[-1] + samples[-1].height == openslide.region.height
    assert max(below - above for above, below in pairwise(rows)) < 400
    assert all(len(ours.images.within(sample)) > 1 for sample in samples[1:5])


def test_a_slide_with_a_damaged_photograph_is_refused(tmp_path: Path) -> None:
    slide = slide_files.mirax_slide(tmp_path / "a.mrxs", photos=6).path
    slide_files.damage_image(slide, 40)

    assert "damaged" in refusal(slide)


def test_what_only_openslide_can_decode_is_left_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slide = slide_files.mirax_slide(tmp_path / "a.mrxs").path
    part = Region(100, 100, 200, 200)

    with opened(slide) as openslide, quickest_pixels(openslide, slide) as ours:
        assert isinstance(ours, MiraxPixels)
        monkeypatch.setattr(images.MiraxImages, "streams", lambda *_: repeat(b"no JPEG"))
        mine, theirs = ours.read(part), openslide.read(part)

    assert mine is not None
    assert theirs is not None
    assert np.array_equal(mine, theirs)


def test_a_slide_whose_photographs_are_of_another_size_is_refused(tmp_path: Path) -> None:
    slide = slide_files.mirax_slide(tmp_path / "a.mrxs").path
    settings = tmp_path / "a" / "Slidedat.ini"
    settings.write_text(settings.read_text().replace("DIGITIZER_WIDTH = 128", "DIGITIZER_WIDTH = 130"))

    assert "damaged" in refusal(slide)


LAYOUT = MiraxLayout(
    slide=ID,
    columns=4,
    rows=4,
    divisions=2,
    width=128,
    height=128,
    index_file="Index.dat",
    data_files=("Data0000.dat",),
    positions_record=0,
    positions_are_packed=False,
)
HEAD = len(ID) + 5
PAGE = HEAD + 20


def index_with(*page: int, record: tuple[int, ...] = ()) -> MiraxIndex:
    """Return an index of one level, whose first page has these numbers, and of one record."""
    numbers = [HEAD + 8, HEAD + 8, HEAD + 12, 0, PAGE, *page]
    if record:
        numbers += [0, 0, *record]
    return MiraxIndex(LAYOUT, f"01.02{ID}".encode() + struct.pack(f"<{len(numbers)}i", *numbers))


def test_images_come_in_the_order_of_their_places() -> None:
    index = index_with(2, 0, 5, 900, 10, 0, 3, 700, 20, 0)

    assert index.images().tolist() == [[3, 700, 20, 0], [5, 900, 10, 0]]


@pytest.mark.parametrize(
    "page",
    [
        (1, PAGE, 0, 9, 9, 0),
        (0, PAGE),
        (-1, 0),
        (0x7FFFFFFF, 0, 0, 9, 9, 0),
        (2, 0, 0, 9, 9, 0),
        (1, -8, 0, 9, 9, 0),
        (1, 0x7FFFFFF0, 0, 9, 9, 0),
        (1, 0, 16, 9, 9, 0),
        (1, 0, -1, 9, 9, 0),
        (1, 0, 0, -9, 9, 0),
        (1, 0, 0, 9, -9, 0),
        (1, 0, 0, 9, 9, 1),
        (2, 0, 0, 9, 9, 0, 0, 30, 9, 0),
    ],
    ids=[
        "circle", "circle of empty pages", "negative count", "huge count", "count of too many", "pointer before",
        "pointer behind", "place outside", "negative place", "negative offset", "negative length", "no such file",
        "two images at one place",
    ],
)  # fmt: skip
def test_an_index_that_lies_is_not_understood(page: tuple[int, ...]) -> None:
    started = time.perf_counter()

    with pytest.raises((NotUnderstood, ValueError, struct.error)):
        index_with(*page).images()
    assert time.perf_counter() - started < LONGEST_S


def test_a_circle_through_the_largest_index_is_left_early() -> None:
    index = index_with(1, PAGE, 0, 9, 9, 0)
    index = index._replace(layout=LAYOUT._replace(columns=1024, rows=1024))
    started = time.perf_counter()

    with pytest.raises(NotUnderstood):
        index.images()
    assert time.perf_counter() - started < LONGEST_S


def test_an_index_of_another_slide_is_not_understood() -> None:
    with pytest.raises(NotUnderstood):
        index_with(1, 0, 0, 9, 9, 0)._replace(layout=LAYOUT._replace(slide="another")).images()


PROPERTIES = {
    "mirax.GENERAL.SLIDE_ID": ID,
    "mirax.GENERAL.IMAGENUMBER_X": "4",
    "mirax.GENERAL.IMAGENUMBER_Y": "4",
    "mirax.GENERAL.CameraImageDivisionsPerSide": "2",
    "mirax.HIERARCHICAL.HIER_0_VAL_0_SECTION": "LEVEL",
    "mirax.HIERARCHICAL.INDEXFILE": "Index.dat",
    "mirax.HIERARCHICAL.NONHIER_COUNT": "1",
    "mirax.HIERARCHICAL.NONHIER_0_NAME": "VIMSLIDE_POSITION_BUFFER",
    "mirax.HIERARCHICAL.NONHIER_0_COUNT": "1",
    "mirax.DATAFILE.FILE_COUNT": "1",
    "mirax.DATAFILE.FILE_0": "Data0000.dat",
    "mirax.LEVEL.IMAGE_FORMAT": "JPEG",
    "mirax.LEVEL.IMAGE_CONCAT_FACTOR": "0",
    "mirax.LEVEL.DIGITIZER_WIDTH": "128",
    "mirax.LEVEL.DIGITIZER_HEIGHT": "128",
}


def test_ordinary_settings_are_understood() -> None:
    assert MiraxLayout.of(PROPERTIES) == LAYOUT


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GENERAL.IMAGENUMBER_X", "0"),
        ("GENERAL.IMAGENUMBER_X", "5"),
        ("GENERAL.IMAGENUMBER_Y", "1000000"),
        ("GENERAL.IMAGENUMBER_Y", "many"),
        ("GENERAL.CameraImageDivisionsPerSide", "0"),
        ("LEVEL.IMAGE_FORMAT", "BMP24"),
        ("LEVEL.IMAGE_CONCAT_FACTOR", "1"),
        ("LEVEL.DIGITIZER_WIDTH", "-128"),
        ("LEVEL.DIGITIZER_HEIGHT", "100000"),
        ("HIERARCHICAL.NONHIER_COUNT", "1000000000"),
        ("HIERARCHICAL.NONHIER_0_NAME", "Nothing"),
        ("DATAFILE.FILE_COUNT", "1000000000"),
    ],
)
def test_settings_of_another_kind_are_not_understood(name: str, value: str) -> None:
    with pytest.raises(NotUnderstood):
        MiraxLayout.of({**PROPERTIES, f"mirax.{name}": value})
