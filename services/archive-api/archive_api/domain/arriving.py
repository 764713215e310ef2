"""Values that are being made of uploads for an item, by the slug of their socket."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

NOT_ONE_IMAGE = "Image imports should result in a single image."
REMOVED = "Its image was not used for days and removed; upload its files again."


@dataclass(frozen=True, kw_only=True)
class Arriving:
    """A value that is being made of uploads.

    Parameters
    ----------
    session
        The upload session that makes it.
    failure
        Why nothing came of it, "" while it may still.
    """

    session: str
    failure: str = ""


def attachment(image: str, socket: str) -> str:
    """Return how an item remembers that an import put an image into a socket."""
    return f"{image} {socket}"


def sessions_at_work(arriving: Mapping[str, Arriving]) -> list[str]:
    """Return the upload sessions that something may still come of, in order."""
    return sorted({each.session for each in arriving.values() if not each.failure})


def with_failure(arriving: Mapping[str, Arriving], session: str, reason: str) -> dict[str, Arriving]:
    """Return them with the reason why nothing comes of an upload session."""
    return {
        socket: replace(each, failure=reason) if each.session == session else each
        for socket, each in arriving.items()
    }
