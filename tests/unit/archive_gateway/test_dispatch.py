"""What the gateway does to a request before a service sees it."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import pytest
from werkzeug.test import Client

from archive_gateway.dispatch import REMOVED_HEADERS, Dispatcher
from archive_gateway.routes import Service

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class Recorder:
    """An application that answers with its name and keeps the environments it saw."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.seen: list[dict[str, object]] = []

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        self.seen.append(dict(environ))
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [self.name.encode()]


@pytest.fixture
def portal() -> Recorder:
    return Recorder("portal")


@pytest.fixture
def client(portal: Recorder) -> Client:
    applications: dict[Service, WSGIApplication] = {
        Service.PORTAL: portal,
        Service.TILER: Recorder("tiler"),
    }
    return Client(Dispatcher(applications, otherwise=Recorder("nobody")))


def test_a_request_reaches_the_service_of_its_path(client: Client) -> None:
    assert client.get("/api/v1/tiles/1/").text == "tiler"
    assert client.get("/").text == "portal"


def test_a_service_that_is_not_here_is_answered_for(client: Client) -> None:
    assert client.get("/blobs/uploads/key").text == "nobody"
    assert client.post("/internal/v1/decisions/").text == "nobody"


@pytest.mark.parametrize("name", REMOVED_HEADERS)
def test_headers_only_the_platform_may_send_are_removed(client: Client, portal: Recorder, name: str) -> None:
    client.get("/", headers={name: "forged", "Authorization": "Bearer mine"})

    (seen,) = portal.seen
    assert "forged" not in seen.values()
    assert seen["HTTP_AUTHORIZATION"] == "Bearer mine"


def test_path_query_and_body_arrive_as_they_were_sent(client: Client, portal: Recorder) -> None:
    client.post("/some%20thing?a=1&b=%2F", data=b"body")

    (seen,) = portal.seen
    assert (seen["PATH_INFO"], seen["QUERY_STRING"]) == ("/some thing", "a=1&b=%2F")
    assert seen["SCRIPT_NAME"] == ""
