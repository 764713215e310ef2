"""How many bytes an archive holds, kept like its number of items (`archive_api.domain.tally`): summed up by portions."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from archive_api.domain.image import Image
from archive_api.domain.item import Item
from archive_api.domain.tally import PORTIONS
from archive_shared.documents import Aggregate, Collection


@dataclass(kw_only=True)
class Weight(Aggregate):
    """The weight of an archive, by whose identifier it is known.

    Parameters
    ----------
    bytes_by_portion
        What its items of each portion hold; a portion that is missing was not weighed yet.
    lookups
        How often portions were weighed; it makes every time a change.
    """

    bytes_by_portion: dict[str, int] = field(default_factory=dict)
    lookups: int = 0

    @property
    def missing(self) -> list[str]:
        return [portion for portion in PORTIONS if portion not in self.bytes_by_portion]

    @property
    def size_bytes(self) -> int:
        return sum(self.bytes_by_portion.values())

    def note(self, weighed: Mapping[str, int]) -> None:
        """Take over what was weighed just now."""
        self.bytes_by_portion = {**self.bytes_by_portion, **weighed}
        self.lookups += 1


WEIGHTS = Collection("weights")


def weight_of(items: Iterable[Item], images: Mapping[str, Image]) -> int:
    """Return how many bytes the images and files of some items take; what several of them hold counts once."""
    held = {image for item in items for image in item.images}
    sizes = {file.key: file.size_bytes for image in held if image in images for file in images[image].files}
    files = [value.file for item in items for value in item.values if value.file is not None]
    return sum((sizes | {file.key: file.size_bytes for file in files}).values())
