"""Uploads over HTTP: open, sign parts, list parts, complete, abort."""

from flask import Blueprint, Response

from archive_shared.access import Access
from archive_shared.http.app import json_response
from archive_shared.http.posting import Acted, posted
from archive_shared.http.requests import body, page, page_body, signed_in
from archive_shared.idempotency import AnswerBook
from ingest_worker.entrypoints.http import schemas
from ingest_worker.use_cases.upload import Uploads


def uploads_blueprint(uploads: Uploads, answers: AnswerBook, access: Access, *, public_url: str) -> Blueprint:
    """Routes for uploads; everybody sees only their own."""
    routes = Blueprint("uploads", __name__, url_prefix="/api/v1/uploads")

    @routes.get("/")
    def list_mine() -> Response:
        caller, wanted = signed_in(access), page()
        count, found = uploads.list_owned(caller, skip=wanted.offset, limit=wanted.limit)
        results = [schemas.show_upload(upload, public_url=public_url) for upload in found]
        return json_response(
            page_body(wanted, url=f"{public_url}/api/v1/uploads/", count=count, results=results)
        )

    @routes.post("/")
    def create() -> Response:
        caller, sent = signed_in(access), body(schemas.NewUpload())

        def act(identifier: str) -> Acted:
            upload = uploads.create(caller, identifier, **sent)
            return 201, schemas.show_upload(upload, public_url=public_url)

        return posted(answers, caller.id, act)

    @routes.get("/<pk>/")
    def show(pk: str) -> Response:
        return json_response(schemas.show_upload(uploads.owned(signed_in(access), pk), public_url=public_url))

    @routes.patch("/<pk>/<multipart_id>/generate-presigned-urls/")
    def sign(pk: str, multipart_id: str) -> Response:
        upload = uploads.owned(signed_in(access), pk, multipart_id)
        links = uploads.sign_parts(upload, body(schemas.PartNumbers())["part_numbers"])
        urls = {str(number): link for number, link in links.items()}
        return json_response(schemas.show_upload(upload, public_url=public_url) | {"presigned_urls": urls})

    @routes.get("/<pk>/<multipart_id>/list-parts/")
    def list_parts(pk: str, multipart_id: str) -> Response:
        upload = uploads.owned(signed_in(access), pk, multipart_id)
        parts = [schemas.show_part(part) for part in uploads.parts(upload)]
        return json_response(schemas.show_upload(upload, public_url=public_url) | {"parts": parts})

    @routes.patch("/<pk>/<multipart_id>/complete-multipart-upload/")
    def complete(pk: str, multipart_id: str) -> Response:
        upload = uploads.owned(signed_in(access), pk, multipart_id)
        sent = [(part["number"], part["etag"]) for part in body(schemas.SentParts())["parts"]]
        return json_response(schemas.show_upload(uploads.complete(upload, sent), public_url=public_url))

    @routes.patch("/<pk>/<multipart_id>/abort-multipart-upload/")
    def abort(pk: str, multipart_id: str) -> Response:
        upload = uploads.owned(signed_in(access), pk, multipart_id)
        return json_response(schemas.show_upload(uploads.abort(upload), public_url=public_url))

    return routes
