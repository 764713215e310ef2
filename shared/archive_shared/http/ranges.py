"""Tells which requests are answered with a part of what stands at an address."""

from flask import Response, request
from werkzeug.http import parse_date


def is_part_wanted(response: Response) -> bool:
    """Whether one part of this very version is asked for, in a way that we understand; all else is answered with the whole.

    That is several parts at once, units other than bytes, and what is malformed (RFC 9110, section 14.2). Who says that they
    have the whole already is told so (section 13.2.2).

    Parameters
    ----------
    response
        With the whole, and its entity tag.
    """
    wanted = request.range
    if request.method != "GET" or wanted is None or wanted.units != "bytes" or len(wanted.ranges) != 1:
        return False
    tag, _ = response.get_etag()
    return _is_this_version(response, tag) and not (tag and request.if_none_match.contains_weak(tag))


def _is_this_version(response: Response, tag: str | None) -> bool:
    """Whether If-Range, if there is one, names the response by its strong tag, or its exact date (section 13.1.5)."""
    said = request.headers.get("If-Range")
    if said is None or said == f'"{tag}"':
        return True
    date = parse_date(said)
    return date is not None and date == response.last_modified
