"""Notes the canonical file of a slide, which the tiler makes after the import; hears `slide.viewable` and `slide.complete`."""

from archive_api.use_cases.library import Library
from archive_shared.events import SlideComplete, SlideViewable


def note_slide(library: Library, event: SlideViewable | SlideComplete) -> None:
    """Let the image have its file and its size; raises `NotFound`, to be tried again, before the import was heard."""
    if library.departures.get(event.image) is not None:
        return
    library.images.change(event.image, lambda image: image.receive_slide(event))
