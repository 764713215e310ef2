"""Which event makes archive-api do what; read by the consumer, and by tests that deliver events themselves."""

from collections.abc import Callable, Mapping
from typing import Any

import structlog

from archive_api.use_cases.index_image import index_images
from archive_api.use_cases.library import Library
from archive_api.use_cases.note_rendering import note_failure, note_preview, note_tiles
from archive_api.use_cases.note_slide import note_slide
from archive_api.use_cases.place_image import place_image
from archive_shared.events import (
    Event,
    ImageImported,
    ItemCreated,
    ItemDeleted,
    ItemValueAdded,
    ItemValueRemoved,
    ItemValueReplaced,
    PreviewReady,
    SlideComplete,
    SlideViewable,
    TilesFailed,
    TilesReady,
)

log = structlog.get_logger()


def _place(library: Library, event: ImageImported) -> None:
    outcome = place_image(library, event)
    log.info("image_placed", outcome=outcome.value, image=event.image, archive=event.archive, item=event.item)


def _index_all(library: Library, event: ItemCreated | ItemDeleted) -> None:
    index_images(library, event.images)


def _index_one(library: Library, event: ItemValueAdded | ItemValueRemoved) -> None:
    index_images(library, [event.image])


def _index_both(library: Library, event: ItemValueReplaced) -> None:
    index_images(library, [event.image, event.previous_image])


# Each function takes the kind of event it stands behind; a mapping cannot say so.
HANDLERS: Mapping[type[Event], Callable[[Library, Any], None]] = {
    ImageImported: _place,
    PreviewReady: note_preview,
    TilesReady: note_tiles,
    TilesFailed: note_failure,
    SlideViewable: note_slide,
    SlideComplete: note_slide,
    ItemCreated: _index_all,
    ItemDeleted: _index_all,
    ItemValueAdded: _index_one,
    ItemValueRemoved: _index_one,
    ItemValueReplaced: _index_both,
}
