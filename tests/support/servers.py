"""Real servers for the tests, each started on free loopback ports when the first test asks and stopped at the end.

`deploy/test-servers/install.py` puts them on the machine and says where they are, or why one cannot be had; a test
that needs a missing server is skipped, or fails when ARCHIVE_REQUIRE_SERVERS is 1. Under pytest-xdist every worker
has its own servers. `tests/conftest.py` makes the fixtures known to all tests.
"""

import json
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pymongo
import pytest
from minio import Minio
from minio.error import MinioException
from urllib3 import PoolManager
from urllib3.exceptions import HTTPError

from tests.support.processes import ChildProcess, free_port, is_listening, running_process

REPORT = Path(__file__).parents[2] / ".cache" / "test-servers.json"

STARTING_TAKES_AT_MOST_S = 90  # RabbitMQ takes 5 s on an idle machine with two cores; a busy one is slower


def servers_are_required() -> bool:
    return os.environ.get("ARCHIVE_REQUIRE_SERVERS") == "1"


def missing_servers() -> dict[str, str]:
    """Name every server that cannot be had on this machine, with the reason."""
    report = _report()
    if os.environ.get("MONGO_URL"):
        report.pop("MongoDB", None)
    return {name: places["missing"] for name, places in report.items() if "missing" in places}


def installed(name: str) -> Mapping[str, str]:
    """Say where a server's programs are; without it, skip the test that asks, or fail it where servers are required."""
    places = _report()[name]
    if "missing" in places:
        give_up = pytest.fail if servers_are_required() else pytest.skip
        give_up(f"{name} is missing: {places['missing']}")
    return places


def _report() -> dict[str, dict[str, str]]:
    if REPORT.exists():
        report: dict[str, dict[str, str]] = json.loads(REPORT.read_text())
        return report
    not_yet = {"missing": "it was not installed yet: run `make servers`"}
    return dict.fromkeys(
        (
            "RabbitMQ",
            "MinIO",
            "MongoDB",
            "Chromium",
            "axe-core",
            "nginx",
            "libturbojpeg",
            "Docker Compose",
            "gcapi 0.16.1",
            "gcapi 0.15.1",
        ),
        not_yet,
    )


# --- MinIO ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class MinioServer:
    """An S3 server; `endpoint` is host:port, spoken to in plain HTTP."""

    endpoint: str
    access_key: str
    secret_key: str = field(repr=False)

    @property
    def url(self) -> str:
        return f"http://{self.endpoint}"


@pytest.fixture(scope="session")
def minio_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MinioServer]:
    places = installed("MinIO")
    with running_minio(tmp_path_factory.mktemp("minio"), places) as server:
        yield server


MINIO_COLLECTIONS = {"GOGC": "800", "GOMEMLIMIT": "1GiB"}
"""When MinIO collects garbage, as in docker-compose.yml: its collections are what a viewer's slowest tiles wait for."""


@contextmanager
def running_minio(folder: Path, places: Mapping[str, str]) -> Iterator[MinioServer]:
    server = MinioServer(
        endpoint=f"127.0.0.1:{free_port()}",
        access_key=secrets.token_hex(8),
        secret_key=secrets.token_urlsafe(24),
    )
    addresses = ["--address", server.endpoint, "--console-address", f"127.0.0.1:{free_port()}"]
    with running_process(
        [places["program"], "server", "--quiet", *addresses, folder / "data"],
        log_path=folder / "server.log",
        environment={
            "HOME": str(folder),
            "MINIO_ROOT_USER": server.access_key,
            "MINIO_ROOT_PASSWORD": server.secret_key,
            "MINIO_BROWSER": "off",
            "MINIO_UPDATE": "off",  # it would ask its maker for news
            **MINIO_COLLECTIONS,
        },
    ) as process:
        process.wait_until_ready(lambda: _lists_buckets(server), timeout_s=STARTING_TAKES_AT_MOST_S)
        yield server


def _lists_buckets(server: MinioServer) -> bool:
    """Tell whether the server does what it is asked: its own address for that says so a moment too early.

    Who asks in that moment is told to come back in a minute, which clients of S3 do.
    """
    with PoolManager(retries=False, timeout=2) as http:
        client = Minio(server.endpoint, server.access_key, server.secret_key, secure=False, http_client=http)
        try:
            client.list_buckets()
        except (HTTPError, MinioException):
            return False
    return True


# --- MongoDB -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class MongoServer:
    """A server that speaks MongoDB's protocol: our stand-in, or the real one that MONGO_URL names.

    The stand-in may be stopped but not killed: `kill -9` loses up to a second of acknowledged writes
    (docs/decisions/0005-mongodb-stand-in.md). `process` is None for a server that is not ours.
    """

    url: str
    process: ChildProcess | None
    _databases: list[str] = field(default_factory=list, repr=False)

    def database_name(self) -> str:
        """Give a name that no other test has; the database is dropped at the end of the session."""
        self._databases.append(f"test_{secrets.token_hex(6)}")
        return self._databases[-1]

    def drop_databases(self) -> None:
        with pymongo.MongoClient[dict[str, object]](self.url) as client:
            for name in self._databases:
                client.drop_database(name)


@pytest.fixture(scope="session")
def mongo_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MongoServer]:
    if given := os.environ.get("MONGO_URL"):
        server = MongoServer(given, process=None)
        yield server
        server.drop_databases()
        return
    places = installed("MongoDB")
    with running_mongo(tmp_path_factory.mktemp("mongo"), places) as server:
        yield server


@contextmanager
def running_mongo(folder: Path, places: Mapping[str, str]) -> Iterator[MongoServer]:
    port = free_port()
    program = [places["java"], "-Xmx512m", "-cp", places["class_path"], "MongoWireServer"]
    with running_process(
        [*program, str(port), folder / "data.h2"], log_path=folder / "server.log"
    ) as process:
        process.wait_until_ready(lambda: is_listening(port), timeout_s=STARTING_TAKES_AT_MOST_S)
        yield MongoServer(f"mongodb://127.0.0.1:{port}", process)
