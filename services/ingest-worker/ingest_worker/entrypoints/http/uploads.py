"""Uploads over HTTP: open, sign parts, list parts, complete, abort."""

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response

from archive_shared.access import Access
from archive_shared.http.app import json_response
from archive_shared.http.posting import Acted, posted
from archive_shared.http.requests import body, page, page_body, signed_in
from archive_shared.idempotency import AnswerBook
from ingest_worker.domain.upload import Upload
from ingest_worker.entrypoints.http import schemas
from ingest_worker.use_cases.upload import Uploads


def uploads_blueprint(uploads: Uploads, answers: AnswerBook, access: Access, *, public_url: str) -> Blueprint:
    """Routes for uploads; everybody sees only their own, as far as their token goes."""
    routes = Blueprint("uploads", __name__, url_prefix="/api/v1/uploads")
    asked = _Uploads(uploads, answers, access, public_url)
    routes.get("/")(asked.list_mine)
    routes.post("/")(asked.create)
    routes.get("/<pk>/")(asked.show)
    routes.patch("/<pk>/<multipart_id>/generate-presigned-urls/")(asked.sign)
    routes.get("/<pk>/<multipart_id>/list-parts/")(asked.list_parts)
    routes.patch("/<pk>/<multipart_id>/complete-multipart-upload/")(asked.complete)
    routes.patch("/<pk>/<multipart_id>/abort-multipart-upload/")(asked.abort)
    return routes


@dataclass(frozen=True)
class _Uploads:
    """What requests about uploads are answered."""

    uploads: Uploads
    answers: AnswerBook
    access: Access
    public_url: str

    def list_mine(self) -> Response:
        """List the caller's uploads."""
        caller, wanted = signed_in(self.access), page()
        count, found = self.uploads.list_owned(caller, skip=wanted.offset, limit=wanted.limit)
        results, url = [self._shown(upload) for upload in found], f"{self.public_url}/api/v1/uploads/"
        return json_response(page_body(wanted, url=url, count=count, results=results))

    def create(self) -> Response:
        """Open an upload; its parts are sent straight to the blob store."""
        caller, sent = signed_in(self.access), body(schemas.NewUpload())

        def act(identifier: str) -> Acted:
            return 201, self._shown(self.uploads.create(caller, identifier, **sent))

        return posted(self.answers, caller.account, act)

    def show(self, pk: str) -> Response:
        """Show an upload."""
        return json_response(self._shown(self._owned(pk)))

    def sign(self, pk: str, multipart_id: str) -> Response:
        """Sign links that take the parts with these numbers."""
        upload = self._owned(pk, multipart_id)
        links = self.uploads.sign_parts(upload, body(schemas.PartNumbers())["part_numbers"])
        urls = {str(number): link for number, link in links.items()}
        return json_response(self._shown(upload) | {"presigned_urls": urls})

    def list_parts(self, pk: str, multipart_id: str) -> Response:
        """List the parts that have arrived."""
        upload = self._owned(pk, multipart_id)
        parts = [schemas.show_part(part) for part in self.uploads.parts(upload)]
        return json_response(self._shown(upload) | {"parts": parts})

    def complete(self, pk: str, multipart_id: str) -> Response:
        """Put the parts together; the upload can then be imported."""
        upload = self._owned(pk, multipart_id)
        sent = [(part["number"], part["etag"]) for part in body(schemas.SentParts())["parts"]]
        return json_response(self._shown(self.uploads.complete(upload, sent)))

    def abort(self, pk: str, multipart_id: str) -> Response:
        """Give an upload up, and remove what was sent of it."""
        return json_response(self._shown(self.uploads.abort(self._owned(pk, multipart_id))))

    def _owned(self, pk: str, multipart_id: str | None = None) -> Upload:
        return self.uploads.owned(signed_in(self.access), pk, multipart_id)

    def _shown(self, upload: Upload) -> dict[str, Any]:
        return schemas.show_upload(upload, public_url=self.public_url)
