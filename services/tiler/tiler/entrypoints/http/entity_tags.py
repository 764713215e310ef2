"""Names for what never changes, so that browsers may keep it."""

import hashlib
from functools import lru_cache
from importlib.metadata import version

RELEASE = version("archive-tiler")


@lru_cache(maxsize=4096)
def entity_tag(name: str) -> str:
    """Return a tag that hides the name, and that the next release, which may draw differently, does not share."""
    return hashlib.sha256(f"{RELEASE} {name}".encode()).hexdigest()[:32]
