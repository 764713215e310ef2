"""The ingest service over HTTP on stores of its own, with people to act."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from archive_shared.blobs.folder import FolderBlobStore
from archive_shared.blobs.links import LinkSigner
from archive_shared.clock import SystemClock
from archive_shared.documents.sqlite import SqliteDocuments
from ingest_worker.bootstrap import COLLECTIONS, Ingest, over
from ingest_worker.entrypoints.http.app import app_for
from tests.support.access import RoleBook
from tests.support.targets import ArchiveBook

ARCHIVE = "6f4f3a8e-1a2b-4c3d-8e4f-5a6b7c8d9e0f"
ITEM = "0d9f3a8e-1a2b-4c3d-8e4f-5a6b7c8d9e0f"
PUBLIC_URL = "https://archive.test"


@dataclass
class Desk:
    """The service under test, as its clients reach it."""

    service: Ingest
    http: FlaskClient
    access: RoleBook
    archives: ArchiveBook

    def call(self, method: str, path: str, token: str | None = None, **content: Any) -> TestResponse:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return self.http.open(f"/api/v1/{path}", method=method, headers=headers, **content)

    def person(self, name: str, role: str | None = None) -> str:
        """Add somebody, with a role on the archive if one is given, and return their token."""
        token = self.access.add_person(name)
        if role:
            self.access.give(token, role, ARCHIVE)
        return token

    def opened(self, token: str, filename: str = "a.mha") -> dict[str, Any]:
        answer = self.call("POST", "uploads/", token, json={"filename": filename})
        assert answer.status_code == 201, answer.text
        opened: dict[str, Any] = answer.get_json()
        return opened

    def send(self, upload: dict[str, Any], data: bytes, number: int = 1) -> dict[str, Any]:
        """Put a part where the signed link would, and return it as `complete` wants it."""
        key = upload["key"].removeprefix("uploads/")
        etag = self.service.blobs.put_part(key, upload["s3_upload_id"], number, data)
        return {"ETag": etag, "PartNumber": number}

    def complete(self, token: str, upload: dict[str, Any], parts: list[dict[str, Any]]) -> TestResponse:
        path = f"uploads/{upload['pk']}/{upload['s3_upload_id']}/complete-multipart-upload/"
        return self.call("PATCH", path, token, json={"parts": parts})

    def uploaded(self, token: str, filename: str = "a.mha", data: bytes = b"pixels") -> str:
        """Upload a file completely and return its address."""
        upload = self.opened(token, filename)
        assert self.complete(token, upload, [self.send(upload, data)]).status_code == 200
        return str(upload["api_url"])


@pytest.fixture
def desk(quick_folder: Path) -> Desk:
    access = RoleBook()
    archives = ArchiveBook(access, slugs={"chest-ct": ARCHIVE}, items={ITEM: ARCHIVE})
    blobs = FolderBlobStore(
        quick_folder / "blobs", bucket="uploads", signer=LinkSigner(b"s" * 32), public_url=PUBLIC_URL
    )
    service = over(
        SqliteDocuments(quick_folder / "ingest.db", COLLECTIONS),
        blobs,
        access=access,
        archives=archives,
        clock=SystemClock(),
    )
    return Desk(service, app_for(service, public_url=PUBLIC_URL).test_client(), access, archives)
