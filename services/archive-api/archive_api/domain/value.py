"""Values: what stands in an item's socket. Immutable, and equal ones are one and the same everywhere.

A value is an image, a file or JSON. JSON is kept as text in one spelling, so that what was sent comes back exactly
(1, 1.0 and true are three values) and whatever the document store thinks of numbers does not matter.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

LARGEST_JSON_BYTES = 256 * 1024
"""Of a value kept in the item's document; larger ones belong into sockets that keep files."""


@dataclass(frozen=True, kw_only=True)
class StoredFile:
    """A file of ours in the bucket `media`.

    Parameters
    ----------
    key
        Its key, which ends in the digest of its content: equal files are stored once.
    name
        What its uploader called it.
    """

    key: str
    name: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Value:
    """What stands in a socket: exactly one of an image (by identifier), a file, and JSON text."""

    socket: str
    image: str | None = None
    file: StoredFile | None = None
    json_text: str | None = None

    @classmethod
    def of_json(cls, socket: str, value: Any) -> "Value":
        return cls(socket=socket, json_text=canonical_json(value))

    @property
    def number(self) -> int:
        """Return the value's identifier on the wire: whole numbers below 2⁵², the same for equal values."""
        content = self.image or (self.file.sha256 if self.file else self.json_text)
        digest = hashlib.sha256(f"{self.socket}\x1f{content}".encode()).digest()
        return int.from_bytes(digest[:8]) >> 12

    @property
    def json(self) -> Any:
        """Return the JSON value; None for null, and for values that are no JSON."""
        return None if self.json_text is None else json.loads(self.json_text)

    @property
    def kind(self) -> str:
        """Return `image`, `file` or `json`."""
        if self.image is not None:
            return "image"
        return "json" if self.file is None else "file"


def images_of(values: Iterable[Value]) -> list[str]:
    """Return the images that values hold, each once, in order."""
    return sorted({value.image for value in values if value.image is not None})


def file_keys_of(values: Iterable[Value]) -> list[str]:
    """Return the keys of the files that values hold, each once, in order."""
    return sorted({value.file.key for value in values if value.file is not None})


def canonical_json(value: Any) -> str:
    """Write JSON in the one spelling that equal values share."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
