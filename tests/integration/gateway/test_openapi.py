"""The OpenAPI document: current, and true of what the services answer to everything it allows."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case
from schemathesis.checks import (
    content_type_conformance,
    not_a_server_error,
    response_schema_conformance,
    status_code_conformance,
)

from archive_gateway.openapi.__main__ import TARGET, written
from archive_gateway.openapi.operations import OPERATIONS
from tests.support.assembled_platform import AssembledPlatform, assembled_platform

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
DOCUMENT = json.loads(TARGET.read_text(encoding="utf-8"))
ROUTES = [
    (path, method)
    for path, operations in DOCUMENT["paths"].items()
    for method in operations
    if method != "parameters" and not path.startswith("/api/v1/sessions/current")  # it signs out
]


@pytest.fixture(scope="module")
def platform() -> Iterator[AssembledPlatform]:
    with assembled_platform() as platform:
        platform.person("root", administrator=True)
        yield platform


@pytest.fixture(scope="module")
def known(platform: AssembledPlatform) -> dict[str, str]:
    """An archive with an image, by the names its parts have in paths."""
    archive = platform.archive(editor="root", public=True)
    image = platform.import_image(archive=archive, creator="root")
    return {"archive": archive, "image": image, "pk": archive}


@pytest.fixture(scope="module")
def described(platform: AssembledPlatform) -> Any:
    found = schemathesis.openapi.from_dict(DOCUMENT)
    found.app = platform.front
    return found


def test_the_document_is_current(platform: AssembledPlatform) -> None:
    assert TARGET.read_text(encoding="utf-8") == written(platform.services), "run `make contracts`"


def test_every_row_of_the_table_is_a_route(platform: AssembledPlatform) -> None:
    routes = {
        (method, rule.rule)
        for app in platform.services.values()
        for rule in app.url_map.iter_rules()
        for method in rule.methods or ()
    }

    assert routes >= OPERATIONS.keys()


@pytest.mark.parametrize(("path", "method"), ROUTES, ids=[f"{method} {path}" for path, method in ROUTES])
def test_every_route_answers_as_the_document_says(
    platform: AssembledPlatform, known: dict[str, str], described: Any, path: str, method: str
) -> None:
    token = {"Authorization": f"Bearer {platform.tokens['root']}"}

    @settings(
        max_examples=3,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=described[path][method].as_strategy(), real=...)
    def answers(case: Case[Any], real: bool) -> None:
        if real:
            case.path_parameters = {
                name: known.get(name, value) for name, value in (case.path_parameters or {}).items()
            }
        case.call_and_validate(headers=token, checks=CHECKS)

    answers()
