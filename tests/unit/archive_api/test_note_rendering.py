"""What the tiler says, in every order and more than once."""

from itertools import permutations

import pytest

from archive_api.domain.rendering import Progress
from archive_shared.events import Event, PreviewReady, TilesFailed, TilesReady
from archive_shared.identifiers import new_id
from tests.support.archive_service import ArchiveService
from tests.support.imports import an_import

IMAGE = new_id()
PREVIEW = PreviewReady(image=IMAGE)
TILES = TilesReady(image=IMAGE, levels=5)
FAILED = TilesFailed(image=IMAGE, reason="Too odd.")


@pytest.mark.parametrize(
    ("heard", "preview", "tiles"),
    [
        ([PREVIEW], Progress.READY, Progress.PENDING),
        ([PREVIEW, TILES], Progress.READY, Progress.READY),
        ([FAILED], Progress.FAILED, Progress.FAILED),
        ([PREVIEW, FAILED], Progress.READY, Progress.FAILED),
        ([FAILED, PREVIEW, TILES], Progress.READY, Progress.READY),
    ],
)
def test_order_and_repetition_do_not_matter(
    service: ArchiveService, heard: list[Event], preview: Progress, tiles: Progress
) -> None:
    for number, order in enumerate(permutations(heard + heard)):
        image = f"{IMAGE}-{number}"
        for event in order:
            service.hear(type(event)(**(vars(event) | {"image": image})))

        rendering = service.library.renderings.require(image)

        assert (rendering.preview, rendering.tiles) == (preview, tiles), order
        if number > 40:
            break


def test_what_was_heard_before_the_import_is_not_lost(service: ArchiveService) -> None:
    event = an_import(creator="user-ann")
    token = service.people.add_person("ann")

    service.hear(PreviewReady(image=event.image))
    service.hear(event)

    shown = service.call("GET", f"/api/v1/cases/images/{event.image}/", token).json
    assert shown["preview_state"] == "ready"
    assert shown["preview"].endswith(f"/api/v1/tiles/images/{event.image}/preview.jpeg")


def test_hearing_it_again_writes_nothing(service: ArchiveService) -> None:
    service.hear(PREVIEW)
    before = service.library.renderings.require(IMAGE).version

    service.hear(PREVIEW)

    assert service.library.renderings.require(IMAGE).version == before
