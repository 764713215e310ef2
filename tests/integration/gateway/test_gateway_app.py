"""All services behind one address, on embedded stores, without any process of their own."""

import shutil
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import Client, TestResponse

from archive_gateway.assembly import assemble, blobs_origin
from archive_shared.clock import SystemClock
from archive_shared.http import service_tokens
from archive_shared.settings import PlatformSettings
from feed.settings import Settings as FeedSettings
from permissions.bootstrap import bootstrap as bootstrap_permissions
from permissions.settings import Settings as PermissionsSettings
from permissions.use_cases.manage_tokens import create_first_administrator

SECRET = b"a secret of at least thirty-two bytes!"
SITE = "https://archive.test"


@pytest.fixture
def settings(tmp_path: Path) -> PlatformSettings:
    (tmp_path / "documents").mkdir()
    return PlatformSettings(
        public_url=SITE,
        documents_url=f"sqlite:///{tmp_path}/documents",
        bus_url=f"sqlite:///{tmp_path}/bus.db",
        blobs_url=f"file://{tmp_path}/blobs",
        secret=SECRET,
    )


@pytest.fixture
def token(settings: PlatformSettings) -> str:
    directory = bootstrap_permissions(PermissionsSettings(settings)).directory
    issued = create_first_administrator(directory, username="root")
    assert issued is not None
    return issued.secret


class Gateway:
    """The application, called as by a client with a token."""

    def __init__(self, settings: PlatformSettings, token: str) -> None:
        self.client = Client(
            assemble(settings, permissions=PermissionsSettings(settings), feed=FeedSettings(settings))
        )
        self.token = token

    def call(self, method: str, path: str, **content: Any) -> TestResponse:
        headers = {"Authorization": f"Bearer {self.token}", **content.pop("headers", {})}
        return self.client.open(path.removeprefix(SITE), method=method, headers=headers, **content)


@pytest.fixture
def gateway(settings: PlatformSettings, token: str) -> Gateway:
    return Gateway(settings, token)


def test_it_is_ready_when_every_part_is(gateway: Gateway) -> None:
    answer = gateway.call("GET", "/readyz")

    assert answer.status_code == 200
    assert answer.json == {
        "status": "ok",
        "checks": dict.fromkeys(
            ["permissions", "archive-api", "ingest-worker", "tiler", "feed", "portal"], "ok"
        ),
    }


def test_it_is_not_ready_when_one_part_is_not(gateway: Gateway, tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / "blobs" / "uploads")

    answer = gateway.call("GET", "/readyz")

    assert answer.status_code == 503
    assert answer.json is not None
    assert answer.json["checks"]["ingest-worker"] == "unavailable"
    assert answer.json["checks"]["permissions"] == "ok"


def test_it_is_alive_whether_ready_or_not(gateway: Gateway, tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / "blobs")

    assert gateway.call("GET", "/livez").status_code == 200


def test_services_ask_one_another_inside(gateway: Gateway) -> None:
    created = gateway.call("POST", "/api/v1/archives/", json={"title": "Chest CT"})
    assert created.status_code == 201
    assert created.json is not None

    members = gateway.call("GET", f"/api/v1/archives/{created.json['pk']}/members/")

    assert members.json is not None
    assert [(each["username"], each["roles"]) for each in members.json["results"]] == [("root", ["editor"])]


def test_internal_calls_do_not_exist_from_outside_even_with_a_service_token(gateway: Gateway) -> None:
    signed = service_tokens.issue(SECRET, service="archive-api", clock=SystemClock())

    answer = gateway.call(
        "POST",
        "/internal/v1/decisions/",
        json={"token": None, "questions": []},
        headers={service_tokens.HEADER: signed},
    )

    assert answer.status_code == 404


def test_parts_are_sent_to_the_links_the_platform_signed(gateway: Gateway) -> None:
    upload = gateway.call("POST", "/api/v1/uploads/", json={"filename": "a.mha"}).json
    assert upload is not None
    path = f"/api/v1/uploads/{upload['pk']}/{upload['s3_upload_id']}"
    signed = gateway.call("PATCH", f"{path}/generate-presigned-urls/", json={"part_numbers": [1]}).json
    assert signed is not None

    sent = gateway.client.put(signed["presigned_urls"]["1"].removeprefix(SITE), data=b"bytes")

    assert sent.status_code == 200
    completed = gateway.call(
        "PATCH",
        f"{path}/complete-multipart-upload/",
        json={"parts": [{"PartNumber": 1, "ETag": sent.headers["ETag"]}]},
    )
    assert completed.json is not None
    assert completed.json["status"] == "Completed"


@pytest.mark.parametrize("path", ["/", "/archives/chest-ct/", "/static/app.js"])
def test_everything_else_is_the_page(gateway: Gateway, path: str) -> None:
    with closing(gateway.call("GET", path)) as answer:
        assert answer.status_code == 200
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("blobs_url", "public_url", "origin"),
    [
        ("file:///data/blobs", "", ""),
        ("file:///data/blobs", "https://archive.test", ""),
        ("s3://minio:9000", "", "https://minio:9000"),
        ("s3://minio:9000?secure=0", "", "http://minio:9000"),
        ("s3://minio:9000?secure=0", "https://files.test", "https://files.test"),
    ],
)
def test_the_page_may_reach_the_object_store_where_browsers_do(
    blobs_url: str, public_url: str, origin: str
) -> None:
    settings = PlatformSettings(SITE, "", "", blobs_url, SECRET, blobs_public_url=public_url)

    assert blobs_origin(settings) == origin
