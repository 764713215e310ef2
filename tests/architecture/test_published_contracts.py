"""What was published stays true: events change by addition only, and the page about them needs nothing but itself."""

import json
import re
import shutil
from copy import deepcopy
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from archive_shared.wire import publish
from archive_shared.wire.catalogue import CATALOGUE, Entry
from archive_shared.wire.cloud_events import CONTENT_TYPE, decode
from archive_shared.wire.compatibility import breaks
from archive_shared.wire.event_page import event_page, skeleton
from archive_shared.wire.schemas import event_schema

ROOT = Path(__file__).parents[2]
PUBLISHED = publish.published(ROOT / "docs" / "contracts" / "published")
ENTRIES = {entry.event.TYPE: entry for entry in CATALOGUE}

every_promise = pytest.mark.parametrize("type", PUBLISHED)

BEFORE: dict[str, Any] = {
    "title": "ThingHappened",
    "type": "object",
    "properties": {
        "thing": {"type": "string"},
        "kind": {"type": "string", "default": "plain"},
        "size": {"type": ["integer", "null"]},
        "parts": {
            "type": "array",
            "items": {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]},
        },
        "whole": {"anyOf": [{"type": "array", "items": {"type": "string"}}, {"type": "null"}]},
    },
    "required": ["thing", "size", "parts", "whole"],
}


def test_events_are_published() -> None:
    assert "archive.item.created.v1" in PUBLISHED


def test_every_promise_is_kept() -> None:
    assert publish.broken_promises(ROOT / "docs" / "contracts" / "published") == {}, (
        "see docs/contracts/README.md"
    )


@every_promise
def test_who_reads_the_published_version_understands_what_is_said_today(type: str) -> None:
    said = skeleton(event_schema(ENTRIES[type].event))

    Draft202012Validator(PUBLISHED[type]).validate(said)


@every_promise
def test_what_was_said_when_it_was_published_is_understood_today(type: str) -> None:
    headers = {
        "ce-specversion": "1.0",
        "ce-id": "6f7c1f0e-0c2f-4a57-9d1b-2f6f0a1c9e11",
        "ce-type": type,
        "ce-source": "a-service",
        "ce-subject": "…",
        "ce-time": "2026-11-26T08:30:00.000000Z",
        "ce-sequence": "00000000000000000001",
    }

    received = decode(headers, CONTENT_TYPE, json.dumps(skeleton(PUBLISHED[type])).encode())

    assert isinstance(received.event, ENTRIES[type].event)


# --- What counts as an addition --------------------------------------------------------------------------------------------


def change(path: str, value: Any) -> dict[str, Any]:
    """Return the schema with something put, or removed for None, at a dotted path."""
    changed = deepcopy(BEFORE)
    *steps, last = path.split(".")
    target: Any = changed
    for step in steps:
        target = target[int(step)] if isinstance(target, list) else target[step]
    if value is None:
        del target[last]
    else:
        target[last] = value
    return changed


@pytest.mark.parametrize(
    "present",
    [
        BEFORE,
        change("properties.more", {"type": "string", "default": ""}),
        change("properties.parts.items.properties.more", {"type": "integer", "default": 0}),
        change("description", "In other words."),
        change("properties.thing.description", "In other words."),
    ],
)
def test_additions_and_words_break_nothing(present: dict[str, Any]) -> None:
    assert breaks(BEFORE, present) == []


@pytest.mark.parametrize(
    ("present", "reason"),
    [
        (change("properties.kind", None), "kind: is gone"),
        (change("properties.thing.type", "integer"), "thing: type was 'string' and is 'integer'"),
        (change("properties.thing.type", ["string", "null"]), "thing: type was"),
        (change("properties.kind.default", "other"), "kind: default was 'plain' and is 'other'"),
        (change("required", ["size", "parts", "whole"]), "thing: was always there and may be missing now"),
        (change("required", ["thing", "size", "parts", "whole", "kind"]), "kind: has no default"),
        (change("properties.parts.items.properties.name", None), "name: is gone"),
        (change("properties.parts.items.required", []), "name: was always there"),
        (change("properties.whole.anyOf.0.items.type", "integer"), "elements of whole: type was"),
        (change("properties.whole.anyOf", [{"type": "null"}]), "whole: was one of 2 kinds"),
        (change("properties.parts.items", None), "parts: has no items any more"),
        (change("properties.thing.maxLength", 10), "thing: maxLength was None and is 10"),
    ],
)
def test_anything_else_does(present: dict[str, Any], reason: str) -> None:
    assert [found for found in breaks(BEFORE, present) if found.startswith(reason)]


# --- Publishing ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What was published, to be changed at will."""
    return Path(shutil.copytree(ROOT / "docs" / "contracts" / "published", tmp_path / "published"))


def test_publishing_adds_what_is_new(folder: Path) -> None:
    publish.publish(folder)
    (folder / "archive.item.created.v1.schema.json").unlink()

    assert publish.publish(folder) == ["archive.item.created.v1"]
    assert publish.publish(folder) == []
    assert set(publish.published(folder)) == set(ENTRIES)


def test_nothing_is_published_while_a_promise_is_broken(folder: Path) -> None:
    promised = folder / "archive.item.created.v1.schema.json"
    schema = json.loads(promised.read_text())
    schema["properties"]["thumbnail"] = {"type": "string"}
    promised.write_text(json.dumps(schema))
    (folder / "archive.item.exploded.v1.schema.json").write_text("{}")

    with pytest.raises(SystemExit) as refusal:
        publish.publish(folder)

    assert "archive.item.created.v1: thumbnail: is gone" in str(refusal.value)
    assert "archive.item.exploded.v1: nobody says it any more" in str(refusal.value)
    assert json.loads(promised.read_text()) == schema


# --- The page --------------------------------------------------------------------------------------------------------------


class Page(HTMLParser):
    """What a page links to and what can be linked to, and whether its elements are closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.places: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        assert self._open == []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        told = dict(attributes)
        self.links += [value for name in ("href", "src") if (value := told.get(name))]
        self.places += [value for name in ("id",) if (value := told.get(name))]
        if tag != "meta":
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag


def test_the_page_loads_nothing() -> None:
    page = event_page()

    assert not re.search(r"<(script|link|img|iframe)|url\(|@import", page)
    assert not [link for link in Page(page).links if re.match(r"[a-z]+:|//", link)]


def test_the_pages_links_lead_somewhere() -> None:
    page = Page(event_page())

    for link in page.links:
        if link.startswith("#"):
            assert link.removeprefix("#") in page.places
        else:
            assert (ROOT / "docs" / "contracts" / link).is_file()


@pytest.mark.parametrize("entry", CATALOGUE, ids=lambda entry: entry.event.__name__)
def test_the_page_shows_every_event(entry: Entry) -> None:
    section = event_page().split(f'<section id="{entry.event.TYPE}">')[1].split("</section>")[0]

    assert f"ce-type: {entry.event.TYPE}" in section
    for name in event_schema(entry.event)["properties"]:
        assert f"<code>{name}</code>" in section
