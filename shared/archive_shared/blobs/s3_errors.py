"""What the error codes of S3 mean in our words; used by the two halves of the S3 adapter.

Codes: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html, and MinIO's own that begin with X.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from xml.etree.ElementTree import ParseError

from urllib3.exceptions import HTTPError

from archive_shared.errors import ArchiveSystemError, Invalid, NotFound, Unavailable

MISSING = {
    "NoSuchKey",
    "NoSuchUpload",
    "XMinioInvalidResourceName",  # an identifier no upload can have: keys are checked before
}
INVALID = {
    "EntityTooSmall": ("parts", "A part other than the last is too small."),
    "InvalidPart": ("parts", "A part was not stored with this etag."),
    "InvalidPartOrder": ("parts", "Numbers must rise from part to part."),
    "KeyTooLongError": ("key", "Is longer than the store can hold."),
    "XMinioInvalidObjectName": ("key", "Is not a name the store can hold."),
}


def error_of(code: str | None, what: str) -> ArchiveSystemError:
    """Return the error to raise for an error code of S3.

    Wrong credentials and missing buckets are faults of the installation, so they are `Unavailable` too.
    """
    if code in MISSING:
        return NotFound(f"{what}: {code}")
    if code in INVALID:
        field, reason = INVALID[code]
        return Invalid({field: [reason]})
    return Unavailable(f"the object store refuses {what}: {code}")


@contextmanager
def network_errors(what: str) -> Iterator[None]:
    """Translate what urllib3 raises while asking or reading, and answers that are not the XML they should be."""
    try:
        yield
    except HTTPError as error:
        raise Unavailable(f"the object store does not answer: {what}, {type(error).__name__}") from error
    except ParseError as error:
        raise Unavailable(f"the object store does not speak S3: {what}") from error
