"""A RabbitMQ server for the tests; see `tests.support.servers`."""

import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import run

import pika
import pytest
from pika.exceptions import AMQPError

from tests.support.processes import ChildProcess, free_port, running_process, start_process
from tests.support.servers import STARTING_TAKES_AT_MOST_S, installed

# In the end a thousand queues of tests that are over look around every five seconds, which takes half of what an idle broker takes.
SETTINGS = "[{rabbit, [{quorum_tick_interval, 120000}, {collect_statistics_interval, 60000}]}].\n"
VHOSTS_AT_ONCE = 8  # one call of rabbitmqctl takes half a second, however many vhosts it makes


@dataclass(frozen=True)
class RabbitMQServer:
    """A broker with one random user, who may do everything."""

    port: int
    user: str
    password: str = field(repr=False)
    scripts: Path
    environment: Mapping[str, str] = field(repr=False)
    _unused_vhosts: list[str] = field(default_factory=list, repr=False)
    _node: list[ChildProcess] = field(default_factory=list, repr=False)

    def start_node(self, log_path: Path) -> None:
        process = start_process(
            [self.scripts / "rabbitmq-server"],
            log_path=log_path,
            environment={**self.environment, "RABBITMQ_NODE_PORT": str(self.port)},
        )
        self._node.append(process)
        process.wait_until_ready(lambda: _lets_in(self.url), timeout_s=STARTING_TAKES_AT_MOST_S)

    def stop_node(self) -> None:
        self._node.pop().stop()

    def kill_node(self) -> None:
        """End a broker that ran for a while as a crash does.

        RabbitMQ registers the coordinator of its streams in a table that reaches the disk after three minutes; killed
        before, a node never finds its streams again (docs/runbook.md). We do not wait so long.
        """
        self.rabbitmqctl("eval", "[ok = dets:sync(Table) || Table <- dets:all()].")
        self._node.pop().kill()

    @property
    def url(self) -> str:
        """The default vhost; it is shared by all tests, so prefer `vhost()`."""
        return self._url_of("%2F")

    def vhost(self) -> str:
        """Make a vhost that nobody has used and give its URL."""
        if not self._unused_vhosts:
            self._unused_vhosts.extend(self._make_vhosts())
        return self._url_of(self._unused_vhosts.pop())

    def rabbitmqctl(self, *arguments: str) -> str:
        """Run the administration tool against this broker and give what it printed; takes half a second."""
        done = run(
            [self.scripts / "rabbitmqctl", "--quiet", *arguments],
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"rabbitmqctl {' '.join(arguments)}: {done.stderr or done.stdout}"
        return done.stdout

    def _url_of(self, vhost: str) -> str:
        return f"amqp://{self.user}:{self.password}@127.0.0.1:{self.port}/{vhost}"

    def _make_vhosts(self) -> list[str]:
        names = [f"test-{secrets.token_hex(4)}" for _ in range(VHOSTS_AT_ONCE)]
        user = f'<<"{self.user}">>'
        everything = '<<".*">>, <<".*">>, <<".*">>'
        steps = [
            f'ok = rabbit_vhost:add(<<"{name}">>, {user}), '
            f'ok = rabbit_auth_backend_internal:set_permissions({user}, <<"{name}">>, {everything}, {user})'
            for name in names
        ]
        self.rabbitmqctl("eval", ", ".join(steps) + ".")
        return names


@pytest.fixture(scope="session")
def rabbitmq_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RabbitMQServer]:
    places = installed("RabbitMQ")
    with running_rabbitmq(tmp_path_factory.mktemp("rabbitmq"), places) as server:
        yield server


@contextmanager
def running_rabbitmq(folder: Path, places: Mapping[str, str]) -> Iterator[RabbitMQServer]:
    server = RabbitMQServer(
        port=free_port(),
        user="archive-tests",
        password=secrets.token_urlsafe(16),
        scripts=Path(places["scripts"]),
        environment=_rabbitmq_environment(folder),
    )
    _write_rabbitmq_configuration(folder, server)
    # Its own name service too: the machine's may be missing, foreign, or left behind when we go.
    name_service = [places["epmd"], "-port", server.environment["ERL_EPMD_PORT"], "-address", "127.0.0.1"]
    with running_process(name_service, log_path=folder / "epmd.log"):
        server.start_node(folder / "server.log")
        try:
            yield server
        finally:
            server.stop_node()


def _rabbitmq_environment(folder: Path) -> dict[str, str]:
    """Settings under which Debian's RabbitMQ touches nothing outside `folder`, whoever runs it."""
    return {
        "HOME": str(folder),  # the Erlang cookie lives there
        "RABBITMQ_NODENAME": f"archive-tests-{secrets.token_hex(4)}@localhost",
        "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
        "RABBITMQ_DIST_PORT": str(free_port()),
        "ERL_EPMD_PORT": str(free_port()),
        "RABBITMQ_CONF_ENV_FILE": str(folder / "rabbitmq-env.conf"),
        "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
        "RABBITMQ_ADVANCED_CONFIG_FILE": str(folder / "advanced.config"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "enabled_plugins"),
        "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
        "RABBITMQ_LOG_BASE": str(folder / "log"),
        "RABBITMQ_LOGS": "-",
        # Loopback only, and no busy waiting: the tests need the processor themselves.
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1} +sbwt none +sbwtdcpu none +sbwtdio none",
    }


def _write_rabbitmq_configuration(folder: Path, server: RabbitMQServer) -> None:
    (folder / "rabbitmq-env.conf").touch()
    (folder / "enabled_plugins").write_text("[].\n")
    (folder / "advanced.config").write_text(SETTINGS)
    (folder / "rabbitmq.conf").write_text(f"default_user = {server.user}\ndefault_pass = {server.password}\n")


def _lets_in(url: str) -> bool:
    try:
        pika.BlockingConnection(pika.URLParameters(url)).close()
    except AMQPError:
        return False
    return True
