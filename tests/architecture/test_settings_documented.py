"""`.env.example` names every setting anybody reads, with its default; docker compose hands all of them on."""

import importlib
import os
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.support.compose import EXAMPLE, ROOT, written_services

REQUIRED = {
    "ARCHIVE_PUBLIC_URL": "http://localhost:8080",
    "ARCHIVE_DOCUMENTS_URL": "sqlite:////folder",
    "ARCHIVE_BUS_URL": "sqlite:////folder/bus.db",
    "ARCHIVE_BLOBS_URL": "file:///folder",
    "ARCHIVE_SECRET": "a secret of at least thirty-two bytes!",
}
NOT_IN_COMPOSE = {"ARCHIVE_IMPORT_SCRATCH"}  # the image says where it is
ASSIGNED = re.compile(r"^(?P<off>#)?(?P<name>[A-Z][A-Z_]+)=(?P<value>.*)$", re.MULTILINE)
MENTIONED = re.compile(r"^# {3}(?P<name>[A-Z][A-Z_]+)\b", re.MULTILINE)


class Recording(dict[str, str]):
    """An environment that has everything, and notes what was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: set[str] = set()

    def __missing__(self, name: str) -> str:
        self.asked.add(name)
        return REQUIRED.get(name, "1")

    def __contains__(self, name: object) -> bool:
        return True


def readers() -> Iterator[Callable[[], Any]]:
    """Find the reading function of every settings module in the tree."""
    for file in sorted(ROOT.glob("s*/**/settings.py")):
        module = importlib.import_module(f"{file.parent.name}.settings")
        functions = [value for name, value in vars(module).items() if name.startswith("read_")]
        yield from (function for function in functions if function.__module__ == module.__name__)


def variables_read(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    recording = Recording()
    monkeypatch.setattr(os, "environ", recording)
    for read in readers():
        read()
    monkeypatch.undo()
    return {name for name in recording.asked if name.startswith("ARCHIVE_")}


def documented() -> dict[str, str | None]:
    """Return every documented variable with its default, None for those that are not commented out."""
    text = EXAMPLE.read_text()
    found: dict[str, str | None] = {match["name"]: None for match in MENTIONED.finditer(text)}
    for match in ASSIGNED.finditer(text):
        found[match["name"]] = match["value"] if match["off"] else None
    return found


def used_by_compose() -> set[str]:
    return set(re.findall(r"\$\{(\w+)[:}]", (ROOT / "docker-compose.yml").read_text()))


def test_settings_modules_are_found() -> None:
    assert len(list(readers())) >= 4


def test_every_variable_is_documented_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    assert set(documented()) == variables_read(monkeypatch) | used_by_compose()


def test_documented_defaults_are_the_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    defaults = {name: value for name, value in documented().items() if value is not None}
    for name in [name for name in os.environ if name.startswith("ARCHIVE_")]:
        monkeypatch.delenv(name)
    for name, value in REQUIRED.items():
        monkeypatch.setenv(name, value)
    without = [read() for read in readers()]

    for name, value in defaults.items():
        monkeypatch.setenv(name, value)

    assert [read() for read in readers()] == without
    assert len(defaults) >= 10


def test_compose_hands_every_variable_on(monkeypatch: pytest.MonkeyPatch) -> None:
    handed = {name for service in written_services().values() for name in service.get("environment", {})}

    assert variables_read(monkeypatch) - NOT_IN_COMPOSE <= handed


def test_only_secrets_must_be_filled_in() -> None:
    empty = {match["name"] for match in ASSIGNED.finditer(EXAMPLE.read_text()) if not match["value"]}

    assert empty == {
        "ARCHIVE_SECRET",
        "RABBITMQ_PASSWORD",
        "MONGO_PASSWORD",
        "ARCHIVE_BLOBS_ACCESS_KEY",
        "ARCHIVE_BLOBS_SECRET_KEY",
    }
