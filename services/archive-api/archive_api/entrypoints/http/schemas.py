"""What clients send to archive-api."""

from collections.abc import Mapping
from typing import Any

from flask import request
from marshmallow import Schema, ValidationError, fields, post_load, validate, validates_schema

from archive_api.domain.item import LARGEST_TITLE
from archive_api.domain.publications import doi, publication
from archive_api.domain.task import MOST_ROWS
from archive_api.entrypoints.http.fields import Chosen, Distinct, Flag, Hyperlink, Line, Picture, Text
from archive_api.use_cases.bulk import Row
from archive_api.use_cases.check_values import SentValue
from archive_shared.http.requests import body, read

LARGEST_DESCRIPTION = 20_000
LARGEST_PAGE = 200_000
LARGEST_VALUES = 100
_FORM = "multipart/form-data"


class PublicationField(Line):
    """A publication by DOI, arXiv or PubMed number."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> str:
        found = publication(super()._deserialize(value, attr, data, **kwargs))
        if found is None:
            raise ValidationError(
                "Must be a DOI, an arXiv number, or a PubMed number with `pmid:` before it."
            )
        return found


class DoiField(Line):
    """A DOI; "" for none."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        found = doi(text)
        if text and found is None:
            raise ValidationError("Must be a DOI.")
        return found or ""


def _names(longest: int) -> fields.List[str]:
    """Names in order, each once."""
    return Distinct(
        Line(validate=validate.Length(min=1, max=longest)),
        load_default=list,
        validate=validate.Length(max=LARGEST_VALUES),
    )


class ArchiveFields(Schema):
    """Everything of an archive that people write."""

    title = Line(required=True, validate=validate.Length(min=1, max=LARGEST_TITLE))
    description = Text(load_default="", validate=validate.Length(max=LARGEST_DESCRIPTION))
    public = Flag(load_default=False)
    logo = Picture(load_default=b"")
    deidentify = Flag(load_default=False)
    keep_labels = Flag(load_default=False)
    social_image = Picture(load_default=b"")
    page_markdown = Text(load_default="", validate=validate.Length(max=LARGEST_PAGE))
    modalities = _names(16)
    structures = _names(16)
    organizations = _names(LARGEST_TITLE)
    publications = Distinct(
        PublicationField(), load_default=list, validate=validate.Length(max=LARGEST_VALUES)
    )
    allowed_sockets = _names(LARGEST_TITLE)
    versions_required = Flag(load_default=False)
    workstation = Chosen("workstations", load_default=None)  # then the installation chooses
    workstation_config = Chosen("workstations/configs", load_default="")
    hanging_protocol = Chosen("hanging-protocols", load_default="")
    optional_hanging_protocols = Distinct(
        Hyperlink("hanging-protocols"), load_default=list, validate=validate.Length(max=LARGEST_VALUES)
    )
    view_content = fields.Dict(load_default=dict)


class Confirmation(Schema):
    """The second step of a deletion."""

    confirmation = fields.String(required=True)


class SentValueFields(Schema):
    """A value for a socket, as spec/gcapi.md 2.4: the public client sends all keys, and null for what it is not."""

    interface = fields.String(required=True)
    value = fields.Raw(load_default=None, allow_none=True)
    image = Hyperlink("cases/images", load_default=None, allow_none=True)
    upload_session = Hyperlink("cases/upload-sessions", load_default=None, allow_none=True)
    user_upload = Hyperlink("uploads", load_default=None, allow_none=True)
    user_uploads = fields.List(Hyperlink("uploads"), load_default=None, allow_none=True)
    # Sent by the public client and never filled by it, or of use for DICOM image sets alone.
    file = fields.Raw(load_default=None, allow_none=True)
    image_name = fields.Raw(load_default=None, allow_none=True)

    @validates_schema
    def no_file(self, data: dict[str, Any], **_: Any) -> None:
        if data.get("file") is not None:
            raise ValidationError("Upload the file and send `user_upload`.", "file")

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> SentValue:
        kept = {
            name: value for name, value in data.items() if name not in ("interface", "file", "image_name")
        }
        return SentValue(socket=data["interface"], **kept)


def _values(**options: Any) -> fields.List[SentValue]:
    return fields.List(
        fields.Nested(SentValueFields), validate=validate.Length(max=LARGEST_VALUES), **options
    )


