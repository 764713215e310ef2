"""A web application that tells what it was asked, behind gunicorn with a worker class of choice."""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support.processes import free_port, is_listening, running_process

REPOSITORY = Path(__file__).parents[2]


@contextmanager
def telling(worker_class: str, folder: Path, *options: str) -> Iterator[int]:
    """Serve as our services are served, and give the port."""
    port = free_port()
    program = [sys.executable, "-m", "gunicorn", "--config", "python:archive_shared.http.gunicorn_settings"]
    program += [f"--bind=127.0.0.1:{port}", "--workers=1", f"--worker-class={worker_class}", *options]
    log_path = folder / f"{worker_class}.log"
    with running_process(
        [*program, f"{__name__}:application"], log_path=log_path, folder=REPOSITORY
    ) as process:
        process.wait_until_ready(lambda: is_listening(port), timeout_s=60)
        yield port


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Sequence[bytes]:
    """Answer with the environment and the body as JSON; `/nothing` is answered with 304."""
    told = {name: value for name, value in environ.items() if name.isupper() and isinstance(value, str)}
    told["scheme"] = environ["wsgi.url_scheme"]
    told["body"] = environ["wsgi.input"].read().decode("latin-1")
    body = json.dumps(told, sort_keys=True).encode()
    if environ["PATH_INFO"] == "/nothing":
        start_response("304 Not Modified", [("ETag", '"a"')])
        return []
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]
