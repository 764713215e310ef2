"""Files are gathered into candidates; every file ends up somewhere, exactly once unless it is shared pixels."""

from pathlib import Path

import pytest

from ingest_worker.domain.candidates import Recognised, gather
from ingest_worker.domain.files import SourceFile, natural_order, neighbour_name
from ingest_worker.domain.formats import Format, SlideFormat


def a_file(name: str) -> SourceFile:
    return SourceFile(name, Path("/nowhere"))


def test_dicom_files_of_one_series_are_one_candidate_wherever_they_lie() -> None:
    files = [
        Recognised(a_file(name), Format.DICOM, series=("s",)) for name in ("b/10.dcm", "a/2.dcm", "a/10.dcm")
    ]

    candidates, rejections = gather(files)

    (candidate,) = candidates
    assert [file.name for file in candidate.files] == ["a/2.dcm", "a/10.dcm", "b/10.dcm"]
    assert not rejections


def test_dicom_files_of_no_series_are_candidates_of_their_own() -> None:
    candidates, _ = gather([Recognised(a_file(name), Format.DICOM) for name in ("1", "2")])

    assert [len(candidate.files) for candidate in candidates] == [1, 1]


def test_candidates_come_in_the_order_of_names() -> None:
    files = [Recognised(a_file(name), Format.PNG) for name in ("10.png", "9.png", "1.png")]

    assert [candidate.files[0].name for candidate in gather(files)[0]] == ["1.png", "9.png", "10.png"]


def test_a_header_takes_its_data_file_in_another_case() -> None:
    files = [
        Recognised(a_file("scan/ct.mhd"), Format.META_IMAGE, references=("CT.ZRAW",)),
        Recognised(a_file("scan/ct.zraw")),
    ]

    candidates, rejections = gather(files)

    assert [file.name for file in candidates[0].files] == ["scan/ct.mhd", "scan/ct.zraw"]
    assert not rejections


def test_a_header_takes_its_data_file_under_a_name_macos_spells_its_own_way() -> None:
    composed, decomposed = "sch\u00e4del.raw", "scha\u0308del.raw"
    files = [
        Recognised(a_file("schaedel.mhd"), Format.META_IMAGE, references=(composed,)),
        Recognised(a_file(decomposed)),
    ]

    candidates, rejections = gather(files)

    assert [file.name for file in candidates[0].files] == ["schaedel.mhd", decomposed]
    assert not rejections


def test_pixels_that_look_like_a_picture_by_chance_are_still_pixels() -> None:
    files = [
        Recognised(a_file("ct.mhd"), Format.META_IMAGE, references=("ct.raw",)),
        Recognised(a_file("ct.raw"), Format.PNG),
    ]

    candidates, rejections = gather(files)

    assert [candidate.format for candidate in candidates] == [Format.META_IMAGE]
    assert not rejections


def test_a_slide_names_every_picture_it_lacks() -> None:
    parts = tuple(f"slide({column},0).jpg" for column in range(8))

    few, many = (
        gather([Recognised(a_file("slide.vms"), SlideFormat.HAMAMATSU_VMS, references=parts[:count])])[1][0]
        for count in (2, 8)
    )

    assert [reason.partition(" was not")[0].rpartition(" ")[2] for reason in few.reasons] == [
        "slide(0,0).jpg,",
        "slide(1,0).jpg,",
    ]
    assert len(many.reasons) == 6
    assert many.reasons[-1] == "So it is with 3 more."


def test_pixels_without_a_header_say_what_is_missing() -> None:
    _, (rejection,) = gather([Recognised(a_file("ct.zraw"))])

    assert rejection.reasons == (
        "This looks like pixel data, but no header (.mhd, .nhdr or .hdr) in the upload names it.",
    )


