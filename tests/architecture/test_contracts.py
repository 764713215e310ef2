"""The catalogue is complete, and what is generated from it is current, valid and true."""

import dataclasses
import importlib
import json
import pkgutil
import re
import types
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

import archive_shared.events
from archive_shared.events import Event, ImageImported, PreviewReady, envelope
from archive_shared.wire import generate
from archive_shared.wire.catalogue import CATALOGUE, Entry, event_class
from archive_shared.wire.cloud_events import encode
from archive_shared.wire.schemas import event_schema

ROOT = Path(__file__).parents[2]
TYPE = re.compile(r"archive\.[a-z]+\.[a-z_]+\.v[1-9][0-9]*")
SERVICES = {path.name for path in (ROOT / "services").iterdir()}

every_event = pytest.mark.parametrize("entry", CATALOGUE, ids=lambda entry: entry.event.__name__)


def test_every_event_is_in_the_catalogue_once() -> None:
    for module in pkgutil.iter_modules(archive_shared.events.__path__):
        importlib.import_module(f"archive_shared.events.{module.name}")
    defined = [kind for kind in Event.__subclasses__() if kind.__module__.startswith("archive_shared.")]

    listed = [entry.event for entry in CATALOGUE]

    assert sorted(listed, key=str) == sorted(defined, key=str)


def test_types_are_unique_and_found_again() -> None:
    found = [event_class(entry.event.TYPE) for entry in CATALOGUE]

    assert found == [entry.event for entry in CATALOGUE]
    assert event_class("archive.item.exploded.v1") is None


@every_event
def test_a_type_names_entity_verb_and_version(entry: Entry) -> None:
    assert TYPE.fullmatch(entry.event.TYPE)


@every_event
def test_the_subject_is_a_field_that_always_has_a_value(entry: Entry) -> None:
    assert get_type_hints(entry.event)[entry.event.SUBJECT] is str


@every_event
def test_producers_and_consumers_are_services(entry: Entry) -> None:
    assert {entry.producer, *entry.consumers} <= SERVICES


def test_the_checked_in_contracts_are_current() -> None:
    assert generate.stale(ROOT / "docs" / "contracts") == [], "run `make contracts`"


def test_a_changed_a_missing_and_a_left_over_contract_are_stale_until_written(tmp_path: Path) -> None:
    generate.write(tmp_path)
    (tmp_path / "asyncapi.yaml").write_text("asyncapi: 2.0.0\n")
    (tmp_path / "events.md").unlink()
    (tmp_path / "events" / "archive.item.exploded.v1.schema.json").write_text("{}")

    found = generate.stale(tmp_path)
    generate.write(tmp_path)

    assert found == ["asyncapi.yaml", "events.md", "events/archive.item.exploded.v1.schema.json"]
    assert generate.stale(tmp_path) == []


@every_event
def test_schemas_are_valid_json_schema(entry: Entry) -> None:
    Draft202012Validator.check_schema(event_schema(entry.event))


def test_the_asyncapi_payloads_are_the_events_schemas() -> None:
    document = yaml.safe_load(generate.contracts()["asyncapi.yaml"])

    payloads = {
        message["name"]: message["payload"] for message in document["components"]["messages"].values()
    }

    for payload in payloads.values():
        Draft202012Validator.check_schema(payload)
    expected = {entry.event.TYPE: event_schema(entry.event) for entry in CATALOGUE}
    dialect = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    assert {name: dialect | payload for name, payload in payloads.items()} == expected


def test_the_asyncapi_references_lead_somewhere() -> None:
    document = yaml.safe_load(generate.contracts()["asyncapi.yaml"])

    for reference in _references(document):
        target = document
        for step in reference.removeprefix("#/").split("/"):
            target = target[step]
        assert target


def test_a_published_event_has_the_headers_and_body_that_asyncapi_promises() -> None:
    document = yaml.safe_load(generate.contracts()["asyncapi.yaml"])
    event = PreviewReady(image="b2a4")

    message = encode(envelope(event, source="tiler", sequence=7, at=datetime(2026, 11, 23, tzinfo=UTC)))

    headers = document["components"]["schemas"]["CloudEventHeaders"]
    assert set(message.headers) == set(headers["properties"])
    Draft202012Validator(headers).validate(dict(message.headers))
    payload = document["components"]["messages"]["PreviewReady"]["payload"]
    Draft202012Validator(payload).validate(json.loads(message.body))


def test_the_asyncapi_operations_are_the_catalogues_producers_and_consumers() -> None:
    document = yaml.safe_load(generate.contracts()["asyncapi.yaml"])

    sends = {f"{entry.producer}.sends.{entry.event.__name__}" for entry in CATALOGUE}
    receives = {f"{who}.receives.{entry.event.__name__}" for entry in CATALOGUE for who in entry.consumers}
    assert set(document["operations"]) == sends | receives


@every_event
def test_the_page_for_people_describes_every_field(entry: Entry) -> None:
    section = generate.contracts()["events.md"].split(f"## {entry.event.__name__}\n")[1].split("\n## ")[0]

    for field in dataclasses.fields(entry.event):
        assert f"| `{field.name}` |" in section


@every_event
@given(data=st.data())
def test_every_sample_of_an_event_meets_its_schema(entry: Entry, data: st.DataObject) -> None:
    sample = data.draw(_samples(entry.event))
    body = json.loads(json.dumps(dataclasses.asdict(sample)))

    Draft202012Validator(event_schema(entry.event)).validate(body)


@every_event
def test_a_schema_refuses_an_event_that_lacks_its_subject(entry: Entry) -> None:
    validator = Draft202012Validator(event_schema(entry.event))

    assert any(entry.event.SUBJECT in error.message for error in validator.iter_errors({}))


def test_a_schema_allows_what_a_later_addition_brings_and_refuses_a_wrong_type() -> None:
    schema = event_schema(event_class("archive.preview.ready.v1") or Event)
    validator = Draft202012Validator(schema)

    assert validator.is_valid({"image": "i", "width_px": 640})
    assert not validator.is_valid({"image": 7})


def test_descriptions_come_from_the_docstrings() -> None:
    schema = event_schema(ImageImported)

    assert schema["description"].startswith("An uploaded image is stored: in its canonical form")
    assert schema["properties"]["sources"]["description"] == "Names of the uploaded files it was made from."
    assert schema["properties"]["archive"]["description"] == schema["properties"]["item"]["description"]


def _samples(hint: Any) -> st.SearchStrategy[Any]:
    """Build values from types, independently of how the schemas are built."""
    simple = {
        str: st.text(),
        int: st.integers(),
        float: st.floats(allow_nan=False, allow_infinity=False),
        bool: st.booleans(),
        types.NoneType: st.none(),
    }
    if hint in simple:
        return simple[hint]
    if get_origin(hint) is list:
        return st.lists(_samples(get_args(hint)[0]), max_size=3)
    if get_origin(hint) is types.UnionType:
        return st.one_of([_samples(option) for option in get_args(hint)])
    hints = get_type_hints(hint)
    return st.builds(hint, **{field.name: _samples(hints[field.name]) for field in dataclasses.fields(hint)})


def _references(node: Any) -> list[str]:
    if isinstance(node, list):
        return [found for each in node for found in _references(each)]
    if not isinstance(node, dict):
        return []
    own = [node["$ref"]] if "$ref" in node else []
    return own + [found for each in node.values() for found in _references(each)]
