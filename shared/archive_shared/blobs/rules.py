"""What keys, ranges, parts and lifetimes may be; every adapter asks here first, so all refuse alike."""

import re
from collections.abc import Sequence
from itertools import pairwise

from archive_shared.errors import Invalid, NotFound

BUCKET_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
UPLOAD_ID = re.compile(r"[!-~]{1,1024}")
MAX_KEY_BYTES = 1024  # the limit of S3
MAX_SEGMENT_BYTES = 250  # file systems and MinIO hold names of 255 bytes; the folder adds a suffix of 5
MAX_PART_NUMBER = 10_000
MIN_PART_BYTES = 5 << 20
MAX_PART_BYTES = 5 << 30
MAX_LIFETIME_S = 7 * 24 * 3600


def check_bucket(bucket: str) -> str:
    """Return the name if S3 would take it for a bucket; otherwise the calling program is wrong."""
    if not BUCKET_NAME.fullmatch(bucket) or ".." in bucket:
        raise ValueError(f"not the name of a bucket: {bucket!r}")
    return bucket


def check_key(key: str) -> str:
    """Return the key if it can be one: non-empty segments between slashes, each a plain name.

    Raises
    ------
    Invalid
        Field `key`: longer than 1024 bytes of UTF-8 (250 per segment), an empty, `.` or `..` segment, or
        control characters, which the XML of S3 cannot carry.
    """
    reason = _why_not_text(key) or _why_not_segments(key.split("/"))
    if reason:
        raise Invalid({"key": [reason]})
    return key


def check_prefix(prefix: str) -> str:
    """Return the prefix if a key could begin with it; `Invalid` (field `prefix`) if not."""
    *folders, last = prefix.split("/")
    reason = _why_not_text(prefix) or _why_not_segments([*folders, last] if last else folders)
    if reason:
        raise Invalid({"prefix": [reason]})
    return prefix


def check_after(after: str | None) -> str:
    """Return the key to list behind, the empty text for none; `Invalid` (field `after`) if it is no key."""
    reason = (_why_not_text(after) or _why_not_segments(after.split("/"))) if after else None
    if reason:
        raise Invalid({"after": [reason]})
    return after or ""


def check_range(start: int, end: int | None) -> None:
    """Refuse a range that counts from behind or runs backwards, which is an error of the calling program."""
    if start < 0 or (end is not None and end < start):
        raise ValueError(f"not a range of bytes: {start} to {end}")


def check_lifetime(lifetime_s: int) -> int:
    """Return the lifetime if S3 would sign for it; otherwise the calling program is wrong."""
    if not 1 <= lifetime_s <= MAX_LIFETIME_S:
        raise ValueError(f"a link lives 1 to {MAX_LIFETIME_S} seconds, not {lifetime_s}")
    return lifetime_s


def check_upload_id(upload_id: str) -> str:
    """Return the identifier if it can be one; otherwise `NotFound`, as for any that nobody was given.

    MinIO takes parts for some identifiers with a line break in them, though no such upload was begun.
    """
    if not UPLOAD_ID.fullmatch(upload_id):
        raise NotFound("no upload has an identifier like this")
    return upload_id


def check_part_number(number: int) -> int:
    """Return the number if a part may have it; `Invalid` (field `part_number`) if not."""
    if not 1 <= number <= MAX_PART_NUMBER:
        raise Invalid({"part_number": [f"Must be between 1 and {MAX_PART_NUMBER}."]})
    return number


def check_parts(parts: Sequence[tuple[int, str]]) -> list[tuple[int, str]]:
    """Return the list of parts with bare etags if its numbers can be; `Invalid` (field `parts`) if not."""
    numbers = [number for number, _ in parts]
    if not numbers:
        raise Invalid({"parts": ["At least one part is needed."]})
    if not all(1 <= number <= MAX_PART_NUMBER for number in numbers):
        raise Invalid({"parts": [f"Numbers must be between 1 and {MAX_PART_NUMBER}."]})
    if not all(earlier < later for earlier, later in pairwise(numbers)):
        raise Invalid({"parts": ["Numbers must rise from part to part."]})
    return [(number, bare_etag(etag)) for number, etag in parts]


def bare_etag(etag: str) -> str:
    return etag.removeprefix('"').removesuffix('"')


def quoted_etag(etag: str) -> str:
    return f'"{bare_etag(etag)}"'


def _why_not_text(text: str) -> str | None:
    try:
        encoded = text.encode()
    except UnicodeEncodeError:
        return "Must be text that UTF-8 can carry."
    if len(encoded) > MAX_KEY_BYTES:
        return f"Must not be longer than {MAX_KEY_BYTES} bytes."
    if any(character < " " or character == "\x7f" for character in text):
        return "Must not contain control characters."
    return None


def _why_not_segments(segments: Sequence[str]) -> str | None:
    for segment in segments:
        if segment in {"", ".", ".."}:
            return "Must not have an empty name, '.' or '..' between slashes."
        if len(segment.encode()) > MAX_SEGMENT_BYTES:
            return f"Must not have more than {MAX_SEGMENT_BYTES} bytes between slashes."
    return None
