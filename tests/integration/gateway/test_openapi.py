"""The OpenAPI document: current, and true of what the services answer to everything it allows."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import sampled_from
from schemathesis import Case
from schemathesis.checks import (
    content_type_conformance,
    not_a_server_error,
    response_schema_conformance,
    status_code_conformance,
)

from archive_gateway.openapi.__main__ import TARGET, written
from archive_gateway.openapi.operations import OPERATIONS
from tests.integration.gateway.documented_scene import ME, DocumentedScene, documented_scene, path_of
from tests.support.assembled_platform import SITE

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
DOCUMENT = json.loads(TARGET.read_text(encoding="utf-8"))
ASKED = [key for key in OPERATIONS if key != ("DELETE", "/api/v1/sessions/current/")]  # it signs out
EXAMPLES = 6


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DocumentedScene]:
    with documented_scene(tmp_path_factory.mktemp("slide")) as made:
        yield made


@pytest.fixture(scope="module")
def described(scene: DocumentedScene) -> Any:
    found = schemathesis.openapi.from_dict(DOCUMENT)
    found.app = scene.platform.front
    return found


def test_the_document_is_current(scene: DocumentedScene) -> None:
    assert TARGET.read_text(encoding="utf-8") == written(scene.platform.services), "run `make contracts`"


def test_every_row_of_the_table_is_a_route(scene: DocumentedScene) -> None:
    routes = {
        (method, rule.rule)
        for app in scene.platform.services.values()
        for rule in app.url_map.iter_rules()
        for method in rule.methods or ()
    }

    assert routes >= OPERATIONS.keys()


def test_every_post_but_signing_in_takes_an_idempotency_key() -> None:
    without = [
        path
        for path, operations in DOCUMENT["paths"].items()
        if "post" in operations
        and "Idempotency-Key" not in {each["name"] for each in operations["post"]["parameters"]}
    ]

    assert without == ["/api/v1/sessions/"]


def test_every_route_says_in_a_sentence_what_it_does_and_each_part_of_it_what_it_is() -> None:
    silent = [
        f"{method} {path} {part}"
        for path, operations in DOCUMENT["paths"].items()
        for method, operation in operations.items()
        if method != "parameters"
        for part, said in _said(operation)
        if not said.endswith((".", "`"))
    ]

    assert silent == []


def _said(operation: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what is said of an operation, of its parameters beside those of the path, and of its answers."""
    yield "summary", operation.get("summary", "")
    for parameter in operation["parameters"]:
        yield parameter["name"], parameter.get("description", "")
    for status, answer in operation["responses"].items():
        yield status, answer["description"]


@pytest.mark.parametrize(("method", "route"), ASKED, ids=[" ".join(each) for each in ASKED])
def test_every_route_answers_as_the_document_says(
    scene: DocumentedScene, described: Any, method: str, route: str
) -> None:
    """Ask with whatever the document allows, mostly about things that are there: each is made for its question."""
    token = {"Authorization": f"Bearer {scene.platform.tokens[ME]}"}

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=described[path_of(route)][method].as_strategy(), real=sampled_from([True, True, False]))
    def answers(case: Case[Any], real: bool) -> None:
        if real:
            fill_in(case, scene, route)
        case.call_and_validate(headers=token, checks=CHECKS)

    answers()


def fill_in(case: Case[Any], scene: DocumentedScene, route: str) -> None:
    """Let a question be about what there is, wherever it names something."""
    values = scene.path_values(route)
    case.path_parameters = {name: values[name] for name in case.path_parameters or {}}
    if "archive" in (case.query or {}):
        case.query["archive"] = scene.archive
    if isinstance(case.body, dict) and "archive" in case.body:
        case.body["archive"] = f"{SITE}/api/v1/archives/{scene.archive}/"
