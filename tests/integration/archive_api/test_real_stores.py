"""The main story once more, on the MongoDB-wire server and a real S3 server."""

import base64
from collections.abc import Iterator
from dataclasses import replace

import pytest
from urllib3 import PoolManager

from archive_api.bootstrap import COLLECTIONS
from archive_api.use_cases.keep_file import value_key
from archive_shared.blobs import BlobSettings, connect_blobs
from archive_shared.documents.mongo import MongoDocuments
from archive_shared.events import PreviewReady
from archive_shared.identifiers import new_id
from tests.support.archive_service import SITE, ArchiveService, archive_service_on
from tests.support.imports import an_import
from tests.support.pictures import a_picture
from tests.support.servers import MinioServer, MongoServer
from tests.support.sweeping import sweep_for_a_month

ITEMS = "/api/v1/archives/items/"
IMAGES = "/api/v1/cases/images/"


@pytest.fixture
def service(mongo_server: MongoServer, minio_server: MinioServer) -> Iterator[ArchiveService]:
    blobs = BlobSettings(
        url=f"s3://{minio_server.endpoint}?secure=0",
        access_key=minio_server.access_key,
        secret_key=minio_server.secret_key,
    )
    for bucket in ("images", "media"):
        connect_blobs(blobs, bucket).ensure_bucket()
    documents = MongoDocuments(mongo_server.url, mongo_server.database_name(), COLLECTIONS)
    yield archive_service_on(documents, blobs)
    documents.close()


def test_from_an_archive_with_a_logo_to_a_downloaded_image(service: ArchiveService, editor: str) -> None:
    logo = base64.b64encode(a_picture()).decode()
    card = service.call("POST", "/api/v1/archives/", editor, json={"title": "Chest CT", "logo": logo}).json
    assert service.call("GET", card["logo"], editor).data.startswith(b"\x89PNG")
    event = an_import("ct.mha", archive=card["pk"])
    service.library.image_blobs.put(event.files[0].key, b"pixels")

    for each in (PreviewReady(image=event.image), event, event):
        service.hear(each)
    service.settle()

    page = service.call("GET", f"{ITEMS}?archive={card['pk']}&limit=100", editor).json
    [item] = page["results"]
    assert (page["count"], item["title"], item["state"]) == (1, "ct.mha", "ready")
    [image] = service.call("GET", f"{IMAGES}?archive={card['pk']}", editor).json["results"]
    assert item["values"][0]["image"] == image["api_url"]
    location = service.call("GET", image["files"][0]["file"], editor).headers["Location"]
    with PoolManager(retries=False) as outside:
        downloaded = outside.request("GET", location)
    assert (downloaded.status, downloaded.data) == (200, b"pixels")
    assert downloaded.headers["Content-Type"] == "application/octet-stream"
    assert "ct.mha" in downloaded.headers["Content-Disposition"]


def test_slugs_and_titles_are_kept_unique_by_the_store(service: ArchiveService, editor: str) -> None:
    cards = [
        service.call("POST", "/api/v1/archives/", editor, json={"title": "Chest CT"}).json for _ in range(3)
    ]
    assert [card["slug"] for card in cards] == ["chest-ct", "chest-ct-2", "chest-ct-3"]

    archive = cards[0]["pk"]
    for _ in range(3):
        service.hear(an_import("scan.mha", archive=archive, image=new_id()))
        body = {"archive": f"{SITE}/api/v1/archives/{archive}/", "title": "scan.mha"}
        assert service.call("POST", ITEMS, editor, json=body).status_code == 400
        body["title"] = ""
        assert service.call("POST", ITEMS, editor, json=body).status_code == 201

    items = service.call("GET", f"{ITEMS}?archive={archive}", editor).json["results"]
    assert [item["title"] for item in items] == ["scan.mha", "", "scan.mha (2)", "", "scan.mha (3)", ""]


def test_a_deleted_item_frees_its_title_and_leaves_every_list(service: ArchiveService, editor: str) -> None:
    archive = service.archive(editor=editor)
    event = an_import("ct.mha", archive=archive, creator="user-editor")
    service.hear(replace(event, name="ct.mha"))
    service.settle()
    [item] = service.call("GET", ITEMS, editor).json["results"]

    assert service.call("DELETE", item["api_url"], editor).status_code == 204
    service.settle()

    assert service.call("GET", ITEMS, editor).json["count"] == 0
    assert service.call("GET", f"{IMAGES}?archive={archive}", editor).json["count"] == 0
    assert service.call("GET", IMAGES, editor).json["count"] == 1  # the uploader's own again
    body = {"archive": f"{SITE}/api/v1/archives/{archive}/", "title": "ct.mha"}
    assert service.call("POST", ITEMS, editor, json=body).status_code == 201


def test_what_nothing_refers_to_is_swept(service: ArchiveService, editor: str, archive: str) -> None:
    event = an_import("ct.mha", archive=archive)
    service.hear(event)
    service.settle()
    unused = value_key("ab" * 32)
    service.library.media_blobs.put(unused, b"a file of no value")
    [item] = service.call("GET", f"{ITEMS}?archive={archive}", editor).json["results"]
    sweep_for_a_month(service)
    assert service.library.images.get(event.image) is not None
    service.call("DELETE", item["api_url"], editor)
    service.settle()

    sweep_for_a_month(service)

    assert service.library.images.get(event.image) is None
    assert [blob.key for blob in service.library.media_blobs.list("values/")] == []
