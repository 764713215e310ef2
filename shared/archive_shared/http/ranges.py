"""Tells which requests are answered with a part of what stands at an address, and which not at all."""

import re

from flask import Response, request
from werkzeug.exceptions import RequestedRangeNotSatisfiable
from werkzeug.http import parse_date

_LAST_ZERO_BYTES = re.compile(r"\s*bytes\s*=\s*-0+\s*", re.IGNORECASE | re.ASCII)


def answer_as_asked(response: Response, length: int) -> None:
    """Make a response the part that was asked for, 304 for who has it, or 412 for who asks for another version.

    Parameters
    ----------
    response
        With the whole, and its entity tag.
    length
        Bytes of the whole.

    Raises
    ------
    RequestedRangeNotSatisfiable
        The part holds no byte of it.
    """
    environ = dict(request.environ)
    is_as_expected = _is_expected(response)
    if is_as_expected:
        environ.pop("HTTP_IF_MATCH", None)  # Werkzeug takes "*" for a tag that nothing has
    if is_as_expected and is_part_wanted(response):
        refuse_no_bytes(length)
    else:
        length = 0
    response.make_conditional(environ, accept_ranges=True, complete_length=length)


def refuse_no_bytes(length: int) -> None:
    """Raise `RequestedRangeNotSatisfiable` for the last 0 bytes (RFC 9110, section 14.1.2), which Werkzeug takes for a mistake."""
    if _is_no_byte():
        raise RequestedRangeNotSatisfiable(length)


def _is_no_byte() -> bool:
    return bool(_LAST_ZERO_BYTES.fullmatch(request.headers.get("Range", "")))


def _is_one_range() -> bool:
    wanted = request.range
    return wanted is not None and wanted.units == "bytes" and len(wanted.ranges) == 1


def _is_expected(response: Response) -> bool:
    """Whether If-Match, if there is one, names the response; "*" names all there are (section 13.1.1)."""
    if "If-Match" not in request.headers:
        return True
    tag, is_weak = response.get_etag()
    said = request.if_match
    return said.star_tag or (tag is not None and not is_weak and said.is_strong(tag))


def is_part_wanted(response: Response) -> bool:
    """Whether one part of this very version is asked for, in a way that we understand; all else is answered with the whole.

    That is several parts at once, units other than bytes, and what is malformed (RFC 9110, section 14.2). Who says that they
    have the whole already is told so (section 13.2.2).

    Parameters
    ----------
    response
        With the whole, and its entity tag.
    """
    if request.method != "GET" or not (_is_one_range() or _is_no_byte()):
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
