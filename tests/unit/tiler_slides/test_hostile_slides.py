"""Slides that lie, point anywhere or are damaged cost their budget and are refused with a reason, never more."""

import contextlib
import os
import resource
import shutil
import signal
import struct
import time
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest
import tifffile

from tests.support import slide_files
from tests.support.converting import convert, fill, refusal
from tests.support.slide_files import VendorSlide
from tests.support.slide_files.scene import scene
from tests.support.slide_mutations import mutated
from tests.support.slides import classic_tiff, tifffile_slide
from tiler.adapters.file_source import FileSource
from tiler.adapters.slides.associated_pictures import associated_pictures
from tiler.adapters.slides.local_files import LocalFiles
from tiler.adapters.tiff_index import build_index
from tiler.domain.problems import UnreadableImage
from tiler.domain.slide_traits import SlideTraits
from tiler.slides import describe

MUTATIONS = int(os.environ.get("SLIDE_MUTATIONS", "500"))
LONGEST_S = 20.0

SMALL: dict[str, Callable[[Path], VendorSlide]] = {
    "a.svs": lambda path: slide_files.aperio_slide(path, size=(400, 300), tile=128),
    "r.svs": lambda path: slide_files.aperio_slide(
        path, size=(400, 300), tile=128, colours="rgb", bigtiff=True
    ),
    "j.svs": lambda path: slide_files.aperio_slide(path, size=(300, 200), tile=128, colours="jpeg2000"),
    "a.ndpi": lambda path: slide_files.ndpi_slide(path, size=(512, 64), interval=128),
    "a.scn": lambda path: slide_files.leica_slide(path, size=(300, 200)),
    "a.tiff": lambda path: slide_files.philips_slide(path, size=(600, 300), steps=(2,)),
    "a.bif": lambda path: slide_files.ventana_slide(path, grid=(2, 2)),
    "o.bif": lambda path: slide_files.ventana_slide(path, grid=(2, 2), overlap=8),
    "t.tif": lambda path: slide_files.trestle_slide(path, grid=(2, 2)),
    "a.vmu": lambda path: slide_files.vmu_slide(path, size=(256, 64)),
    "a.mrxs": lambda path: slide_files.mirax_slide(path, photos=2),
    "a.vms": lambda path: slide_files.vms_slide(path, size=(512, 64), interval=128),
    "dicom": lambda path: slide_files.dicom_slide(path, size=(200, 150)),
    "dicom, JPEG 2000": lambda path: slide_files.dicom_slide(path, size=(200, 150), codec="jpeg2000"),
}


def patched(path: Path, page: int, tag: int, value: int) -> Path:
    """Overwrite the first number of a tag."""
    with tifffile.TiffFile(path) as file:
        found = file.pages[page].tags[tag]  # type: ignore[union-attr]
        offset, code = found.valueoffset, {3: "H", 4: "I", 16: "Q"}[found.dtype]
    body = bytearray(path.read_bytes())
    struct.pack_into("<" + code, body, offset, value)
    path.write_bytes(body)
    return path


def test_tiles_outside_the_file_are_refused(tmp_path: Path) -> None:
    slide = slide_files.aperio_slide(tmp_path / "a.svs").path

    assert "outside" in refusal(patched(slide, 0, 324, 0x7FFFFFFF))


def test_a_page_that_points_at_the_bytes_of_the_label_is_refused(tmp_path: Path) -> None:
    slide = slide_files.aperio_slide(tmp_path / "a.svs").path
    with tifffile.TiffFile(slide) as file:
        label = next(page for page in file.pages if "label" in page.description)  # type: ignore[union-attr]
        start = label.dataoffsets[0]

    assert "label" in refusal(patched(slide, 0, 324, start + 5))


def test_tiles_that_overlap_are_refused_before_they_multiply_the_file(tmp_path: Path) -> None:
    slide = slide_files.aperio_slide(tmp_path / "a.svs").path

    assert "overlap" in refusal(patched(slide, 0, 325, 100_000))


@pytest.mark.parametrize(("tag", "value"), [(256, 1 << 30), (257, 1 << 30), (322, 16), (323, 1 << 30)])
def test_sizes_that_tiles_do_not_have_are_refused(tag: int, value: int, tmp_path: Path) -> None:
    slide = slide_files.aperio_slide(tmp_path / "a.svs").path

    assert refusal(patched(slide, 0, tag, value))


