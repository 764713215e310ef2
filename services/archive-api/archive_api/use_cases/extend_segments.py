"""Adds classes of voxels to a segmentation, which administrators do; the values it has stay right."""

from collections.abc import Mapping, Sequence
from typing import Any

from archive_api.domain.sockets import Socket, segments_from
from archive_api.use_cases.create_socket import segment_errors
from archive_api.use_cases.library import Library
from archive_shared.errors import Invalid


def extend_segments(library: Library, socket: Socket, segments: Sequence[Mapping[str, Any]]) -> Socket:
    """Give a socket further segments.

    Raises
    ------
    Invalid
        It is no segmentation, or is built in; or one of those there are is missing, changed or out of order; or there is a gap.
    """
    errors: dict[str, list[str]] = {}
    for name, reason in segment_errors(socket.kind, segments):
        errors.setdefault(name, []).append(reason)
    if errors:
        raise Invalid(errors)
    return library.sockets.change(
        socket.slug, lambda present: present.extend_segments(segments_from(segments))
    )
