"""Starts the platform for the demo the way `make run` does, on a folder and a port of its own."""

import json
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

READY_WITHIN_S = 60
STOPPED_WITHIN_S = 60
_TOKEN = re.compile(r"\bmap_[A-Za-z0-9_-]{43}\b")


@dataclass(frozen=True)
class RunningDemo:
    """A platform that is ready."""

    address: str
    token: str
    bus_url: str
    ready_after_s: float


@contextmanager
def running_demo(data: Path) -> Iterator[RunningDemo]:
    """Start the platform, wait until it is ready, and stop it at the end."""
    begun_s = time.monotonic()
    log = data.with_suffix(".log")
    with log.open("wb") as output:
        process = subprocess.Popen(_command(data), stdout=output, stderr=subprocess.STDOUT)
    try:
        state = _wait_until_ready(process, data, log, deadline_s=begun_s + READY_WITHIN_S)
        token = _TOKEN.search(log.read_text())
        assert token is not None, "the first start prints a token"
        bus_url = f"sqlite:///{data.absolute()}/bus.db"
        yield RunningDemo(state["address"], token[0], bus_url, time.monotonic() - begun_s)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(STOPPED_WITHIN_S)


def _command(data: Path) -> list[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    program = Path(sys.executable).with_name("archive-platform")
    return [str(program), "run", "--data", str(data), "--port", str(port)]


def _wait_until_ready(
    process: subprocess.Popen[bytes], data: Path, log: Path, *, deadline_s: float
) -> dict[str, Any]:
    while time.monotonic() < deadline_s:
        if process.poll() is not None:
            break
        if (data / "run.json").exists():
            state: dict[str, Any] = json.loads((data / "run.json").read_text())
            if state["ready"]:
                return state
        time.sleep(0.1)
    raise RuntimeError(f"the platform did not become ready:\n{log.read_text()}")