def test_directories_in_a_circle_are_refused(tmp_path: Path) -> None:
    slide = tmp_path / "a.tif"
    slide.write_bytes(classic_tiff([{256: 1, 257: 1, 273: 8, 279: 1}] * 3, loop_to=0))

    assert "circle" in refusal(slide)


def test_a_circle_in_an_ndpi_is_refused(tmp_path: Path) -> None:
    slide = slide_files.ndpi_slide(tmp_path / "a.ndpi").path
    body = bytearray(slide.read_bytes())
    (first,) = struct.unpack_from("<Q", body, 4)
    (entries,) = struct.unpack_from("<H", body, first)
    struct.pack_into("<Q", body, first + 2 + 12 * entries, first)
    slide.write_bytes(body)

    assert "circle" in refusal(slide)


def test_a_million_levels_are_refused_early(tmp_path: Path) -> None:
    slide = tmp_path / "a.tif"
    size = 2 + 12 + 4
    links = (struct.pack("<HHHIII", 1, 256, 4, 1, 1, 8 + size * number) for number in range(1, 1_000_000))
    slide.write_bytes(struct.pack("<2sHI", b"II", 42, 8) + b"".join(links))

    started = time.perf_counter()
    assert refusal(slide)
    assert time.perf_counter() - started < LONGEST_S


