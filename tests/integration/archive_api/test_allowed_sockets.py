"""Archives that take values for some sockets only, by whatever way they come."""

from typing import Any

import pytest

from archive_api.use_cases.place_image import Outcome, place_image
from tests.support.archive_service import SITE, Answer, ArchiveService
from tests.support.imports import an_import
from tests.support.sockets import a_socket

ITEMS = "/api/v1/archives/items/"


@pytest.fixture
def scores_only(service: ArchiveService, editor: str, archive: str) -> str:
    """An archive that takes scores, and no text."""
    a_socket(service, "Score", "Float")
    a_socket(service, "Remark", "String")
    answer = allow(service, editor, archive, "score")
    assert (answer.status_code, answer.json["allowed_sockets"]) == (200, ["score"])
    return archive


def allow(service: ArchiveService, token: str, archive: str, *sockets: str) -> Answer:
    sent = {"allowed_sockets": list(sockets)}
    return service.call("PATCH", f"/api/v1/archives/{archive}/", token, json=sent)


def address(archive: str) -> str:
    return f"{SITE}/api/v1/archives/{archive}/"


def create(service: ArchiveService, token: str, archive: str, **values: Any) -> Answer:
    sent = [{"interface": socket, "value": value} for socket, value in values.items()]
    return service.call("POST", ITEMS, token, json={"archive": address(archive), "values": sent})


def test_only_allowed_sockets_get_values(service: ArchiveService, editor: str, scores_only: str) -> None:
    refused = create(service, editor, scores_only, score=0.5, remark="Mr. X")

    assert create(service, editor, scores_only, score=0.5).status_code == 201
    assert (refused.status_code, refused.json["errors"].keys()) == (400, {"values.1.interface"})


def test_rows_and_tables_are_held_to_it(service: ArchiveService, editor: str, scores_only: str) -> None:
    values = [{"interface": "remark", "value": "Mr. X"}]
    rows = {"archive": address(scores_only), "rows": [{"operation": "create", "values": values}]}
    table = {"content": "title,remark\na,Mr. X\n"}

    assert service.call("POST", f"{ITEMS}bulk/", editor, json=rows).status_code == 400
    imported = service.call("POST", f"/api/v1/archives/{scores_only}/import/", editor, json=table)
    assert imported.status_code == 400


def test_imports_are_held_to_it(service: ArchiveService, scores_only: str) -> None:
    assert place_image(service.library, an_import("a.mha", archive=scores_only)) is Outcome.DOES_NOT_FIT
    assert service.library.items.count({"archive": scores_only}) == 0


def test_moves_and_copies_are_held_to_it(service: ArchiveService, editor: str, scores_only: str) -> None:
    elsewhere = service.archive(editor=editor)
    item = create(service, editor, elsewhere, remark="Mr. X").json["api_url"]

    for action in ("move", "copy"):
        sent = {"archive": address(scores_only)}
        answer = service.call("POST", f"{item}{action}/", editor, json=sent)
        assert (answer.status_code, answer.json["errors"].keys()) == (400, {"archive"})


def test_what_is_there_stays_and_an_empty_list_allows_all(
    service: ArchiveService, editor: str, scores_only: str
) -> None:
    allow(service, editor, scores_only)
    item = create(service, editor, scores_only, remark="Mr. X").json["api_url"]
    allow(service, editor, scores_only, "score")

    renamed = service.call("PATCH", item, editor, json={"title": "other"})

    assert renamed.status_code == 200
    assert len(renamed.json["values"]) == 1


def test_a_socket_that_is_not_there_cannot_be_allowed(
    service: ArchiveService, editor: str, archive: str
) -> None:
    answer = allow(service, editor, archive, "nowhere")

    assert (answer.status_code, answer.json["errors"].keys()) == (400, {"allowed_sockets"})
