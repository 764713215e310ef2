"""Cursors: where a reader is in the feed, as text they keep but need not understand."""

import base64
import binascii
import re

from archive_shared.errors import Invalid

_INSIDE = re.compile(rb"1:([0-9]{1,16})")


def encode(position: int) -> str:
    """Write the position of the last event that was read, 0 for none; it stays good for as long as events are kept."""
    return base64.urlsafe_b64encode(f"1:{position}".encode()).rstrip(b"=").decode()


def decode(text: str) -> int:
    """Read a cursor; raise `Invalid` when it is none of ours."""
    try:
        inside = base64.b64decode(text.encode() + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise _no_cursor() from error
    found = _INSIDE.fullmatch(inside)
    if found is None:
        raise _no_cursor()
    return int(found[1])


def _no_cursor() -> Invalid:
    return Invalid({"after": ["Must be a cursor from an earlier answer, or `latest`."]})
