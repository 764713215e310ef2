"""Every route of the OpenAPI document, asked well once: the answer is one it names, and holds what it says and nothing else."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from werkzeug.test import TestResponse

from archive_gateway.openapi.__main__ import TARGET
from archive_gateway.openapi.operations import OPERATIONS
from tests.integration.gateway.documented_scene import ME, DocumentedScene, documented_scene, path_of

DOCUMENT = json.loads(TARGET.read_text(encoding="utf-8"))
REDIRECTIONS = (302, 303)


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DocumentedScene]:
    with documented_scene(tmp_path_factory.mktemp("slide")) as made:
        yield made


def closed(schema: Any) -> Any:
    """Return a schema that allows no more than it names: readers are told of every field there is."""
    if isinstance(schema, list):
        return [closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {name: closed(each) for name, each in schema.items()}
    names_fields = isinstance(schema.get("properties"), dict) and schema.get("type") == "object"
    return inner | ({"additionalProperties": False} if names_fields else {})


CLOSED = closed(DOCUMENT["components"])


def faults(schema: Any, answer: Any) -> list[str]:
    whole = {"components": CLOSED, **closed(schema)}
    return [
        f"{error.json_path}: {error.message}" for error in Draft202012Validator(whole).iter_errors(answer)
    ]


def described(method: str, route: str) -> dict[str, Any]:
    found: dict[str, Any] = DOCUMENT["paths"][path_of(route)][method.lower()]
    return found


def require_as_described(answer: TestResponse, method: str, route: str) -> None:
    """Check the status, the content type, and JSON by its schema."""
    responses = described(method, route)["responses"]
    assert str(answer.status_code) in responses, answer.get_data(as_text=True)[:500]
    content = responses[str(answer.status_code)].get("content", {})
    assert (answer.mimetype in content) if content else not answer.get_data()
    if answer.mimetype == "application/json":
        assert faults(content["application/json"]["schema"], answer.get_json()) == []


@pytest.mark.parametrize(("method", "route"), OPERATIONS, ids=[" ".join(each) for each in OPERATIONS])
def test_what_is_asked_well_is_answered_as_the_document_says(
    scene: DocumentedScene, method: str, route: str
) -> None:
    answer = scene.send(scene.request(method, route))

    assert answer.status_code < 300 or answer.status_code in REDIRECTIONS, answer.get_data(as_text=True)
    require_as_described(answer, method, route)
    shown = answer.get_json() if answer.mimetype == "application/json" else None
    assert not isinstance(shown, dict) or shown.get("results") != [], "an empty list shows nothing"


def test_a_table_that_is_only_tried_is_answered_with_counts(scene: DocumentedScene) -> None:
    path, sent = f"/api/v1/archives/{scene.archive}/import/", {"content": "title\nfirst\n", "dry_run": True}

    answer = scene.platform.call("POST", path, ME, json=sent)

    assert answer.status_code == 200
    require_as_described(answer, "POST", "/api/v1/archives/<pk>/import/")


def test_a_session_that_is_only_tried_is_answered_with_places(scene: DocumentedScene) -> None:
    path = "/api/v1/cases/upload-sessions/"
    sent = {
        "uploads": [scene.platform.uploaded(ME)],
        "archive": scene.archive,
        "grouping": {"by": "folder"},
        "dry_run": True,
    }

    answer = scene.platform.call("POST", path, ME, json=sent)

    assert answer.status_code == 200
    require_as_described(answer, "POST", path)


@pytest.mark.parametrize(
    "query",
    ["?value[score][gte]=0.4", "?value[score]=0.5", "?image[patient_id]=P1&socket=generic-medical-image"],
)
def test_the_filters_of_items_are_those_the_document_names(scene: DocumentedScene, query: str) -> None:
    named = {each["name"] for each in described("GET", "/api/v1/archives/items/")["parameters"]}
    assert {re.split(r"[\[=]", each)[0] for each in query.removeprefix("?").split("&")} <= named

    answer = scene.platform.call("GET", f"/api/v1/archives/items/{query}&archive={scene.archive}", ME)

    require_as_described(answer, "GET", "/api/v1/archives/items/")
    assert answer.get_json()["results"] != []


def test_a_field_that_the_document_does_not_name_would_be_noticed(scene: DocumentedScene) -> None:
    shown = scene.send(scene.request("GET", "/api/v1/webhooks/<pk>/")).get_json()

    assert faults({"$ref": "#/components/schemas/Webhook"}, shown | {"more": 1}) != []
