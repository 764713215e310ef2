"""Writes the document where the portal serves it; called by `make contracts`."""

import json
import secrets
import tempfile
from pathlib import Path

from flask import Flask

import portal.app
from archive_gateway.assembly import assemble
from archive_gateway.dispatch import Dispatcher
from archive_gateway.openapi.document import describe
from archive_gateway.routes import Service
from archive_shared.settings import PlatformSettings
from feed.settings import Settings as FeedSettings
from permissions.settings import Settings as PermissionsSettings

TARGET = portal.app.OPENAPI


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        TARGET.write_text(written(_services(Path(folder))), encoding="utf-8")


def written(services: dict[Service, Flask]) -> str:
    """Return the document as text, the same each time."""
    return json.dumps(describe(services), indent=1, ensure_ascii=False, default=bytes.decode) + "\n"


def _services(folder: Path) -> dict[Service, Flask]:
    """Return the services on empty stores; their routes are all that is looked at."""
    settings = PlatformSettings(
        public_url="https://archive.example",
        documents_url=f"sqlite:///{folder}",
        bus_url=f"sqlite:///{folder}/bus.db",
        blobs_url=f"file://{folder}/blobs",
        secret=secrets.token_bytes(32),
    )
    front = assemble(settings, permissions=PermissionsSettings(settings), feed=FeedSettings(settings))
    assert isinstance(front, Dispatcher)
    return {service: app for service, app in front.applications.items() if isinstance(app, Flask)}


if __name__ == "__main__":
    main()
