"""Label and overview of slides: dropped unless the archive keeps them, and then for its editors only."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from archive_shared.events import ImageDeleted
from tests.integration.tiler.conftest import Studio
from tests.support import slide_files
from tests.support.slide_files import VendorSlide
from tests.support.slide_files.scene import label
from tests.support.slides import as_pixels

ARCHIVE = "archive-of-slides"


@pytest.fixture
def slide(folder: Path) -> VendorSlide:
    return slide_files.aperio_slide(folder / "slide.svs")


@pytest.fixture
def image(studio: Studio, folder: Path, slide: VendorSlide) -> str:
    """A slide of an archive that keeps labels, converted."""
    identifier = studio.import_slide(folder, archive=ARCHIVE, keep_labels=True)
    studio.convert(identifier)
    return identifier


def associated(studio: Studio, image: str) -> list[str]:
    return [blob.key for blob in studio.images.list(f"{image}/restricted/")]


def test_an_editor_sees_label_and_overview_as_they_were(studio: Studio, image: str) -> None:
    editor = studio.holder("editor", ARCHIVE, image)

    listed = studio.get(f"{image}/associated/", editor)
    shown = studio.get(f"{image}/associated/label.png", editor)

    assert listed.json is not None
    assert [(each["name"], each["width"]) for each in listed.json["results"]] == [
        ("label", 128),
        ("macro", 320),
    ]
    assert listed.json["results"][0]["url"] == (
        f"https://archive.test/api/v1/tiles/images/{image}/associated/label.png"
    )
    assert np.array_equal(as_pixels(shown.data), label())
    assert shown.headers["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize("path", ["associated/label.png", "associated/macro.png"])
@pytest.mark.parametrize("role", ["user", "uploader"])
def test_for_everybody_else_they_do_not_exist(studio: Studio, image: str, role: str, path: str) -> None:
    other = studio.holder(role, ARCHIVE, image)

    assert studio.get(f"{image}/{path}", other).status_code == 404
    assert studio.get(f"{image}/{path}", None).status_code == 401


@pytest.mark.parametrize("role", ["user", "uploader"])
def test_everybody_else_is_told_the_same_as_where_there_are_none(
    studio: Studio, image: str, role: str
) -> None:
    other = studio.holder(role, ARCHIVE, image)

    assert studio.get(f"{image}/associated/", other).json == {"results": []}
    assert studio.get(f"{image}/associated/", None).status_code == 401
    assert studio.get(f"{image}/associated/", studio.holder("editor", ARCHIVE)).status_code == 404


def test_editors_of_another_archive_that_holds_the_slide_do_not_see_them(studio: Studio, image: str) -> None:
    elsewhere = studio.holder("editor", "another-archive", image)

    assert studio.get(f"{image}/associated/label.png", elsewhere).status_code == 404


def test_editors_who_do_not_see_the_slide_any_more_do_not_see_them_either(studio: Studio, image: str) -> None:
    editor = studio.holder("editor", ARCHIVE)

    assert studio.get(f"{image}/associated/label.png", editor).status_code == 404


def test_nothing_is_kept_unless_the_archive_wants_it(
    studio: Studio, folder: Path, slide: VendorSlide
) -> None:
    image = studio.import_slide(folder, archive=ARCHIVE)
    studio.convert(image)

    assert associated(studio, image) == []
    assert studio.get(f"{image}/associated/", studio.holder("editor", ARCHIVE, image)).json == {"results": []}


def test_what_belongs_to_no_archive_has_no_editors(studio: Studio, folder: Path, slide: VendorSlide) -> None:
    image = studio.import_slide(folder, keep_labels=True)
    studio.convert(image)

    assert studio.get(f"{image}/associated/", studio.holder("editor", ARCHIVE, image)).json == {"results": []}


def test_no_byte_of_them_is_in_what_others_are_served(
    studio: Studio, folder: Path, slide: VendorSlide, image: str
) -> None:
    studio.render(image)
    studio.fill(image)
    studio.render(image)
    label_png = studio.images.read(associated(studio, image)[0])

    made = [studio.images.read(blob.key) for blob in studio.images.list(f"{image}/pyramid/")]
    made += [studio.media.read(blob.key) for blob in studio.media.list()]

    secrets = (*slide.private, label_png[100:200])
    assert len(made) >= 4
    assert not [secret for secret in secrets for body in made if secret in body]


WRITERS: dict[str, tuple[Callable[[Path], VendorSlide], list[str]]] = {
    "slide.ndpi": (slide_files.ndpi_slide, ["macro"]),
    "slide.vms": (slide_files.vms_slide, ["macro"]),
    "slide.tiff": (slide_files.philips_slide, ["label", "macro"]),
    "slide.scn": (slide_files.leica_slide, ["macro"]),
    "slide.bif": (slide_files.ventana_slide, ["macro"]),
    "slide/level0.dcm": (lambda path: slide_files.dicom_slide(path.parent), ["label", "macro"]),
    "slide.mrxs": (slide_files.mirax_slide, ["label", "macro"]),
}


@pytest.mark.parametrize("name", WRITERS)
def test_they_are_found_in_the_files_of_every_vendor(studio: Studio, folder: Path, name: str) -> None:
    write, expected = WRITERS[name]
    write(folder / name)
    image = studio.import_slide(folder, name=name, archive=ARCHIVE, keep_labels=True)

    conversion = studio.convert(image)

    assert [found.name for found in conversion.associated] == expected


def test_a_label_that_cannot_be_read_costs_nobody_the_slide(
    studio: Studio, folder: Path, slide: VendorSlide
) -> None:
    body = slide.path.read_bytes()
    (stored,) = [private for private in slide.private if len(private) > 1000][:1]
    slide.path.write_bytes(body.replace(stored, bytes(len(stored))))
    image = studio.import_slide(folder, archive=ARCHIVE, keep_labels=True)

    conversion = studio.convert(image)

    assert conversion.product is not None
    assert len(conversion.associated) < 2


def test_they_go_with_the_image(studio: Studio, image: str) -> None:
    studio.hear(ImageDeleted(image=image))

    assert associated(studio, image) == []
