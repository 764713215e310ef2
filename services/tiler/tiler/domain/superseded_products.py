"""Products of slides that a more complete one has replaced; they stay a while for those who still read them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from archive_shared.documents import Aggregate, Collection


@dataclass(kw_only=True)
class SupersededProducts(Aggregate):
    """Of one slide; the identifier is the image's.

    Parameters
    ----------
    keys
        In the bucket `images`, and of previews and tile indexes in the bucket `media`.
    since
        When the last of them was replaced.
    """

    keys: list[str]
    since: datetime

    def add(self, keys: Iterable[str], at: datetime) -> None:
        """Note more of them; those that are known already do not stay any longer."""
        new = sorted(set(keys) - set(self.keys))
        if new:
            self.keys, self.since = [*self.keys, *new], at


SUPERSEDED_PRODUCTS = Collection("superseded_products", fields={"since": "since"}, indexes=[("since",)])
