"""How far an item is: computed from what its values are, never stored."""

from collections.abc import Sequence
from dataclasses import dataclass

from archive_api.domain.image import Image
from archive_api.domain.rendering import Progress, Rendering


@dataclass(frozen=True)
class Readiness:
    """A state, and why it is not ready in words people understand ("" when it is)."""

    state: Progress
    reason: str = ""


@dataclass(frozen=True)
class Shown:
    """An image and how far it can be looked at."""

    image: Image
    rendering: Rendering


def image_readiness(shown: Shown) -> Readiness:
    """Tell how far one image is: it can be downloaded always, looked at when its pictures are made."""
    name, rendering = shown.image.name, shown.rendering
    states = {rendering.preview} | ({rendering.tiles} if shown.image.has_pyramid else set())
    if Progress.FAILED in states:
        return Readiness(
            Progress.FAILED, f"{name} can be downloaded, but not be looked at: {rendering.failure}"
        )
    if Progress.PENDING in states:
        return Readiness(Progress.PENDING, f"{name} can be downloaded; its preview is being made.")
    return Readiness(Progress.READY)


def item_readiness(shown: Sequence[Shown]) -> Readiness:
    """Tell how far an item is: failed if any image is, else pending if any is, or if it has none."""
    if not shown:
        return Readiness(Progress.PENDING, "It has no values yet.")
    found = [image_readiness(each) for each in shown]
    for state in (Progress.FAILED, Progress.PENDING):
        for each in found:
            if each.state is state:
                return each
    return Readiness(Progress.READY)
