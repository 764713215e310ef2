"""permissions on a folder of its own, with people who act and a clock that tests move; used by tests of several parts."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import argon2
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from archive_shared.clock import SystemClock
from archive_shared.documents.sqlite import SqliteDocuments
from archive_shared.http import service_tokens
from archive_shared.settings import PlatformSettings
from permissions.adapters.argon2_passwords import Argon2Passwords
from permissions.bootstrap import COLLECTIONS, Permissions, over
from permissions.domain.user import User
from permissions.entrypoints.http.app import app_for
from permissions.settings import Settings
from permissions.use_cases.change_members import make_first_editor
from permissions.use_cases.directory import Directory, Verify
from permissions.use_cases.manage_tokens import create_first_administrator, issue
from permissions.use_cases.manage_users import add_user

SITE = "https://archive.test"
SECRET = b"a secret of at least thirty-two bytes!"
ARCHIVE = "6f4f3a8e-1a2b-4c3d-8e4f-5a6b7c8d9e0f"
_WEAK = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)  # tests need no strength, but speed


@dataclass
class MovedClock:
    """A clock that stands still until a test moves it; every look at it is a microsecond later, so that there is an order."""

    time: datetime = datetime(2026, 11, 23, 12, tzinfo=UTC)

    def now(self) -> datetime:
        self.time += timedelta(microseconds=1)
        return self.time

    def move(self, **span: float) -> None:
        self.time += timedelta(**span)


@dataclass
class PermissionsService:
    """The service under test, as its clients reach it."""

    service: Permissions
    http: FlaskClient
    clock: MovedClock
    tokens: dict[str, str] = field(default_factory=dict)

    @property
    def directory(self) -> Directory:
        return self.service.directory

    def call(self, method: str, path: str, who: str | None = None, **content: Any) -> TestResponse:
        """Send a request as somebody: by the name of a person made here, or with any token."""
        token = self.tokens.get(who, who) if who else None
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        if method in ("POST", "PATCH", "PUT"):
            content.setdefault("json", {})
        full = path if path.startswith("/") else f"/api/v1/{path}"
        return self.http.open(full, method=method, headers=headers | content.pop("headers", {}), **content)

    def ok(self, method: str, path: str, who: str | None = None, **content: Any) -> Any:
        """Send a request that must succeed, and return what it answers."""
        answer = self.call(method, path, who, **content)
        assert answer.status_code < 300, answer.text
        return answer.get_json(silent=True)

    def internal(self, path: str, body: dict[str, Any]) -> TestResponse:
        token = service_tokens.issue(SECRET, service="archive-api", clock=SystemClock())
        return self.http.post(f"/internal/v1/{path}/", json=body, headers={service_tokens.HEADER: token})

    def person(self, name: str, *, administrator: bool = False, email: str = "") -> str:
        """Make a user and return their token."""
        user = add_user(self.directory, username=name, administrator=administrator, email=email)
        self.tokens[name] = issue(self.directory, user, name="test").secret
        return self.tokens[name]

    def people(self, *names: str) -> None:
        for name in names:
            self.person(name)

    def user(self, name: str) -> User:
        return self.directory.users.find({"username": name})[0]

    def archive(self, editor: str, identifier: str = ARCHIVE) -> str:
        """Make somebody the first editor of an archive."""
        make_first_editor(self.directory, archive=identifier, user=self.user(editor).id)
        return identifier

    def give(self, name: str, role: str, *, by: str, archive: str = ARCHIVE) -> None:
        self.ok("POST", f"archives/{archive}/members/", by, json={"user": name, "role": role})

    def take(self, name: str, role: str, *, by: str, archive: str = ARCHIVE) -> None:
        self.ok("DELETE", f"archives/{archive}/members/{self.user(name).id}/{role}/", by)

    def roles(self, name: str, archive: str = ARCHIVE) -> list[str]:
        roster = self.directory.rosters.get(archive)
        return [] if roster is None else [role.value for role in roster.of(self.user(name).id)]

    def may(
        self, who: str | None, action: str, archive: str | None = ARCHIVE, *, public: bool = False
    ) -> bool:
        token = self.tokens.get(who, who) if who else None
        question = {"action": action, "archive": archive, "public": public}
        answer = self.internal("decisions", {"token": token, "questions": [question]})
        assert answer.status_code == 200, answer.text
        return bool(answer.get_json()["allowed"][0])

    def trail(self) -> list[tuple[str, str, str | None]]:
        """Return who did what to whom, oldest first."""
        lines = self.directory.trail.lines.find(sort=[("at", 1)])
        return [
            (
                line.act.actor.username,
                line.act.action,
                line.act.subject.username if line.act.subject else None,
            )
            for line in lines
        ]

    def administrator(self, name: str = "root") -> str:
        issued = create_first_administrator(self.directory, username=name)
        assert issued is not None
        self.tokens[name] = issued.secret
        return issued.secret


def permissions_settings(*, gateways: tuple[str, ...] = (), **own: Any) -> Settings:
    platform = PlatformSettings(
        public_url=SITE, documents_url="", bus_url="", blobs_url="", secret=SECRET, gateways=gateways
    )
    return Settings(platform, **own)


def permissions_service(
    folder: Path, *, settings: Settings | None = None, verify: Verify | None = None
) -> PermissionsService:
    """Build the service on a folder."""
    settings = settings or permissions_settings()
    clock = MovedClock()
    documents = SqliteDocuments(folder / "permissions.db", COLLECTIONS)
    service = over(documents, settings, clock=clock, passwords=Argon2Passwords(_WEAK), verify=verify)
    return PermissionsService(service, app_for(service, settings).test_client(use_cookies=False), clock)
