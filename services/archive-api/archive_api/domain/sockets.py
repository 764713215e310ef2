"""Sockets: the places an item has for values. The ones every installation has are built in."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Socket:
    """A place for one value of one kind.

    Parameters
    ----------
    number
        Its identifier on the wire, where sockets are numbered.
    kind, super_kind
        What may be put into it, as the public client names it (spec/gcapi.md 2.2).
    relative_path
        Where a downloaded value goes: a folder for images.
    """

    number: int
    slug: str
    title: str
    description: str
    kind: str
    super_kind: str
    relative_path: str


GENERIC_MEDICAL_IMAGE = Socket(
    number=1,
    slug="generic-medical-image",
    title="Generic Medical Image",
    description="A scan or photograph as it was taken.",
    kind="Image",
    super_kind="Image",
    relative_path="images/medical-image",
)
GENERIC_OVERLAY = Socket(
    number=2,
    slug="generic-overlay",
    title="Generic Overlay",
    description="An image laid over another one of the same item.",
    kind="Heat Map",
    super_kind="Image",
    relative_path="images/generic-overlay",
)

SOCKETS: Mapping[str, Socket] = {socket.slug: socket for socket in (GENERIC_MEDICAL_IMAGE, GENERIC_OVERLAY)}


def socket_numbered(number: int) -> Socket | None:
    """Return the socket with this number, None without one."""
    return next((socket for socket in SOCKETS.values() if socket.number == number), None)
