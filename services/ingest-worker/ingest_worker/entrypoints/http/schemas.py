"""What clients send to the ingest worker and what they get back; shapes as the public client expects."""

from typing import Any

from archive_shared.blobs.port import Part
from archive_shared.clock import to_text
from marshmallow import EXCLUDE, Schema, fields, validate

from ingest_worker.domain.upload import Upload

BUCKET = "uploads"


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
    number = fields.Integer(strict=True, required=True, data_key="PartNumber", validate=validate.Range(1, 10_000))


class SentParts(Schema):
    parts = fields.List(fields.Nested(SentPart), required=True, validate=validate.Length(max=10_000))


def show_upload(upload: Upload, *, public_url: str) -> dict[str, Any]:
    return {
        "pk": upload.id,
        "created": to_text(upload.created_at),
        "filename": upload.filename,
        "key": f"{BUCKET}/{upload.key}",
        "s3_upload_id": upload.multipart_id,
        "status": upload.status.value,
        "size_bytes": upload.size_bytes,
        "api_url": upload_url(upload.id, public_url=public_url),
    }


def show_part(part: Part) -> dict[str, Any]:
    return {"ETag": part.etag, "PartNumber": part.number, "Size": part.size_bytes}


def upload_url(identifier: str, *, public_url: str) -> str:
    return f"{public_url}/api/v1/uploads/{identifier}/"
