"""What clients send to the ingest worker and what they get back; shapes as the public client expects."""

from dataclasses import asdict
from typing import Any

from marshmallow import (
    EXCLUDE,
    Schema,
    ValidationError,
    fields,
    post_load,
    validate,
    validates_schema,
)

from archive_shared.blobs.port import Part
from archive_shared.clock import to_text
from ingest_worker.domain.grouping import GroupBy, Grouping, ManifestRow, Placement, pattern_errors
from ingest_worker.domain.session import UploadSession
from ingest_worker.domain.session_report import SessionImage, SessionReport
from ingest_worker.domain.upload import Upload

BUCKET = "uploads"
LONGEST_TITLE = 255
MOST_ROWS = 5000


class NewUpload(Schema):
    filename = fields.String(required=True)


class PartNumbers(Schema):
    part_numbers = fields.List(
        fields.Integer(strict=True, validate=validate.Range(1, 10_000)),
        required=True,
        validate=validate.Length(min=1),
    )


class SentPart(Schema):
    class Meta:
        unknown = EXCLUDE  # clients send back what list-parts gave them, sizes and dates included

    etag = fields.String(required=True, data_key="ETag")
    number = fields.Integer(
        strict=True, required=True, data_key="PartNumber", validate=validate.Range(1, 10_000)
    )


class SentParts(Schema):
    parts = fields.List(fields.Nested(SentPart), required=True, validate=validate.Length(max=10_000))


class ManifestRowFields(Schema):
    file = fields.String(required=True, validate=validate.Length(min=1, max=1024))
    item = fields.String(required=True, validate=validate.Length(min=1, max=LONGEST_TITLE))
    socket = fields.String(load_default="")

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> ManifestRow:
        return ManifestRow(**data)


class GroupingFields(Schema):
    """How images are put together into items; see `ingest_worker.domain.grouping`."""

    by = fields.Enum(GroupBy, by_value=True, required=True)
    pattern = fields.String(load_default="", validate=validate.Length(max=200))
    sockets = fields.Dict(
        keys=fields.String(), values=fields.String(), load_default=dict, validate=validate.Length(max=50)
    )
    rows = fields.List(
        fields.Nested(ManifestRowFields), load_default=list, validate=validate.Length(max=MOST_ROWS)
    )

    @validates_schema
    def complete(self, data: dict[str, Any], **_: Any) -> None:
        if data["by"] is GroupBy.MANIFEST and not data["rows"]:
            raise ValidationError("A manifest has rows.", "rows")
        if data["by"] is GroupBy.NAME and (errors := pattern_errors(data["pattern"])):
            raise ValidationError(errors, "pattern")
        files = [row.file for row in data["rows"]]
        if len(set(files)) != len(files):
            raise ValidationError("A file may be in one row.", "rows")

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> Grouping:
        return Grouping(**data)


class NewSession(Schema):
    uploads = fields.List(fields.String(), required=True)
    archive = fields.String(load_default=None, allow_none=True)
    archive_item = fields.String(load_default=None, allow_none=True)
    interface = fields.String(load_default=None, allow_none=True)
    grouping = fields.Nested(GroupingFields, load_default=None, allow_none=True)
    dry_run = fields.Boolean(load_default=False)


def identifier_in(reference: str) -> str:
    """Return the identifier at the end of an address, or the text itself when it is none."""
    return reference.rstrip("/").rsplit("/", 1)[-1]


def show_session(
    session: UploadSession, report: SessionReport | None = None, *, public_url: str
) -> dict[str, Any]:
    """Return a session with its report, or as much of that as it holds itself."""
    told = report or session.report
    return {
        "pk": session.id,
        "created": to_text(session.created_at),
        "creator": session.creator_number,
        "archive": session.archive,
        "status": session.status.value,
        "error_message": session.error_message,
        "image_set": [f"{public_url}/api/v1/cases/images/{image.id}/" for image in told.images],
        "api_url": f"{public_url}/api/v1/cases/upload-sessions/{session.id}/",
        "user_uploads": [file.upload for file in session.files],
        "uploads": [upload_url(file.upload, public_url=public_url) for file in session.files],
        "deidentify": session.deidentify,
        "progress": asdict(session.progress),
        "report": {
            "images": [_session_image(image) for image in told.images],
            "image_count": session.image_count or len(told.images),
            "rejected": [asdict(each) for each in told.rejected],
            "rejected_count": session.rejected_count or len(told.rejected),
        },
    }


def _session_image(image: SessionImage) -> dict[str, Any]:
    return {
        "pk": image.id,
        "name": image.name,
        "sources": image.sources,
        "source_count": image.source_count or len(image.sources),
        "removed": image.removed,
        "notes": image.notes,
        "item": image.item,
        "socket": image.socket,
    }


def show_placement(file: str, placement: Placement) -> dict[str, Any]:
    return {"file": file, "item": placement.item, "socket": placement.socket}


def show_upload(upload: Upload, *, public_url: str) -> dict[str, Any]:
    return {
        "pk": upload.id,
        "created": to_text(upload.created_at),
        "filename": upload.filename,
        "key": f"{BUCKET}/{upload.key}",
        "s3_upload_id": upload.multipart_id,
        "status": upload.status.value,
        "size_bytes": upload.size_bytes,
        "removed": to_text(upload.removed_at) if upload.removed_at else None,
        "api_url": upload_url(upload.id, public_url=public_url),
    }


def show_part(part: Part) -> dict[str, Any]:
    return {"ETag": part.etag, "PartNumber": part.number, "Size": part.size_bytes}


def upload_url(identifier: str, *, public_url: str) -> str:
    return f"{public_url}/api/v1/uploads/{identifier}/"
