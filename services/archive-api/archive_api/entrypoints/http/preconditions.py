"""Entity tags: they name the version of what a client saw, so that nobody overwrites what they did not see."""

import re

from flask import Response, request

from archive_api.domain.item import Item
from archive_api.use_cases.library import Library
from archive_shared.errors import Invalid, VersionRequired

_TAG = re.compile(r'"(\d{1,18})"')


def tagged(response: Response, version: int) -> Response:
    """Put the version into the answer, for clients to send back with `If-Match`."""
    response.set_etag(str(version))
    return response


def expected_version(*, required: bool = False) -> int | None:
    """Return the version the client wants to change, None for whatever there is.

    Raises
    ------
    Invalid
        `If-Match` holds something that is no tag of ours.
    VersionRequired
        It is missing where it must not be.
    """
    header = request.headers.get("If-Match", "").strip()
    if not header and required:
        raise VersionRequired("Send If-Match with the ETag of what you have seen.")
    if header in ("", "*"):
        return None
    matched = _TAG.fullmatch(header)
    if matched is None:
        raise Invalid({"If-Match": ["Send the ETag of one answer, as it was."]})
    return int(matched[1])


def expected_of(library: Library, item: Item) -> int | None:
    """Return the version of an item the client wants to change, which its archive may require; raises like `expected_version`."""
    archive = library.archives.require(item.archive)
    return expected_version(required=archive.settings.versions_required)
