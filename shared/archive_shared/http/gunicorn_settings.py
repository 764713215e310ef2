"""How gunicorn serves every web process: `gunicorn --config python:archive_shared.http.gunicorn_settings …`.

On one machine the supervisor's command line adds the socket and the certificate. Names are gunicorn's own:
https://docs.gunicorn.org/en/stable/settings.html
"""

import gc
import importlib
from pathlib import Path
from typing import Any

from archive_shared.jobs.child import die_with_parent

bind = "0.0.0.0:8000"
worker_class = "archive_shared.http.gunicorn_worker.StayingThreads"  # threads, as requests mostly wait for other services
workers = 2
threads = 8
keepalive = 75  # seconds; longer than nginx keeps idle connections to us, so that it never meets a closed one
timeout = 60  # seconds until a worker that no longer shows any life is replaced
graceful_timeout = 10  # seconds for requests in hand when stopping
limit_request_line = 8190  # signed links carry the names of files

preload_app = False  # connections must not be shared between processes; see `on_starting`
control_socket_disable = True
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 (a heartbeat, no data)

# Nobody is believed about where a request came from; addresses are built from the configured public URL.
forwarded_allow_ips = ""
secure_scheme_headers: dict[str, str] = {}

accesslog = None  # every request is logged by `archive_shared.http.app`
errorlog = "-"
logger_class = "archive_shared.http.gunicorn_log.DiscreetLogger"
loglevel = "warning"


def on_starting(server: Any) -> None:
    """Import the application's code once, before the workers are forked; they start sooner and share its memory.

    Importing connects to nothing and starts nothing in this code base, so this is safe where preloading the
    application itself would not be.
    """
    importlib.import_module(server.app.app_uri.partition(":")[0])


def post_fork(server: Any, worker: Any) -> None:
    """Have a worker end as soon as its master is killed, rather than keep the port from the next one until it notices."""
    die_with_parent()


def post_worker_init(worker: Any) -> None:
    """Leave what a worker is made of out of garbage collections, once its application is there.

    It stays for as long as the worker lives; looking through it took 45 ms in the middle of every 25th page or so.
    """
    gc.collect()
    gc.freeze()
