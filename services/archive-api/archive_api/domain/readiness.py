"""How far an item is: computed from what its values are, never stored."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from archive_api.domain.arriving import Arriving
from archive_api.domain.image import ImageCard
from archive_api.domain.item import Item
from archive_api.domain.rendering import Progress, Rendering


@dataclass(frozen=True)
class Readiness:
    """A state, and why it is not ready in words people understand ("" when it is)."""

    state: Progress
    reason: str = ""


I_co = TypeVar("I_co", bound=ImageCard, covariant=True)


@dataclass(frozen=True)
class Shown(Generic[I_co]):
    """An image, or its card, and how far it can be looked at."""

    image: I_co
    rendering: Rendering


def image_readiness(shown: Shown[ImageCard]) -> Readiness:
    """Tell how far one image is: downloaded once it has a file, which a slide gets late, looked at when its pictures are made."""
    name, rendering, has_file = shown.image.name, shown.rendering, bool(shown.image.files)
    states = {rendering.preview} | ({rendering.tiles} if shown.image.has_pyramid else set())
    if Progress.FAILED in states:
        what = "can be downloaded, but not be looked at" if has_file else "cannot be converted"
        return Readiness(Progress.FAILED, f"{name} {what}: {rendering.failure}")
    if not has_file:
        return Readiness(Progress.PENDING, f"{name} is being converted.")
    if Progress.PENDING in states:
        return Readiness(Progress.PENDING, f"{name} can be downloaded; its preview is being made.")
    return Readiness(Progress.READY)


def arriving_readiness(arriving: Arriving) -> Readiness:
    """Tell how far the import of a value is."""
    if arriving.failure:
        return Readiness(Progress.FAILED, f"An import failed: {arriving.failure}")
    return Readiness(Progress.PENDING, "A value is being imported.")


def item_readiness(item: Item, shown: Sequence[Shown[ImageCard]]) -> Readiness:
    """Tell how far an item is: failed if anything of it is, else pending if anything is, or if it is empty."""
    if not item.by_socket and not item.arriving:
        return Readiness(Progress.PENDING, "It has no values yet.")
    found = [arriving_readiness(each) for each in item.arriving.values()]
    found += [image_readiness(each) for each in shown]
    for state in (Progress.FAILED, Progress.PENDING):
        for each in found:
            if each.state is state:
                return each
    return Readiness(Progress.READY)
