"""The file of a slide, which comes after the slide: viewable first, complete later, in any order and more than once."""

from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest

from archive_shared.errors import NotFound
from archive_shared.events import ImageFile, SlideComplete, SlideViewable
from tests.support.archive_service import ArchiveService
from tests.support.imports import an_import


def a_file(key: str) -> ImageFile:
    return ImageFile(id=key, type="TIFF", name="slide.tif", key=key, size_bytes=9, sha256="-")


GEOMETRY: dict[str, Any] = {
    "width": 900,
    "height": 700,
    "voxel_width_mm": 0.00025,
    "voxel_height_mm": 0.00025,
}


def test_a_slide_has_its_file_and_size_once_the_tiler_made_them(service: ArchiveService) -> None:
    event = replace(an_import("slide.svs"), files=[])
    service.hear(event)

    service.hear(SlideViewable(image=event.image, file=a_file("viewable"), levels=2, **GEOMETRY))

    image = service.library.images.require(event.image)
    assert [file.key for file in image.files] == ["viewable"]
    assert image.has_pyramid
    assert (image.description.width, image.description.height) == (900, 700)
    assert (image.description.resolution_levels, image.description.voxel_width_mm) == (2, 0.00025)


def test_what_is_complete_stays_complete(service: ArchiveService) -> None:
    for number in range(6):
        event = replace(an_import(f"slide{number}.svs"), files=[])
        service.hear(event)
        viewable = SlideViewable(image=event.image, file=a_file("viewable"), levels=2, **GEOMETRY)
        complete = SlideComplete(image=event.image, file=a_file("complete"), levels=4, **GEOMETRY)
        order = list(permutations([viewable, complete, viewable]))[number]

        for heard in (*order, complete):
            service.hear(heard)

        image = service.library.images.require(event.image)
        assert ([file.key for file in image.files], image.description.resolution_levels) == (["complete"], 4)


def test_before_the_import_was_heard_it_is_to_be_tried_again(service: ArchiveService) -> None:
    early = SlideViewable(image=an_import().image, file=a_file("viewable"), levels=2, **GEOMETRY)

    with pytest.raises(NotFound):
        service.hear(early)
