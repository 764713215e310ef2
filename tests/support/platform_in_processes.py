"""The web processes of all services, each with its workers, and the relay that tells what permissions decided.

What people do goes through these processes; what background processes would do is done by the methods of
`AssembledPlatform`, in the test's own process and on the same stores.
"""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
import pytest
from werkzeug.test import EnvironBuilder, TestResponse

from archive_gateway.routes import Service, service_for
from archive_shared.documents.mongo import MongoDocuments
from archive_shared.settings import PlatformSettings
from tests.support.assembled_platform import AssembledPlatform, parts_on
from tests.support.processes import ChildProcess, free_port, running_process, start_process

PACKAGES = {
    Service.PERMISSIONS: "permissions",
    Service.ARCHIVE_API: "archive_api",
    Service.INGEST: "ingest_worker",
    Service.TILER: "tiler",
    Service.FEED: "feed",
}
PROGRAMS = Path(sys.executable).parent


@dataclass
class PlatformInProcesses(AssembledPlatform):
    """The platform as separate processes serve it.

    Parameters
    ----------
    addresses
        Where each service answers.
    silence
        Has nobody told of any event while it is entered; connections to the bus stay.
    """

    addresses: Mapping[Service, str] = field(kw_only=True)
    silence: Callable[[], AbstractContextManager[None]] = field(kw_only=True)
    http: httpx2.Client = field(kw_only=True)

    def _send(self, app: Any, method: str, path: str, who: str | None, **content: Any) -> TestResponse:
        address = self.addresses.get(service_for(path.partition("?")[0]))
        if address is None:  # links to the folder store lead to the gateway itself
            return super()._send(app, method, path, who, **content)
        token = self.tokens.get(who, who) if who else None
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        answer = self.http.request(
            method, f"http://{address}{path}", headers=headers | content.pop("headers", {}), **content
        )
        request = EnvironBuilder(path, method=method).get_request()
        status = f"{answer.status_code} {answer.reason_phrase}"
        return TestResponse([answer.content], status, dict(answer.headers), request)  # type: ignore[arg-type]


@contextmanager
def platform_in_processes(
    settings: PlatformSettings,
    folder: Path,
    *,
    silence: Callable[[], AbstractContextManager[None]] | None = None,
) -> Iterator[PlatformInProcesses]:
    """Start everything on these stores; logs go to the folder.

    Parameters
    ----------
    silence
        How the bus falls silent; None stops the relay for that time.
    """
    addresses = {service: f"127.0.0.1:{free_port()}" for service in PACKAGES}
    environment = _environment(settings, addresses)
    relay = _Relay(folder / "relay.log", environment)
    with ExitStack() as running:
        started = {
            service: _start_web(service, address, folder, environment)
            for service, address in addresses.items()
        }
        for process in started.values():
            running.callback(process.kill)  # they would wait for the connections they keep to one another
        running.enter_context(relay.running())
        for service, address in addresses.items():
            started[service].wait_until_ready(partial(_is_ready, address), timeout_s=120)
        running.enter_context(_connections_closed())
        yield PlatformInProcesses(
            **parts_on(settings),
            addresses=addresses,
            silence=silence or relay.away,
            http=running.enter_context(httpx2.Client(trust_env=False, timeout=60)),
        )


class _Relay:
    """The relay of permissions, which can be away for a while."""

    def __init__(self, log: Path, environment: Mapping[str, str]) -> None:
        self._log = log
        self._environment = environment
        self._present = ExitStack()

    @contextmanager
    def running(self) -> Iterator[None]:
        self._start()
        try:
            yield
        finally:
            self._present.close()

    @contextmanager
    def away(self) -> Iterator[None]:
        self._present.close()
        try:
            yield
        finally:
            self._start()

    def _start(self) -> None:
        command = [sys.executable, "-m", "permissions.entrypoints.relay"]
        self._present.enter_context(
            running_process(command, log_path=self._log, environment=self._environment)
        )


@contextmanager
def _connections_closed() -> Iterator[None]:
    """Close in the end what was connected meanwhile; services keep their connections as long as they live."""
    made: list[MongoDocuments] = []
    connect = MongoDocuments.__init__

    def connect_and_note(documents: MongoDocuments, *arguments: Any, **named: Any) -> None:
        connect(documents, *arguments, **named)
        made.append(documents)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(MongoDocuments, "__init__", connect_and_note)
        yield
    for documents in made:
        documents.close()


def _environment(settings: PlatformSettings, addresses: Mapping[Service, str]) -> dict[str, str]:
    return {
        "ARCHIVE_PUBLIC_URL": settings.public_url,
        "ARCHIVE_SECRET": settings.secret.decode(),
        "ARCHIVE_DOCUMENTS_URL": settings.documents_url,
        "ARCHIVE_BUS_URL": settings.bus_url,
        "ARCHIVE_BLOBS_URL": settings.blobs_url,
        "ARCHIVE_PERMISSIONS_URL": f"http://{addresses[Service.PERMISSIONS]}",
        "ARCHIVE_ARCHIVE_API_URL": f"http://{addresses[Service.ARCHIVE_API]}",
        "ARCHIVE_INGEST_URL": f"http://{addresses[Service.INGEST]}",
    }


def _start_web(service: Service, address: str, folder: Path, environment: Mapping[str, str]) -> ChildProcess:
    return start_process(
        [
            PROGRAMS / "gunicorn",
            *("--config", "python:archive_shared.http.gunicorn_settings"),
            *("--bind", address),
            f"{PACKAGES[service]}.entrypoints.wsgi:create()",
        ],
        log_path=folder / f"{service.value}.log",
        environment=environment,
    )


def _is_ready(address: str) -> bool:
    try:
        return httpx2.get(f"http://{address}/readyz", trust_env=False).is_success
    except httpx2.TransportError:
        return False
