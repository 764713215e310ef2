"""`archive-platform run`: what it refuses before anything starts, and how the running whole behaves."""

import json
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.support.processes import ChildProcess, running_process, wait_until

PROGRAM = Path(sys.executable).with_name("archive-platform")
READY_WITHIN_S = 90


def refused(*arguments: object) -> str:
    """Run the command to its end, which must be a refusal, and give what it said."""
    done = subprocess.run(
        [PROGRAM, "run", *map(str, arguments)], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 1, done
    assert done.stdout == ""
    return done.stderr


def test_a_port_in_use_is_one_clear_line_before_anything_starts(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        said = refused("--data", tmp_path / "data", "--port", port)

    assert (
        said
        == f"Error: Port {port} is in use; choose another with PORT={port + 1} (make run) or --port {port + 1}.\n"
    )
    assert not list((tmp_path / "data" / "documents").iterdir())


def test_a_store_that_does_not_answer_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARCHIVE_DOCUMENTS_URL", "ftp://somewhere")

    done = subprocess.run(
        [PROGRAM, "run", "--data", tmp_path / "data", "--port", "0"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert done.returncode == 1
    assert "documents are kept at sqlite: or mongodb: addresses" in done.stderr


class Running:
    """A running platform, as its supervisor describes it."""

    def __init__(self, process: ChildProcess, data: Path) -> None:
        self.process = process
        self.data = data

    def state(self) -> dict[str, Any]:
        state: dict[str, Any] = json.loads((self.data / "run.json").read_text())
        return state

    def is_ready(self) -> bool:
        return (self.data / "run.json").exists() and bool(self.state()["ready"])

    @cached_property
    def trust(self) -> ssl.SSLContext:
        """Trust the certificate alone, as strictly as Python can be."""
        context = ssl.create_default_context(cafile=self.data / "tls" / "certificate.pem")
        context.verify_flags |= ssl.VERIFY_X509_STRICT
        return context

    def ask(self, method: str, url: str, **content: Any) -> httpx2.Response:
        return httpx2.request(method, url, verify=self.trust, trust_env=False, timeout=30, **content)


@contextmanager
def started(data: Path, *options: str, log: str = "log", folder: Path | None = None) -> Iterator[Running]:
    arguments: list[str | Path] = [PROGRAM, "run", "--data", data, "--port", "0", *options]
    with running_process(arguments, log_path=data.with_suffix(f".{log}"), folder=folder) as process:
        running = Running(process, data)
        process.wait_until_ready(running.is_ready, timeout_s=READY_WITHIN_S)
        yield running


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("run")
    for module in ("gunicorn", "structlog", "sitecustomize"):
        (folder / f"{module}.py").write_text("raise SystemExit('the wrong one')")
    with started(folder / "data", "--tls", "--tiler-workers", "2", folder=folder) as running:
        yield running


def test_modules_in_the_current_folder_do_not_stand_in_for_installed_ones(running: Running) -> None:
    """The platform was started in one that has some."""
    assert "the wrong one" not in running.process.log()


def test_the_supervisor_has_one_thread(running: Running) -> None:
    """Parts are forks of it, which take no other threads along, but whatever locks these hold."""
    assert len([*Path(f"/proc/{running.state()['pid']}/task").iterdir()]) == 1


def test_the_certificate_it_made_is_enough_to_trust_it(running: Running) -> None:
    address = running.state()["address"]

    assert address.startswith("https://localhost:")
    assert running.ask("GET", f"{address}/livez").status_code == 200
    assert running.ask("GET", address.replace("localhost", "127.0.0.1") + "/livez").status_code == 200


def test_links_say_https(running: Running) -> None:
    token = re.findall(r"map_[\w-]{43}", running.process.log())[0]
    address = running.state()["address"]

    archive = running.ask(
        "POST",
        f"{address}/api/v1/archives/",
        json={"title": "Secure"},
        headers={"Authorization": f"Bearer {token}"},
    )

    assert archive.json()["api_url"].startswith(f"{address}/api/v1/archives/")


def test_the_token_is_printed_once(running: Running) -> None:
    assert len(re.findall(r"map_[\w-]{43}", running.process.log())) == 1


def test_as_many_workers_run_as_were_asked_for(running: Running) -> None:
    assert {"tiler-worker", "tiler-worker-2", "ingest-worker-worker"} <= set(running.state()["pids"])
    assert "ingest-worker-worker-2" not in running.state()["pids"]


def test_whoever_looks_at_processes_can_tell_which_is_which(running: Running) -> None:
    titles = {
        name: Path(f"/proc/{pid}/cmdline").read_text().rstrip("\0")
        for name, pid in running.state()["pids"].items()
    }

    assert titles.pop("gateway") == "gunicorn: master [archive_gateway.wsgi:create()]"
    assert titles == {name: f"archive-platform: {name}" for name in titles}


def test_a_second_supervisor_on_the_folder_is_refused(running: Running) -> None:
    said = refused("--data", running.data, "--port", 0)

    state = running.state()
    assert (
        said == f"Error: {running.data} is in use: process {state['pid']} serves it on {state['address']}.\n"
    )


def test_a_killed_gateway_is_back_and_whoever_calls_meanwhile_waits(running: Running) -> None:
    state = running.state()
    os.kill(state["pids"]["gateway"], signal.SIGKILL)
    wait_until(lambda: "gateway ended" in running.process.log(), timeout_s=10, what="notice of the end")

    answer = running.ask("GET", f"{state['address']}/livez")

    assert answer.status_code == 200
    assert "killed by SIGKILL" in running.process.log()
    assert running.state()["pids"]["gateway"] != state["pids"]["gateway"]


def test_parts_do_not_outlive_a_killed_supervisor_and_the_folder_is_free_again(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with started(data) as first:
        pids = list(first.state()["pids"].values())
        first.process.send_signal(signal.SIGKILL)
        first.process.wait(timeout_s=10)
        wait_until(lambda: not any(map(is_alive, pids)), timeout_s=20, what="the end of all parts")
    (data / "run.json").unlink()  # left behind by the killed one

    with started(data, log="again") as again:
        assert "map_" not in again.process.log()
        again.process.send_signal(signal.SIGINT)
        assert again.process.wait(timeout_s=60) == 0

    assert again.process.log().endswith("Everything is stopped.\n")
    assert not (data / "run.json").exists()


def test_what_answers_does_not_outlive_a_killed_supervisor_and_keeps_no_port(tmp_path: Path) -> None:
    with started(tmp_path / "data") as running:
        gateway = running.state()["pids"]["gateway"]
        answering = [int(pid) for pid in Path(f"/proc/{gateway}/task/{gateway}/children").read_text().split()]
        assert answering
        for pid in answering:
            os.kill(pid, signal.SIGSTOP)  # one that is busy may not look after its master for a while
        running.process.send_signal(signal.SIGKILL)
        running.process.wait(timeout_s=10)

        try:
            wait_until(
                lambda: not any(map(is_alive, answering)), timeout_s=20, what="the end of what answers"
            )
        finally:
            for pid in filter(is_alive, answering):
                os.kill(pid, signal.SIGKILL)


def is_alive(pid: int) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
