"""`archivectl` beside a platform with embedded stores, and beside one on servers."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from archive_shared.operations import cli
from tests.support.bus import Bus
from tests.support.rabbitmq import RabbitMQServer
from tests.support.servers import MongoServer


@pytest.fixture(params=["embedded", pytest.param("servers", marks=pytest.mark.servers)])
def bus(request: pytest.FixtureRequest, tmp_path: Path) -> Bus:
    """The bus of a platform that has just been started."""
    if request.param == "servers":
        server: RabbitMQServer = request.getfixturevalue("rabbitmq_server")
        bus = Bus(server.vhost())
    else:
        bus = Bus(f"sqlite:///{tmp_path / 'bus.db'}")
    with bus.connected():
        return bus


@pytest.fixture
def documents_url(bus: Bus, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where services keep their documents; nothing is there yet."""
    if bus.is_embedded:
        return f"sqlite:///{tmp_path / 'documents'}"
    server: MongoServer = request.getfixturevalue("mongo_server")
    return f"{server.url.rstrip('/')}/{server.database_name()}"


class Ctl:
    """Runs `archivectl` in this process."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.environment = environment

    def run(self, *arguments: str) -> Result:
        return CliRunner(env=self.environment).invoke(cli.main, arguments)

    def text(self, *arguments: str) -> str:
        """Return what is printed for people."""
        done = self.run(*arguments)
        assert done.exit_code == 0, done.output
        return done.stdout

    def json(self, *arguments: str) -> Any:
        """Return what is printed for programs."""
        return json.loads(self.text(*arguments, "--json"))

    def complaint(self, *arguments: str) -> str:
        """Return what it says when it cannot do it."""
        done = self.run(*arguments)
        assert done.exit_code != 0, done.output
        assert "Traceback" not in done.output
        return done.stderr


@pytest.fixture
def ctl(bus: Bus, documents_url: str, monkeypatch: pytest.MonkeyPatch) -> Ctl:
    nothing: Callable[..., None] = lambda *_, **__: None  # noqa: E731 (the logging of this process stays as it is)
    monkeypatch.setattr(cli, "configure_logging", nothing)
    return Ctl({"ARCHIVE_BUS_URL": bus.url, "ARCHIVE_DOCUMENTS_URL": documents_url})