def test_a_mirax_slide_takes_the_folder_of_its_name() -> None:
    files = [
        Recognised(a_file("case/slide.mrxs"), SlideFormat.MIRAX),
        Recognised(a_file("case/slide/Data0001.dat")),
        Recognised(a_file("case/slide/Slidedat.ini")),
        Recognised(a_file("case/slide/macro.png"), Format.PNG),
        Recognised(a_file("case/other.png"), Format.PNG),
    ]

    candidates, rejections = gather(files)

    assert not rejections
    other, slide = candidates
    assert [file.name for file in other.files] == ["case/other.png"]
    assert (slide.format, [file.name for file in slide.files]) == (
        SlideFormat.MIRAX,
        ["case/slide.mrxs", "case/slide/Data0001.dat", "case/slide/Slidedat.ini", "case/slide/macro.png"],
    )


def test_a_mirax_file_without_its_folder_is_only_a_thumbnail() -> None:
    _, (rejection,) = gather([Recognised(a_file("slide.mrxs"), SlideFormat.MIRAX)])

    assert rejection.reasons == (
        "The pixels of this slide lie in a folder named slide; send the file and the folder in one zip archive.",
    )


def a_hamamatsu_slide(references: tuple[str, ...]) -> list[Recognised]:
    return [
        Recognised(
            a_file("s.vms"),
            SlideFormat.HAMAMATSU_VMS,
            references=references,
            companions=("macro.jpg", "../../etc/passwd", "never-sent.opt"),
        ),
        Recognised(a_file("Tile.jpg"), Format.JPEG),
        Recognised(a_file("macro.jpg"), Format.JPEG),
        Recognised(a_file("photo.jpg"), Format.JPEG),
    ]


def test_tiles_of_a_hamamatsu_slide_are_no_pictures_of_their_own() -> None:
    candidates, rejections = gather(a_hamamatsu_slide(("tile.jpg",)))

    assert not rejections
    assert [[file.name for file in candidate.files] for candidate in candidates] == [
        ["photo.jpg"],
        ["s.vms", "Tile.jpg", "macro.jpg"],
    ]


def test_a_hamamatsu_slide_without_all_its_tiles_is_turned_down_with_them() -> None:
    candidates, rejections = gather(a_hamamatsu_slide(("tile.jpg", "second.jpg")))

    assert [candidate.files[0].name for candidate in candidates] == ["photo.jpg"]
    assert {one.file: one.reasons[0] for one in rejections} == {
        "Tile.jpg": "This file belongs to s.vms, which cannot be imported.",
        "macro.jpg": "This file belongs to s.vms, which cannot be imported.",
        "s.vms": "The pixel data file named in the header, second.jpg, was not uploaded with it.",
    }


def test_levels_of_a_dicom_slide_are_one_candidate_beside_another_series() -> None:
    files = [
        Recognised(a_file("1.dcm"), SlideFormat.DICOM, series=("s",)),
        Recognised(a_file("2.dcm"), SlideFormat.DICOM, series=("s",)),
        Recognised(a_file("3.dcm"), Format.DICOM, series=("s",)),
    ]

    candidates, _ = gather(files)

    assert [(one.format, len(one.files)) for one in candidates] == [(SlideFormat.DICOM, 2), (Format.DICOM, 1)]


@pytest.mark.parametrize(
    ("header", "reference", "expected"),
    [
        ("a/ct.mhd", "ct.raw", "a/ct.raw"),
        ("a/ct.mhd", "sub/ct.raw", "a/sub/ct.raw"),
        ("a/b/ct.mhd", "../ct.raw", "a/ct.raw"),
        ("ct.mhd", "./ct.raw", "ct.raw"),
        ("ct.mhd", "../ct.raw", None),
        ("a/ct.mhd", "../../ct.raw", None),
        ("ct.mhd", "/etc/passwd", None),
        ("ct.mhd", "\\\\server\\ct.raw", None),
        ("ct.mhd", "c:ct.raw", None),
        ("ct.mhd", "", None),
        ("ct.mhd", "a\0b", None),
    ],
)
def test_neighbours_are_found_inside_the_upload_only(
    header: str, reference: str, expected: str | None
) -> None:
    assert neighbour_name(header, reference) == expected


def test_numbers_in_names_count_as_numbers() -> None:
    names = ["IM10", "IM9", "IM009", "a", "IM", "10", "9"]

    assert sorted(names, key=natural_order) == ["9", "10", "IM", "IM009", "IM9", "IM10", "a"]
