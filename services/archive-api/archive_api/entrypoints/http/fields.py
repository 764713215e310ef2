"""Kinds of fields clients send; what cannot be stored or shown is refused here."""

import base64
import binascii
import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, fields

from archive_api.entrypoints.http.links import identifier_in

_DATA_URL = re.compile(r"data:[a-z0-9/+.-]*;base64,", re.IGNORECASE)


class Text(fields.String):
    """Text of several lines, in composed characters; no control characters apart from line ends and tabs."""

    allowed_controls = "\n\r\t"

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> str:
        text = str(super()._deserialize(value, attr, data, **kwargs))
        for character in text:
            # Cc: control characters; Cs: halves of surrogate pairs, which no encoding can store.
            if unicodedata.category(character) in ("Cc", "Cs") and character not in self.allowed_controls:
                raise ValidationError("Control characters are not allowed.")
        return unicodedata.normalize("NFC", text).strip()


class Line(Text):
    """Text on one line."""

    allowed_controls = ""


class Flag(fields.Field[bool]):
    """True or false, and nothing that merely resembles them."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> bool:
        if not isinstance(value, bool):
            raise ValidationError("Must be true or false.")
        return value


class Distinct(fields.List[str]):
    """A list of texts; repeated ones are dropped."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> Any:
        return list(dict.fromkeys(super()._deserialize(value, attr, data, **kwargs)))


class Picture(fields.Field[bytes]):
    """The bytes of a picture: a file of a form, or base64 text, with or without the head of a data URL."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> bytes:
        if isinstance(value, bytes):
            return value
        if not isinstance(value, str):
            raise ValidationError("Must be a picture as base64 text.")
        try:
            return base64.b64decode(_DATA_URL.sub("", value, count=1), validate=True)
        except (binascii.Error, ValueError) as error:  # ValueError: characters outside ASCII
            raise ValidationError("Must be a picture as base64 text.") from error


class Chosen(fields.Field[str]):
    """The API address of something to choose, which becomes its identifier; null or "" for none, which becomes ""."""

    def __init__(self, collection: str, **kwargs: Any) -> None:
        super().__init__(allow_none=True, **kwargs)
        self._hyperlink = Hyperlink(collection)

    def deserialize(self, value: Any, *arguments: Any, **kwargs: Any) -> Any:
        return "" if value is None else super().deserialize(value, *arguments, **kwargs)

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> str:
        return "" if value == "" else str(self._hyperlink.deserialize(value, attr, data, **kwargs))


class Hyperlink(fields.String):
    """The API address of something; becomes its identifier."""

    def __init__(self, collection: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._collection = collection

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> str:
        url = str(super()._deserialize(value, attr, data, **kwargs))
        identifier = identifier_in(url, self._collection)
        if identifier is None:
            raise ValidationError("Invalid hyperlink - No URL match.")
        return identifier
