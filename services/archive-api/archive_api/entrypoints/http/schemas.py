"""What clients send to archive-api."""

from typing import Any

from flask import request
from marshmallow import Schema, ValidationError, fields, post_load, validate, validates_schema

from archive_api.domain.item import LARGEST_TITLE, ImageValue
from archive_api.entrypoints.http.fields import Flag, Hyperlink, Line, Picture, Text
from archive_shared.errors import Invalid
from archive_shared.http.requests import body

LARGEST_DESCRIPTION = 20_000
LARGEST_VALUES = 100
# What the public client always sends beside `image`; values made of uploads go through upload sessions.
_OTHER_SOURCES = ("value", "file", "upload_session", "user_upload", "user_uploads", "image_name")
_FORM = "multipart/form-data"


class ArchiveFields(Schema):
    """Everything of an archive that people write."""

    title = Line(required=True, validate=validate.Length(min=1, max=LARGEST_TITLE))
    description = Text(load_default="", validate=validate.Length(max=LARGEST_DESCRIPTION))
    public = Flag(load_default=False)
    logo = Picture(load_default=b"")
    deidentify = Flag(load_default=False)


class SentValue(Schema):
    """A value for a socket, as spec/gcapi.md 2.4; images that are there already only."""

    interface = fields.String(required=True)
    image = Hyperlink("cases/images", load_default=None, allow_none=True)
    value = fields.Raw(load_default=None, allow_none=True)
    file = fields.Raw(load_default=None, allow_none=True)
    upload_session = fields.Raw(load_default=None, allow_none=True)
    user_upload = fields.Raw(load_default=None, allow_none=True)
    user_uploads = fields.Raw(load_default=None, allow_none=True)
    image_name = fields.Raw(load_default=None, allow_none=True)

    @validates_schema
    def one_image(self, data: dict[str, Any], **_: Any) -> None:
        for name in _OTHER_SOURCES:
            if data.get(name) is not None:
                reason = "This socket takes an image; upload new ones with an upload session for this item."
                raise ValidationError(reason, name)
        if data.get("image") is None:
            raise ValidationError("You must provide an image.", "image")

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> ImageValue:
        return ImageValue(socket=data["interface"], image=data["image"])


def _values(**options: Any) -> fields.List[ImageValue]:
    return fields.List(fields.Nested(SentValue), validate=validate.Length(max=LARGEST_VALUES), **options)


def _title(**options: Any) -> Line:
    return Line(validate=validate.Length(max=LARGEST_TITLE), **options)


class NewItem(Schema):
    """An item to be created."""

    archive = Hyperlink("archives", required=True)
    title = _title(load_default="")
    values = _values(load_default=list)


class ItemPatch(Schema):
    """Changes of an item; values not named stay."""

    archive = Hyperlink("archives", load_default=None)
    title = _title(load_default=None)
    values = _values(load_default=list)


class ItemReplacement(ItemPatch):
    """An item as it shall be; values not named go, an absent title stays."""

    values = _values(required=True)


def sent_archive(*, partial: bool = False) -> dict[str, Any]:
    """Return what a request says of an archive, as JSON or as a form with a file."""
    schema = ArchiveFields(partial=partial)
    return _form(schema) if request.mimetype == _FORM else body(schema)


def _form(schema: Schema) -> dict[str, Any]:
    """Read a form as if it were JSON: there are no booleans in forms, and no files in JSON."""
    sent: dict[str, Any] = dict(request.form.items())
    sent |= {name: file.read() for name, file in request.files.items()}
    for flag in {"public", "deidentify"} & sent.keys():
        sent[flag] = {"true": True, "false": False}.get(sent[flag], sent[flag])
    try:
        loaded: dict[str, Any] = schema.load(sent)
    except ValidationError as error:
        raise Invalid(error.messages_dict) from error
    return loaded
