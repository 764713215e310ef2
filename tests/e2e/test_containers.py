"""The processes of docker-compose.yml, started by its commands, behind nginx, on real servers; only the walls are missing."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import pytest
import SimpleITK as sitk

from demo.client import ArchiveClient
from tests.support.compose import command_of, written_services
from tests.support.nginx import running_nginx
from tests.support.processes import ChildProcess, free_port, running_process, wait_until

pytestmark = pytest.mark.minutes
WEB = ("permissions-web", "archive-api-web", "ingest-worker-web", "tiler-web", "feed-web", "portal-web")
SERVERS = ("rabbitmq", "mongo", "minio", "gateway")
ONE_SHOT = "prepare"
PROGRAMS = Path(sys.executable).parent


class Containers:
    """What compose would start, as processes of this machine."""

    def __init__(self, folder: Path, site: str, stores: Mapping[str, str]) -> None:
        self.folder = folder
        self.services = written_services()
        self.ports = {name: free_port() for name in WEB}
        self.watch_ports = {
            name: free_port() for name in self.services if name not in (*WEB, *SERVERS, ONE_SHOT)
        }
        self.settings = {
            **stores,
            "ARCHIVE_PUBLIC_URL": site,
            "ARCHIVE_SECRET": "a secret of at least thirty-two bytes!",
            "ARCHIVE_PERMISSIONS_URL": f"http://{self.address('permissions-web')}",
            "ARCHIVE_ARCHIVE_API_URL": f"http://{self.address('archive-api-web')}",
            "ARCHIVE_INGEST_URL": f"http://{self.address('ingest-worker-web')}",
            "ARCHIVE_IMPORT_SCRATCH": str(folder / "scratch"),
        }
        self.processes: dict[str, ChildProcess] = {}

    def address(self, web: str) -> str:
        return f"127.0.0.1:{self.ports[web]}"

    def environment(self, name: str) -> dict[str, str]:
        """Return the settings a container gets, with our addresses for those of compose."""
        handed = self.services[name]["environment"]
        found = {key: value for key, value in self.settings.items() if key in handed}
        if name in self.ports:
            found["GUNICORN_CMD_ARGS"] = f"--bind {self.address(name)} --workers 1"
        if name in self.watch_ports:
            found["ARCHIVE_WATCH_PORT"] = str(self.watch_ports[name])
        return found

    def run_once(self, name: str, *command: str) -> str:
        program, *arguments = command or command_of(self.services[name])
        done = subprocess.run(
            [PROGRAMS / program, *arguments],
            env={**os.environ, **self.environment(name)},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def start(self, running: ExitStack) -> None:
        for name in self.services:
            if name in (*SERVERS, ONE_SHOT):
                continue
            program, *arguments = command_of(self.services[name])
            self.processes[name] = running.enter_context(
                running_process(
                    [PROGRAMS / program, *arguments],
                    log_path=self.folder / f"{name}.log",
                    environment=self.environment(name),
                )
            )

    def wait_until_ready(self) -> None:
        for name in self.ports:
            self.processes[name].wait_until_ready(partial(is_ready, self.address(name)), timeout_s=90)


def is_ready(address: str) -> bool:
    try:
        return httpx2.get(f"http://{address}/readyz", trust_env=False).is_success
    except httpx2.TransportError:
        return False


@pytest.fixture
def stores(rabbitmq_server: Any, minio_server: Any, mongo_server: Any) -> dict[str, str]:
    return {
        "ARCHIVE_BUS_URL": rabbitmq_server.vhost(),
        "ARCHIVE_DOCUMENTS_URL": f"{mongo_server.url.rstrip('/')}/{mongo_server.database_name()}",
        "ARCHIVE_BLOBS_URL": f"s3://{minio_server.endpoint}?secure=0",
        "ARCHIVE_BLOBS_PUBLIC_URL": f"http://{minio_server.endpoint}",
        "ARCHIVE_BLOBS_ACCESS_KEY": minio_server.access_key,
        "ARCHIVE_BLOBS_SECRET_KEY": minio_server.secret_key,
    }


@pytest.fixture
def containers(tmp_path: Path, stores: dict[str, str]) -> Iterator[Containers]:
    port = free_port()
    containers = Containers(tmp_path, f"http://127.0.0.1:{port}", stores)
    addresses = {
        f"{name.removesuffix('-web').upper().replace('-', '_')}_ADDRESS": containers.address(name)
        for name in WEB
    }
    containers.run_once(ONE_SHOT)
    with ExitStack() as running:
        containers.start(running)
        containers.wait_until_ready()
        running.enter_context(running_nginx(tmp_path / "nginx", addresses, port=port))
        yield containers


@pytest.mark.timeout(400)
def test_a_file_becomes_an_item_with_a_picture(containers: Containers, tmp_path: Path) -> None:
    site = containers.settings["ARCHIVE_PUBLIC_URL"]
    printed = containers.run_once("permissions-web", "archive-permissions", "create-administrator")
    token = printed.splitlines()[0]  # the password follows
    file = tmp_path / "ramp.mha"
    sitk.WriteImage(sitk.GetImageFromArray(np.indices((8, 30, 40)).sum(0).astype(np.int16)), str(file))

    with closing(ArchiveClient(site, token)) as client:
        archive = client.create_archive("In containers")
        session = client.start_session([client.upload(file)], archive=archive["pk"])
        assert client.wait_for_session(session["pk"])["status"] == "Succeeded"
        (item,) = client.wait_for_items(archive["pk"], 1)
        image = client.wait_for_preview(item["values"][0]["image"])
        canonical = client.download(image["files"][0]["file"], tmp_path / "canonical.mha")
        wait_until(partial(the_feed_tells_of, client, item["pk"], image["pk"]), timeout_s=60)

    assert image["shape"] == [8, 30, 40]
    assert np.array_equal(
        sitk.GetArrayFromImage(sitk.ReadImage(str(canonical))),
        sitk.GetArrayFromImage(sitk.ReadImage(str(file))),
    )
    assert_page_may_reach_the_object_store(containers)
    assert_health_checks_pass(containers)
    assert_operators_find_everything_in_order(containers)


def the_feed_tells_of(client: ArchiveClient, item: str, image: str) -> bool:
    told = {(event["type"], event["subject"]) for event in client.call("GET", "events/?limit=1000")["events"]}
    return {("archive.item.created.v1", item), ("archive.preview.ready.v1", image)} <= told


def assert_page_may_reach_the_object_store(containers: Containers) -> None:
    page = httpx2.get(containers.settings["ARCHIVE_PUBLIC_URL"], trust_env=False)

    assert containers.settings["ARCHIVE_BLOBS_PUBLIC_URL"] in page.headers["Content-Security-Policy"]


def assert_health_checks_pass(containers: Containers) -> None:
    for name, process in containers.processes.items():
        assert process.is_running, f"{name}:\n{process.log()}"
    for name in ("tiler-worker", "feed-worker", "archive-api-consumer", "archive-api-relay"):
        _, *check = containers.services[name]["healthcheck"]["test"]
        containers.run_once(name, *check)


def assert_operators_find_everything_in_order(containers: Containers) -> None:
    outboxes = json.loads(containers.run_once("tiler-worker", "archivectl", "outbox", "--json"))
    queues = json.loads(containers.run_once("permissions-web", "archivectl", "queues", "--json"))

    assert {outbox["service"] for outbox in outboxes} >= {
        "archive-api",
        "ingest-worker",
        "permissions",
        "tiler",
    }
    assert [outbox for outbox in outboxes if outbox["overdue"] or outbox["unroutable"]] == []
    assert [queue["queue"] for queue in queues if queue["waiting"] is None] == []
    assert [queue["queue"] for queue in queues if queue["consumers"] == 0] == ["archive.dead-letters"]
