"""A real web server for the links of folder stores; also the module gunicorn loads to run it."""

import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from flask import Flask

from archive_shared.blobs.folder import FolderBlobStore
from archive_shared.blobs.links import LinkSigner
from archive_shared.blobs.links_wsgi import links_app
from tests.support.processes import free_port, is_listening, running_process

REPOSITORY = Path(__file__).parents[2]
BUCKET = "contract"


@dataclass(frozen=True)
class LinksServer:
    """Serves the links of one bucket, BUCKET, in a folder."""

    root: Path
    public_url: str
    secret: bytes = field(repr=False)


@contextmanager
def running_links_server(folder: Path) -> Iterator[LinksServer]:
    port = free_port()
    server = LinksServer(folder / "blobs", f"http://127.0.0.1:{port}", secrets.token_bytes(32))
    program = [sys.executable, "-m", "gunicorn", "--worker-class=gthread", "--workers=2", "--threads=4"]
    application = f"{__name__}:application({str(server.root)!r}, {server.secret.hex()!r})"
    with running_process(
        [*program, f"--bind=127.0.0.1:{port}", application],
        log_path=folder / "gunicorn.log",
        folder=REPOSITORY,
    ) as process:
        process.wait_until_ready(lambda: is_listening(port), timeout_s=30)
        yield server


def application(root: str, secret: str) -> Flask:
    """Return what gunicorn serves."""
    signer = LinkSigner(bytes.fromhex(secret))
    store = FolderBlobStore(Path(root), bucket=BUCKET, signer=signer, public_url="http://unused.test")
    return links_app({BUCKET: store}, signer)