@pytest.mark.parametrize("name", [name for name in SMALL if not name.endswith((".vms", ".vmu", ".mrxs"))])
def test_slides_cut_off_anywhere_are_refused_or_whole(name: str, tmp_path: Path) -> None:
    slide = SMALL[name](tmp_path / name).path
    body = slide.read_bytes()
    for tenth in range(10):
        slide.write_bytes(body[: len(body) * tenth // 10])

        assert refusal(slide)


@pytest.mark.parametrize(
    ("name", "companion"),
    [("a.vms", "a(1,0).jpg"), ("a.vmu", "a.ngr"), ("a.mrxs", "a/Data0000.dat"), ("a.mrxs", "a/Index.dat")],
)
def test_a_slide_whose_companion_is_cut_off_is_refused(name: str, companion: str, tmp_path: Path) -> None:
    slide, part = SMALL[name](tmp_path / name).path, tmp_path / companion
    body = part.read_bytes()
    part.write_bytes(body[: len(body) // 2])

    assert refusal(slide)


@pytest.mark.parametrize("order", [b"PixelOrder=R\x80B", b"PixelOrder=BGR", b"Nothing=RGB"])
def test_raw_pixels_in_an_unknown_order_never_reach_openslide(order: bytes, tmp_path: Path) -> None:
    """It would crash."""
    slide = slide_files.vmu_slide(tmp_path / "a.vmu").path
    slide.write_bytes(slide.read_bytes().replace(b"PixelOrder=RGB", order))

    assert "red, green and blue" in refusal(slide)


@pytest.mark.parametrize(
    "told",
    [
        '{"magnification": 1' + "0" * 400 + "}",
        "[" * 50_000,
        '{"origin_px": [1' + "0" * 400 + ', 0], "vendor": {}, "route": 7, "background": "blue"}',
    ],
    ids=["huge number", "deep", "nonsense"],
)
def test_products_that_talk_nonsense_of_themselves_are_plain_pyramids(told: str, tmp_path: Path) -> None:
    slide = tmp_path / "a.tif"
    levels = [scene(600, 400), scene(300, 200)]
    slide.write_bytes(tifffile_slide(levels, compression="jpeg", description=f"Canonical slide {told}"))

    convert(slide, tmp_path / "product.tif")

    with FileSource(slide) as source:
        found = build_index(source).slide or SlideTraits()
    assert (found.magnification, found.origin_px) == (None, None)
    assert describe(slide)["vendor"] == "generic-tiff"


def test_entities_in_the_description_are_refused(tmp_path: Path) -> None:
    slide = slide_files.leica_slide(tmp_path / "a.scn").path
    body = slide.read_bytes()
    declared = b'<!DOCTYPE scn [<!ENTITY a "aaaa">]><scn'
    slide.write_bytes(
        body.replace(b'<?xml version="1.0"?><scn xmlns', (declared + b" xmlns")[:31].ljust(31), 1)
    )

    assert refusal(slide)


@pytest.mark.parametrize(
    ("write", "word"),
    [
        (lambda folder: slide_files.leica_slide(folder / "a.scn", areas=2), "areas"),
        (
            lambda folder: slide_files.leica_slide(folder / "a.scn", illumination="fluorescence"),
            "Fluorescence",
        ),
        (
            lambda folder: slide_files.mirax_slide(folder / "a.mrxs", kind="SLIDE_TYPE_FLUORESCENCE"),
            "Fluorescence",
        ),
    ],
)
def test_what_is_not_modelled_yet_is_refused_with_its_reason(
    write: Callable[[Path], VendorSlide], word: str, tmp_path: Path
) -> None:
    assert word in refusal(write(tmp_path).path)


def test_a_mirax_file_without_its_folder_is_no_slide(tmp_path: Path) -> None:
    """Its own JPEG is a thumbnail, which libraries that look at it alone take for the slide."""
    slide = slide_files.mirax_slide(tmp_path / "a.mrxs").path

    assert "folder" in refusal(slide.rename(tmp_path / "alone.mrxs"))


def test_the_driver_of_the_vendor_must_open_the_slide(tmp_path: Path) -> None:
    slide = slide_files.mirax_slide(tmp_path / "a.mrxs").path
    (tmp_path / "a" / "Index.dat").write_bytes(b"nothing")

    assert refusal(slide)


@pytest.mark.parametrize(
    ("write", "name", "parts"),
    [
        (slide_files.mirax_slide, "a.mrxs", ["a/Data0000.dat"]),
        (slide_files.mirax_slide, "a.mrxs", ["a/Data0000.dat", "a/Index.dat"]),
        (slide_files.vms_slide, "a.vms", ["a(0,0).jpg", "a(1,0).jpg"]),
        (slide_files.vmu_slide, "a.vmu", ["a.ngr"]),
    ],
)
def test_a_slide_says_which_of_its_files_are_missing(
    write: Callable[[Path], VendorSlide], name: str, parts: list[str], tmp_path: Path
) -> None:
    slide = write(tmp_path / name).path
    for part in parts:
        (tmp_path / part).unlink()

    missing = ", ".join(part.rpartition("/")[2] for part in parts)
    assert refusal(slide) == f"Files of the slide are missing: {missing}."


def test_pictures_of_a_vms_may_differ_in_case_from_its_text(tmp_path: Path) -> None:
    """Uploads take them: scanners write on Windows."""
    slide = slide_files.vms_slide(tmp_path / "a.vms").path
    convert(slide, tmp_path / "expected.tif")
    (tmp_path / "a(1,0).jpg").rename(tmp_path / "A(1,0).JPG")

    convert(slide, tmp_path / "slide.tif")

    assert (tmp_path / "slide.tif").read_bytes() == (tmp_path / "expected.tif").read_bytes()


def test_a_name_that_several_files_resemble_is_nobodys(tmp_path: Path) -> None:
    slide = slide_files.vms_slide(tmp_path / "a.vms").path
    shutil.copy(tmp_path / "a(1,0).jpg", tmp_path / "A(1,0).JPG")
    (tmp_path / "a(1,0).jpg").rename(tmp_path / "a(1,0).Jpg")

    assert refusal(slide) == "Files of the slide are missing: a(1,0).jpg."


def test_pictures_that_openslide_opens_are_called_as_the_text_says(tmp_path: Path) -> None:
    slide = slide_files.vmu_slide(tmp_path / "a.vmu").path
    (tmp_path / "a.ngr").rename(tmp_path / "A.NGR")

    assert refusal(slide) == "Files of the slide are missing: a.ngr."


def test_a_file_that_has_no_name_is_missed_in_words(tmp_path: Path) -> None:
    slide = slide_files.vms_slide(tmp_path / "a.vms").path
    slide.write_text(slide.read_text().replace("ImageFile=a(0,0).jpg", "ImageFile="))

    assert refusal(slide) == "Files of the slide are missing: one without a name."


def test_a_slide_that_lacks_many_files_of_odd_names_is_refused_in_few_words(tmp_path: Path) -> None:
    slide = slide_files.mirax_slide(tmp_path / "a.mrxs").path
    settings = tmp_path / "a" / "Slidedat.ini"
    with settings.open("a") as file:
        file.writelines(f"FILE_{number} = {'x' * 5000}\x1b{number}.dat\n" for number in range(1, 200))
        file.write("FILE_200 = a\x1b[31m.dat\n")

    reason = refusal(slide)

    assert "a?[31m.dat" in reason
    assert len(reason) < 1000


def test_companions_named_outside_the_folder_are_not_opened(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    slide = slide_files.vms_slide(tmp_path / "in" / "a.vms").path
    (tmp_path / "in" / "a(0,0).jpg").rename(tmp_path / "secret.jpg")
    slide.write_text(slide.read_text().replace("ImageFile=a(0,0).jpg", "ImageFile=../secret.jpg"))

    assert "missing" in refusal(slide)


def test_symbolic_links_among_companions_are_not_followed(tmp_path: Path) -> None:
    slide = slide_files.vms_slide(tmp_path / "a.vms").path
    part = tmp_path / "a(0,0).jpg"
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    part.rename(elsewhere / "part.jpg")
    part.symlink_to(elsewhere / "part.jpg")

    assert "missing" in refusal(slide)


READ_BY_OPENSLIDE = ("o.bif", "t.tif", "a.vmu", "a.mrxs")
ENDS = (0, -signal.SIGALRM, -signal.SIGSEGV, -signal.SIGABRT)
"""How the program of a slide may end: OpenSlide loses itself in some damage, or wants 2^64 bytes, and nobody but that slide may notice."""


def outcome(do: Callable[[], None]) -> int:
    """Do it as the worker does, in a process that is ended when its time is up; return its exit code or signal."""
    with warnings.catch_warnings(action="ignore"):  # of threads; those of earlier conversions have ended
        child = os.fork()
    if not child:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(int(LONGEST_S / 2))
        try:
            do()
            os._exit(0)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def everything_of(slide: Path, target: Path) -> None:
    """Do all that may ever be done with a slide; it may be refused, but nothing else may happen."""
    try:
        converted = convert(slide, target)
    except UnreadableImage:
        assert not target.exists()
        return
    fill(target)
    with LocalFiles(slide) as files:
        associated_pictures(files, converted.vendor)


@pytest.mark.parametrize("name", SMALL)
def test_damaged_slides_are_refused_or_converted_but_nothing_else_happens(name: str, tmp_path: Path) -> None:
    """`make fuzz-slides` does the same forty times as often."""
    (tmp_path / "slide").mkdir()
    slide, target = SMALL[name](tmp_path / "slide" / name).path, tmp_path / "product.tif"
    bodies = {path: path.read_bytes() for path in sorted(slide.parent.rglob("*")) if path.is_file()}
    everything_of(slide, target)
    target.unlink()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for number in range(MUTATIONS // len(SMALL) + 1):
        damaged = [*bodies][number % len(bodies)]
        damaged.write_bytes(mutated(bodies[damaged], number))
        started = time.perf_counter()

        if name in READ_BY_OPENSLIDE:
            assert outcome(lambda: everything_of(slide, target)) in ENDS, number
        else:
            everything_of(slide, target)

        assert time.perf_counter() - started < LONGEST_S, number
        target.unlink(missing_ok=True)
        damaged.write_bytes(bodies[damaged])
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 512 << 10


def test_damaged_products_are_refused_or_completed_but_nothing_else_happens(tmp_path: Path) -> None:
    product, target = tmp_path / "product.tif", tmp_path / "copy.tif"
    convert(slide_files.aperio_slide(tmp_path / "a.svs", size=(400, 300), tile=128).path, product)
    body = product.read_bytes()
    for number in range(MUTATIONS // len(SMALL) + 1):
        target.write_bytes(mutated(body, number))
        started = time.perf_counter()

        with contextlib.suppress(UnreadableImage):
            fill(target)

        assert time.perf_counter() - started < LONGEST_S, number