def title_field(**options: Any) -> Line:
    """Return the field for the title of an item."""
    return Line(validate=validate.Length(max=LARGEST_TITLE), **options)


def version_field() -> fields.Integer:
    """Return the field for the version of an item that was seen; null for whatever it is by now."""
    return fields.Integer(
        load_default=None, allow_none=True, strict=True, validate=validate.Range(min=1, max=10**18)
    )


class NewItem(Schema):
    """An item to be created."""

    archive = Hyperlink("archives", required=True)
    title = title_field(load_default="")
    values = _values(load_default=list)


class ItemPatch(Schema):
    """Changes of an item; values not named stay."""

    archive = Hyperlink("archives", load_default=None)
    title = title_field(load_default=None)
    values = _values(load_default=list)
    removed = fields.List(fields.String(), load_default=list, validate=validate.Length(max=LARGEST_VALUES))


class ItemReplacement(ItemPatch):
    """An item as it shall be; values not named go, an absent title stays."""

    values = _values(required=True)


class RowFields(Schema):
    """One of many things to do with items."""

    operation = fields.String(required=True)
    item = Hyperlink("archives/items", load_default=None, allow_none=True)
    title = title_field(load_default=None, allow_none=True)
    values = _values(load_default=list)
    removed = fields.List(fields.String(), load_default=list, validate=validate.Length(max=LARGEST_VALUES))
    version = version_field()

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> Row:
        return Row(**data)


class Bulk(Schema):
    """Many things to do with the items of an archive."""

    archive = Hyperlink("archives", required=True)
    rows = fields.List(
        fields.Nested(RowFields), required=True, validate=validate.Length(min=1, max=MOST_ROWS)
    )


class SentTable(Schema):
    """A table of items to be created and edited."""

    format = fields.String(load_default="csv", validate=validate.OneOf(("csv", "json", "jsonl")))
    content = fields.String(required=True)
    dry_run = Flag(load_default=False)


class Destination(Schema):
    """Where an item, or a copy of it, is to go."""

    archive = Hyperlink("archives", required=True)


class SegmentFields(Schema):
    """A class of voxels of a segmentation."""

    name = Line(required=True, validate=validate.Length(min=1, max=LARGEST_TITLE))
    visible = Flag(load_default=True)
    voxel_value = fields.Integer(required=True, strict=True, validate=validate.Range(0, 65_535))


class NewSocketFields(Schema):
    """A socket to be created."""

    title = Line(required=True, validate=validate.Length(min=1, max=LARGEST_TITLE))
    kind = fields.String(required=True)
    description = Text(load_default="", validate=validate.Length(max=LARGEST_DESCRIPTION))
    schema = fields.Dict(load_default=dict)
    default_value = fields.Raw(load_default=None, allow_none=True)
    relative_path = fields.String(load_default="")
    store_in_database = Flag(load_default=None, allow_none=True)
    overlay_segments = fields.List(fields.Nested(SegmentFields), load_default=list)
    look_up_table = fields.Integer(strict=True, load_default=None, allow_none=True)
    example_value = fields.Raw(load_default=None, allow_none=True)
    example_note = Text(load_default="", validate=validate.Length(max=LARGEST_DESCRIPTION))


class ExtendedSegments(Schema):
    """The segments of a socket, those it has and further ones."""

    overlay_segments = fields.List(fields.Nested(SegmentFields), required=True)


def sent_archive(*, partial: bool = False) -> dict[str, Any]:
    """Return what a request says of an archive, as JSON or as a form with a file."""
    schema = ArchiveFields(partial=partial)
    return _form(schema) if request.mimetype == _FORM else body(schema)


def _form(schema: Schema) -> dict[str, Any]:
    """Read a form as if it were JSON: there are no booleans in forms, and no files in JSON."""
    lists = {name for name, each in schema.fields.items() if isinstance(each, fields.List)}
    flags = {name for name, each in schema.fields.items() if isinstance(each, Flag)}
    sent: dict[str, Any] = {
        name: request.form.getlist(name) if name in lists else value for name, value in request.form.items()
    }
    sent |= {name: {"true": True, "false": False}.get(sent[name], sent[name]) for name in flags & sent.keys()}
    sent |= {name: file.read() for name, file in request.files.items()}
    return read(schema, sent)
