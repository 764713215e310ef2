"""Which event makes archive-api do what; read by the consumer, and by tests that deliver events themselves."""

from collections.abc import Callable, Mapping
from typing import Any

import structlog

from archive_api.entrypoints.http.downloads import describing
from archive_api.entrypoints.http.links import Links
from archive_api.use_cases.announce_ready import announce_ready, announce_ready_with
from archive_api.use_cases.archive_quota import weigh
from archive_api.use_cases.count_items import recount
from archive_api.use_cases.delete_archive import delete_items_of, follow_archive
from archive_api.use_cases.do_step import do_step
from archive_api.use_cases.index_image import index_images
from archive_api.use_cases.index_item import index_item
from archive_api.use_cases.library import Library
from archive_api.use_cases.note_failure import note_session_failure
from archive_api.use_cases.note_rendering import note_failure, note_preview, note_tiles
from archive_api.use_cases.note_slide import note_slide
from archive_api.use_cases.place_image import place_image
from archive_api.use_cases.settle_imports import settle_restored
from archive_shared.events import (
    ArchiveDeleted,
    Event,
    ImageImported,
    ItemCreated,
    ItemDeleted,
    ItemMoved,
    ItemRestored,
    ItemUpdated,
    ItemValueAdded,
    ItemValueRemoved,
    ItemValueReplaced,
    PreviewReady,
    SessionFailed,
    SlideComplete,
    SlideViewable,
    TaskDue,
    TilesFailed,
    TilesReady,
)

log = structlog.get_logger()

ItemEvent = (
    ItemCreated
    | ItemDeleted
    | ItemMoved
    | ItemRestored
    | ItemValueAdded
    | ItemValueRemoved
    | ItemValueReplaced
)


def _place(library: Library, event: ImageImported) -> None:
    outcome = place_image(library, event)
    log.info("image placed", outcome=outcome.value, image=event.image, archive=event.archive, item=event.item)


def _index_item(library: Library, event: ItemEvent) -> None:
    index_item(library, event.item)
    weigh(library, event.archive, event.item)
    announce_ready(library, event.item)


def _index_all(library: Library, event: ItemCreated | ItemDeleted | ItemRestored) -> None:
    index_images(library, event.images)
    _index_item(library, event)
    recount(library, event.archive, event.item)


def _take_in(library: Library, event: ItemCreated | ItemRestored) -> None:
    follow_archive(library, event.archive, event.item)
    _index_all(library, event)


def _bring_back(library: Library, event: ItemRestored) -> None:
    settle_restored(library, event.item)
    _take_in(library, event)


def _index_moved(library: Library, event: ItemMoved) -> None:
    follow_archive(library, event.archive, event.item)
    index_images(library, event.images)
    _index_item(library, event)
    weigh(library, event.previous_archive, event.item)
    recount(library, event.previous_archive, event.item)
    recount(library, event.archive, event.item)


def _index_title(library: Library, event: ItemUpdated) -> None:
    index_item(library, event.item)


def _index_one(library: Library, event: ItemValueAdded | ItemValueRemoved) -> None:
    index_images(library, [event.image])
    _index_item(library, event)


def _index_both(library: Library, event: ItemValueReplaced) -> None:
    index_images(library, [event.image, event.previous_image])
    _index_item(library, event)


def _note_preview(library: Library, event: PreviewReady) -> None:
    note_preview(library, event)
    announce_ready_with(library, event.image)


def _note_tiles(library: Library, event: TilesReady) -> None:
    note_tiles(library, event)
    announce_ready_with(library, event.image)


def _note_slide(library: Library, event: SlideViewable | SlideComplete) -> None:
    note_slide(library, event)
    for item in library.items.find({"images": event.image}):  # when they were made, its size was not known
        index_item(library, item.id)
        weigh(library, item.archive, item.id)
    announce_ready_with(library, event.image)


def _do_step(library: Library, event: TaskDue) -> None:
    do_step(library, event, describing(Links(library.public_url)))


def _empty(library: Library, event: ArchiveDeleted) -> None:
    delete_items_of(library, event.archive)


# Each function takes the kind of event it stands behind; a mapping cannot say so.
HANDLERS: Mapping[type[Event], Callable[[Library, Any], None]] = {
    ImageImported: _place,
    PreviewReady: _note_preview,
    TilesReady: _note_tiles,
    TilesFailed: note_failure,
    SessionFailed: note_session_failure,
    ArchiveDeleted: _empty,
    TaskDue: _do_step,
    SlideViewable: _note_slide,
    SlideComplete: _note_slide,
    ItemCreated: _take_in,
    ItemUpdated: _index_title,
    ItemDeleted: _index_all,
    ItemMoved: _index_moved,
    ItemRestored: _bring_back,
    ItemValueAdded: _index_one,
    ItemValueRemoved: _index_one,
    ItemValueReplaced: _index_both,
}
