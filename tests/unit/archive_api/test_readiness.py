"""How far images and items are said to be."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from archive_api.domain.image import Image
from archive_api.domain.item import Item
from archive_api.domain.readiness import Readiness, Shown, image_readiness, item_readiness
from archive_api.domain.rendering import Progress, Rendering
from archive_api.domain.value import Value
from tests.support.imports import an_import


def shown(
    *, type: str = "MHD", preview: bool = False, levels: int | None = None, failure: str = ""
) -> Shown[Image]:
    image = Image.imported(an_import("ct.mha", type=type), at=datetime(2026, 11, 23, tzinfo=UTC))
    return Shown(image, Rendering(id=image.id, preview_ready=preview, levels=levels, failure=failure))


@pytest.mark.parametrize(
    ("each", "state"),
    [
        (shown(), Progress.PENDING),
        (shown(preview=True), Progress.READY),
        (shown(failure="too odd"), Progress.FAILED),
        (shown(preview=True, failure="late news"), Progress.READY),
        (shown(type="TIFF", preview=True), Progress.PENDING),
        (shown(type="TIFF", preview=True, levels=5), Progress.READY),
        (shown(type="TIFF", levels=5), Progress.PENDING),
        (shown(type="TIFF", preview=True, failure="no tiles"), Progress.FAILED),
    ],
)
def test_an_image_is_as_far_as_its_pictures(each: Shown[Image], state: Progress) -> None:
    assert image_readiness(each).state is state


def test_a_slide_without_a_file_is_not_said_to_be_downloadable() -> None:
    waiting, refused = shown(type="TIFF"), shown(type="TIFF", failure="It has no levels.")
    for each in (waiting, refused):
        each.image.files = []

    assert image_readiness(waiting) == Readiness(Progress.PENDING, "ct.mha is being converted.")
    assert image_readiness(refused).reason == "ct.mha cannot be converted: It has no levels."


def test_a_failure_names_the_image_and_the_reason_and_says_what_still_works() -> None:
    assert image_readiness(shown(failure="Too odd.")).reason == (
        "ct.mha can be downloaded, but not be looked at: Too odd."
    )


NOW = datetime(2026, 11, 23, tzinfo=UTC)


def an_item(*values: Value) -> Item:
    return Item.create(id="i", archive="a", title="", values=values, at=NOW)


def test_an_item_without_values_is_pending() -> None:
    readiness = item_readiness(an_item(), [])

    assert readiness.state is Progress.PENDING
    assert readiness.reason == "It has no values yet."


@pytest.mark.parametrize(
    ("images", "state"),
    [
        ([shown(preview=True)], Progress.READY),
        ([shown(preview=True), shown()], Progress.PENDING),
        ([shown(), shown(failure="odd")], Progress.FAILED),
    ],
)
def test_an_item_is_as_far_as_its_slowest_image(images: list[Shown[Image]], state: Progress) -> None:
    item = an_item(Value(socket="generic-medical-image", image="x"))

    assert item_readiness(item, images).state is state


def test_an_item_of_metadata_alone_is_ready() -> None:
    assert item_readiness(an_item(Value.of_json("score", 0.5)), []).state is Progress.READY


def test_an_item_is_pending_while_a_value_is_imported_and_failed_with_its_reason_afterwards() -> None:
    item = an_item(Value.of_json("score", 0.5))
    item.expect("generic-overlay", "session", at=NOW)
    pending = item_readiness(item, [])

    item.fail_import("session", "None of the files could be imported.", at=NOW)

    failed = item_readiness(item, [])
    assert (pending.state, failed.state) == (Progress.PENDING, Progress.FAILED)
    assert failed.reason == "An import failed: None of the files could be imported."


@pytest.mark.parametrize(
    ("color_space", "shape"),
    [
        ("GRAY", [60, 256, 512]),
        ("RGB", [60, 256, 512, 3]),
        ("RGBA", [60, 256, 512, 4]),
        ("YCBCR", [60, 256, 512, 3]),
    ],
)
def test_the_shape_counts_channels_only_when_there_are_several(color_space: str, shape: list[int]) -> None:
    event = an_import("ct.mha")
    event = replace(event, description=replace(event.description, color_space=color_space))

    assert Image.imported(event, at=datetime(2026, 11, 23, tzinfo=UTC)).shape == shape
