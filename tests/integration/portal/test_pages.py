"""The portal's application: its page, its files, and what it lets a browser do with them."""

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from flask.testing import FlaskClient

import portal
from portal.app import create_app
from portal.settings import Settings

FOLDER = Path(portal.__file__).parent
FILES = sorted(file for file in (FOLDER / "static").rglob("*") if file.is_file())


@pytest.fixture
def client() -> Iterator[FlaskClient]:
    settings = Settings(public_url='https://archive.test/"><script>', blobs_public_url="https://files.test")
    with create_app(settings).test_client() as client:
        yield client


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/", 200),
        ("/new-archive/", 200),
        ("/viewers/", 200),
        ("/sockets/", 200),
        ("/webhooks/", 200),
        ("/account/", 200),
        ("/people/", 200),
        ("/api/", 200),
        ("/archives/chest-ct/", 200),
        ("/archives/chest-ct/items/77aa/", 200),
        ("/archives/", 404),
        ("/nothing/here/", 404),
    ],
)
def test_every_address_gets_the_page_and_the_right_status(
    client: FlaskClient, path: str, status: int
) -> None:
    answer = client.get(path)

    assert answer.status_code == status
    assert '<script type="module" src="/static/app.js">' in answer.text


def test_the_description_of_the_api_is_served(client: FlaskClient) -> None:
    with closing(client.get("/api/openapi.json")) as answer:
        assert answer.get_json()["openapi"] == "3.1.0"


def test_settings_cannot_break_out_of_the_page(client: FlaskClient) -> None:
    assert "<script>" not in client.get("/").text


def test_the_browser_may_talk_to_the_platform_and_the_object_store_only(client: FlaskClient) -> None:
    policy = client.get("/").headers["Content-Security-Policy"]

    assert "default-src 'none'" in policy
    assert "connect-src 'self' https://files.test" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_files_are_served_and_asked_for_again_only_when_changed(client: FlaskClient, file: Path) -> None:
    path = f"/static/{file.relative_to(FOLDER / 'static')}"
    with closing(client.get(path)) as answer:
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "no-cache"
        etag = answer.headers["ETag"]

    with closing(client.get(path, headers={"If-None-Match": etag})) as again:
        assert again.status_code == 304


@pytest.mark.parametrize("path", ["/static/../app.py", "/static/%2e%2e/app.py", "/static/none.js"])
def test_nothing_else_is_served(client: FlaskClient, path: str) -> None:
    answer = client.get(path)

    assert answer.status_code == 404
    assert "create_app" not in answer.text


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_nothing_is_fetched_from_elsewhere_and_no_data_becomes_markup(file: Path) -> None:
    text = file.read_text().replace("http://www.w3.org/2000/svg", "")

    assert not re.search(r"https?://", text)
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b", text)
