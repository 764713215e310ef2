"""The real nginx with our configuration: requests reach the service of their path, cleaned of what may be forged."""

import json
import threading
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import httpx2
import pytest

from archive_gateway.dispatch import REMOVED_HEADERS
from archive_gateway.routes import Service, service_for
from tests.support.nginx import running_nginx

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

ADDRESSES = {
    "PERMISSIONS_ADDRESS": Service.PERMISSIONS,
    "ARCHIVE_API_ADDRESS": Service.ARCHIVE_API,
    "INGEST_WORKER_ADDRESS": Service.INGEST,
    "TILER_ADDRESS": Service.TILER,
    "FEED_ADDRESS": Service.FEED,
    "PORTAL_ADDRESS": Service.PORTAL,
}


class Silent(WSGIRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def echo(name: str) -> Iterator[str]:
    """Serve an application that answers with its name and what it was sent; gives host and port."""

    def application(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "application/json")])
        length = int(environ.get("CONTENT_LENGTH") or 0)
        headers = {key: value for key, value in environ.items() if key.startswith("HTTP_")}
        answer = {
            "service": name,
            "path": environ["PATH_INFO"],
            "query": environ["QUERY_STRING"],
            "headers": headers,
            "body": environ["wsgi.input"].read(length).decode(),
        }
        return [json.dumps(answer).encode()]

    server = make_server("127.0.0.1", 0, application, handler_class=Silent)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="module")
def nginx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx2.Client]:
    with ExitStack() as running:
        addresses = {name: running.enter_context(echo(service.value)) for name, service in ADDRESSES.items()}
        address = running.enter_context(running_nginx(tmp_path_factory.mktemp("nginx"), addresses))
        yield running.enter_context(httpx2.Client(base_url=address))


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/archives/chest-ct/",
        "/static/app.js",
        "/api/v1/archives/",
        "/api/v1/archives/x/",
        "/api/v1/archives/x/members/",
        "/api/v1/archives/x/members/y/user/",
        "/api/v1/users/me/",
        "/api/v1/tokens/",
        "/api/v1/uploads/a/b/list-parts/",
        "/api/v1/cases/upload-sessions/",
        "/api/v1/cases/images/",
        "/api/v1/tiles/images/x/0/0/0.jpeg",
        "/api/v1/events/",
        "/api/v1/webhooks/x/test/",
        "/media/images/x/y/z.mha",
    ],
)
def test_a_path_reaches_the_service_the_table_says(nginx: httpx2.Client, path: str) -> None:
    answer = nginx.get(path).json()

    assert answer["service"] == service_for(path)
    assert answer["path"] == path


@pytest.mark.parametrize(
    "path",
    [
        "/internal/v1/decisions/",
        "//internal/v1/decisions/",
        "/api/v1/../../internal/v1/decisions/",
        "/api/v1/%2e%2e/%2e%2e/internal/v1/decisions/",
        "/%69nternal/v1/decisions/",
        "/blobs/uploads/key",
    ],
)
def test_what_is_not_for_outsiders_does_not_exist(nginx: httpx2.Client, path: str) -> None:
    request = nginx.build_request("POST", "/", json={})
    request.url = request.url.copy_with(raw_path=path.encode())  # as it is: clients tidy addresses up

    answer = nginx.send(request)

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == 404


@pytest.mark.parametrize("name", REMOVED_HEADERS)
def test_headers_only_the_platform_may_send_are_removed(nginx: httpx2.Client, name: str) -> None:
    answer = nginx.get("/api/v1/users/me/", headers={name: "forged", "Authorization": "Bearer mine"}).json()

    assert "forged" not in answer["headers"].values()
    assert answer["headers"]["HTTP_AUTHORIZATION"] == "Bearer mine"


def test_services_are_told_who_spoke_to_the_gateway_and_not_what_that_one_says(nginx: httpx2.Client) -> None:
    answer = nginx.get("/api/v1/users/me/", headers={"X-Forwarded-For": "198.51.100.1"}).json()

    assert answer["headers"]["HTTP_X_FORWARDED_FOR"] == "127.0.0.1"


def test_a_proxy_in_front_is_believed_where_a_request_came_from(tmp_path: Path) -> None:
    said = {"X-Forwarded-For": "192.0.2.9, 198.51.100.1"}  # the first is what the client said itself
    with ExitStack() as running:
        address = running.enter_context(echo("permissions"))
        addresses = dict.fromkeys(ADDRESSES, address) | {"GATEWAY_TRUSTS": "127.0.0.0/8"}
        url = running.enter_context(running_nginx(tmp_path, addresses))

        answer = httpx2.get(f"{url}/api/v1/users/me/", headers=said).json()

    assert answer["headers"]["HTTP_X_FORWARDED_FOR"] == "198.51.100.1"


def test_host_query_and_body_arrive_as_they_were_sent(nginx: httpx2.Client) -> None:
    answer = nginx.post("/api/v1/uploads/?a=1&b=%2F", content=b"body").json()

    assert answer["query"] == "a=1&b=%2F"
    assert answer["body"] == "body"
    assert answer["headers"]["HTTP_HOST"] == nginx.base_url.netloc.decode()


def test_encoded_slashes_in_names_stay_encoded(nginx: httpx2.Client) -> None:
    answer = nginx.get("/media/images/a/b/what%2Fever%20it%20is.mha").json()

    assert answer["path"] == "/media/images/a/b/what/ever it is.mha"  # decoded once, by WSGI


NOWHERE = dict.fromkeys(ADDRESSES, "127.0.0.1:9")  # the discard port, which nobody serves


def test_a_service_that_is_gone_is_a_bad_gateway(tmp_path: Path) -> None:
    with running_nginx(tmp_path / "nginx", NOWHERE) as address:
        assert httpx2.get(f"{address}/api/v1/archives/").status_code == 502


def test_logs_tell_of_failures_and_not_of_what_people_search_for_or_how_files_are_called(
    tmp_path: Path,
) -> None:
    paths = (
        "/api/v1/cases/images/?patient_name=DOE",
        "/media/items/a/1/DOE%20JANE.pdf",
        "/media/images/a/b/DOE",
    )

    with running_nginx(tmp_path / "nginx", NOWHERE) as address:
        for path in paths:
            httpx2.get(f"{address}{path}", headers={"Referer": f"{address}/?search=DOE"})

    logged = (tmp_path / "nginx/nginx.log").read_text()
    assert "DOE" not in logged
    for path in ("/api/v1/cases/images/", "/media/items/a/1/", "/media/images/a/b/"):
        assert f'"GET {path}" 502' in logged
    assert '"127.0.0.1:9" "502"' in logged
