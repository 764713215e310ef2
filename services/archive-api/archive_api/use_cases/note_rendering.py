"""Notes what the tiler says of an image, whether or not the image itself was heard of; nothing of one that was removed."""

from collections.abc import Callable

from archive_api.domain.rendering import Rendering
from archive_api.use_cases.library import Library
from archive_shared.errors import Duplicate
from archive_shared.events import PreviewReady, TilesFailed, TilesReady


def note_preview(library: Library, event: PreviewReady) -> None:
    """Remember that the preview of an image can be fetched."""

    def note(rendering: Rendering) -> None:
        rendering.preview_ready = True

    _note(library, event.image, note)


def note_tiles(library: Library, event: TilesReady) -> None:
    """Remember that the tiles of an image can be fetched."""

    def note(rendering: Rendering) -> None:
        rendering.levels = event.levels

    _note(library, event.image, note)


def note_failure(library: Library, event: TilesFailed) -> None:
    """Remember why an image cannot be looked at; what is ready stays ready."""

    def note(rendering: Rendering) -> None:
        rendering.failure = event.reason

    _note(library, event.image, note)


def _note(library: Library, image: str, note: Callable[[Rendering], None]) -> None:
    if library.renderings.get(image) is None:
        rendering = Rendering(id=image)
        note(rendering)
        try:
            library.renderings.add(rendering)
        except Duplicate:  # another message about the same image was faster; it is there now
            pass
        else:
            if library.departures.get(image) is not None:  # late: who removed the image may have been here
                library.renderings.delete(image)
            return
    library.renderings.change(image, note)
