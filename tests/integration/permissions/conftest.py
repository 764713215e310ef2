"""Permissions over HTTP on a document store of its own, with people to act."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from archive_shared.clock import SystemClock
from archive_shared.documents.sqlite import SqliteDocuments
from archive_shared.http import service_tokens
from archive_shared.settings import PlatformSettings
from permissions.bootstrap import COLLECTIONS, Permissions, over
from permissions.entrypoints.http.app import app_for
from permissions.settings import Settings
from permissions.use_cases.manage_tokens import create_first_administrator, issue
from permissions.use_cases.manage_users import add_user

SECRET = b"a secret of at least thirty-two bytes!"


@dataclass
class Platform:
    """The service under test, as its clients reach it."""

    service: Permissions
    http: FlaskClient

    def call(self, method: str, path: str, token: str | None = None, **content: Any) -> TestResponse:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return self.http.open(path, method=method, headers=headers, **content)

    def internal(self, path: str, body: dict[str, Any]) -> TestResponse:
        token = service_tokens.issue(SECRET, service="archive-api", clock=SystemClock())
        return self.http.post(f"/internal/v1/{path}/", json=body, headers={service_tokens.HEADER: token})


@pytest.fixture
def settings() -> Settings:
    return Settings(
        PlatformSettings(
            public_url="https://archive.test", documents_url="", bus_url="", blobs_url="", secret=SECRET
        )
    )


@pytest.fixture
def platform(tmp_path: Path, settings: Settings) -> Platform:
    service = over(SqliteDocuments(tmp_path / "permissions.db", COLLECTIONS), settings)
    return Platform(service, app_for(service, settings).test_client())


@pytest.fixture
def administrator(platform: Platform) -> str:
    issued = create_first_administrator(platform.service.directory, username="root")
    assert issued is not None
    return issued.secret


@pytest.fixture
def person(platform: Platform) -> Callable[[str], str]:
    """Create a user and return a token of theirs."""

    def create(username: str) -> str:
        user = add_user(platform.service.directory, username=username, administrator=False)
        return issue(platform.service.directory, user, name="test").secret

    return create
