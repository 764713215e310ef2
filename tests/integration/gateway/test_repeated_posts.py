"""Every POST may carry an Idempotency-Key: it is done once, however often it is sent, and answered the same."""

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest

from archive_gateway.openapi.operations import OPERATIONS
from archive_shared.identifiers import new_id
from tests.integration.gateway.documented_scene import ME, DocumentedScene, documented_scene

POSTS = [
    route
    for method, route in OPERATIONS
    # Nobody is signed in yet whose key it could be; who signs in twice has two sessions, which end by themselves.
    if method == "POST" and route != "/api/v1/sessions/"
]


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DocumentedScene]:
    with documented_scene(tmp_path_factory.mktemp("slide")) as made:
        yield made


@pytest.mark.parametrize("route", POSTS)
def test_a_post_that_is_sent_again_with_its_key_is_answered_as_the_first_time(
    scene: DocumentedScene, route: str
) -> None:
    asked, key = scene.request("POST", route), {"Idempotency-Key": new_id()}

    first, second = (scene.send(asked, headers=key) for _ in range(2))

    assert first.status_code < 300, first.text
    assert (second.status_code, second.text) == (first.status_code, first.text)


@pytest.mark.parametrize("route", POSTS)
def test_a_key_is_refused_for_another_body(scene: DocumentedScene, route: str) -> None:
    asked, key = scene.request("POST", route), {"Idempotency-Key": new_id()}
    assert scene.send(asked, headers=key).status_code < 300

    body = json.dumps(asked.content.get("json", {})) + " "  # as good, and not the same bytes
    changed = replace(asked, content={"data": body, "content_type": "application/json"})

    assert scene.send(changed, headers=key).status_code == 422


def test_a_key_makes_one_thing(scene: DocumentedScene) -> None:
    path, key = "/api/v1/uploads/", {"Idempotency-Key": new_id()}

    made = {
        scene.platform.ok("POST", path, ME, json={"filename": "a.mha"}, headers=key)["pk"] for _ in range(3)
    }

    assert len(made) == 1


def test_the_key_of_somebody_is_not_that_of_another(scene: DocumentedScene) -> None:
    path, key = "/api/v1/uploads/", {"Idempotency-Key": new_id()}

    made = {
        scene.platform.ok("POST", path, who, json={"filename": "a.mha"}, headers=key)["pk"]
        for who in (ME, "editor")
    }

    assert len(made) == 2


def test_the_answer_that_holds_a_token_is_kept_sealed(scene: DocumentedScene) -> None:
    key = {"Idempotency-Key": new_id()}
    issued = scene.platform.ok("POST", "/api/v1/tokens/", ME, json={"name": "t"}, headers=key)

    kept = [answer.text for answer in scene.platform.directory.answers.repository.find()]

    assert kept
    assert not any(issued["token"] in text or issued["pk"] in text for text in kept)
