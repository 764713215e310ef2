"""The whole platform as a user starts it, for end-to-end tests: `archive-platform run` on a folder of its own."""

import json
import os
import re
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from demo.client import ArchiveClient
from tests.support.processes import ChildProcess, free_port, start_process

READY_WITHIN_S = 240  # on an idle machine it takes seven
STOPPED_WITHIN_S = 40
TOKEN = re.compile(r"\bmap_[A-Za-z0-9_-]{43}\b")

PASSWORD = re.compile(r"\bpassword  (\S+)")


@dataclass
class RunningPlatform:
    """A started platform and its first administrator."""

    process: ChildProcess
    data: Path
    address: str
    token: str
    clients: ExitStack

    @property
    def password(self) -> str:
        """The administrator's, as the first start prints it."""
        found = PASSWORD.search(self.process.log())
        assert found is not None, self.process.log()
        return found[1]

    def client(self, token: str | None = None) -> ArchiveClient:
        """Return a client that is closed when the platform stops; the administrator's unless told otherwise."""
        return self.clients.enter_context(ArchiveClient(self.address, self.token if token is None else token))

    def pids(self) -> dict[str, int]:
        """Return the present process of every part, by its name."""
        return dict(_state(self.data)["pids"])

    def kill(self, part: str) -> None:
        """End one part at once, as a crash would (SIGKILL)."""
        os.kill(self.pids()[part], signal.SIGKILL)

    def new_user(self, username: str) -> tuple[str, str]:
        """Create a user; return their identifier and a token."""
        root = self.client()
        user = root.call("POST", "users/", json={"username": username})
        issued = root.call("POST", "tokens/", json={"name": "test", "user": user["pk"]})
        return user["pk"], issued["token"]


@contextmanager
def running_platform(
    data: Path,
    *,
    environment: Mapping[str, str] | None = None,
    token: str | None = None,
    arguments: Sequence[str] = (),
) -> Iterator[RunningPlatform]:
    """Start the platform, wait until it is ready, and stop it at the end.

    `token` is the administrator's when the folder has been run on before; otherwise it is read from what
    the first start prints.
    """
    log = data.with_suffix(".log")
    process = start_process(
        [
            Path(sys.executable).with_name("archive-platform"),
            "run",
            "--data",
            data,
            "--port",
            str(free_port()),
            *arguments,
        ],
        log_path=log,
        environment={
            "ARCHIVE_BUS_VISIBILITY_TIMEOUT_S": "3",
            "ARCHIVE_JOB_LEASE_S": "5",
            **(environment or {}),
        },
    )
    try:
        process.wait_until_ready(
            lambda: (data / "run.json").exists() and _state(data)["ready"], timeout_s=READY_WITHIN_S
        )
        with ExitStack() as clients:
            yield RunningPlatform(
                process, data, _state(data)["address"], token or _printed_token(process), clients
            )
    finally:
        process.stop(timeout_s=STOPPED_WITHIN_S)


def _state(data: Path) -> dict[str, Any]:
    state: dict[str, Any] = json.loads((data / "run.json").read_text())
    return state


def _printed_token(process: ChildProcess) -> str:
    found = TOKEN.search(process.log())
    if found is None:
        raise AssertionError(f"the first start printed no token:\n{process.log()}")
    return found[0]
