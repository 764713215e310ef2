"""Items in order of their titles, ages, changes and values: page by page, of one archive or of several."""

from typing import Any
from urllib.parse import urlencode

import pytest

from archive_api.use_cases import in_order
from tests.support.archive_service import SITE, Answer, ArchiveService
from tests.support.sockets import a_socket

ITEMS = "/api/v1/archives/items/"
SCORES = {"b": 0.5, "c": 2, "a": 0.5, "d": None, "e": -1}


@pytest.fixture
def scored(service: ArchiveService, editor: str, archive: str) -> str:
    a_socket(service, "Score", "Float")
    for title, score in SCORES.items():
        add(service, editor, archive, title, score)
    service.settle()
    return archive


def add(service: ArchiveService, token: str, archive: str, title: str, score: float | None = None) -> None:
    values = [] if score is None else [{"interface": "score", "value": score}]
    sent = {"archive": f"{SITE}/api/v1/archives/{archive}/", "title": title, "values": values}
    assert service.call("POST", ITEMS, token, json=sent).status_code == 201


def get(service: ArchiveService, token: str, **query: Any) -> Answer:
    return service.call("GET", f"{ITEMS}?{urlencode(query)}", token)


def walked(service: ArchiveService, token: str, **query: Any) -> list[str]:
    """Return the titles on all pages of two, by cursor."""
    titles: list[str] = []
    url: str | None = f"{ITEMS}?{urlencode({**query, 'limit': 2, 'cursor': ''})}"
    while url:
        answer = service.call("GET", url, token).json
        titles += [each["title"] for each in answer["results"]]
        url = answer["next"]
    return titles


def test_items_come_by_title_age_and_change_in_both_directions(
    service: ArchiveService, editor: str, scored: str
) -> None:
    [first] = service.library.items.find({"title": "b"})
    sent = {"values": [{"interface": "score", "value": 0.25}]}
    service.call("PATCH", f"{ITEMS}{first.id}/", editor, json=sent)

    expected = {"title": "abcde", "created": "bcade", "modified": "cadeb"}
    for name, titles in expected.items():
        for ordering, wanted in ((name, titles), (f"-{name}", titles[::-1])):
            by_offset = get(service, editor, archive=scored, ordering=ordering).json["results"]
            assert "".join(each["title"] for each in by_offset) == wanted, ordering
            assert "".join(walked(service, editor, archive=scored, ordering=ordering)) == wanted, ordering


def test_items_come_by_a_value_and_those_without_one_do_not(
    service: ArchiveService, editor: str, scored: str
) -> None:
    up = walked(service, editor, archive=scored, ordering="value[score]")
    down = walked(service, editor, archive=scored, ordering="-value[score]")

    assert [up[0], set(up[1:3]), up[3:]] == ["e", {"a", "b"}, ["c"]]
    assert down == up[::-1]


def test_what_is_filtered_comes_by_a_value_or_by_age(
    service: ArchiveService, editor: str, scored: str
) -> None:
    above = {"archive": scored, "value[score][gte]": 0.5}

    assert walked(service, editor, **above, ordering="-value[score]")[0] == "c"
    assert walked(service, editor, archive=scored, search="a", ordering="value[score]") == ["a"]
    refused = get(service, editor, **above, ordering="title")
    assert (refused.status_code, refused.json["errors"].keys()) == (400, {"ordering"})


def test_items_of_several_archives_are_put_together_in_order(
    service: ArchiveService, editor: str, scored: str
) -> None:
    other = service.archive(editor=editor)
    add(service, editor, other, "bb")
    add(service, service.people.add_person("root", administrator=True), service.archive(), "hidden")

    assert walked(service, editor, ordering="-title") == ["e", "d", "c", "bb", "b", "a"]


def test_an_order_that_no_index_has_is_refused(
    service: ArchiveService, editor: str, scored: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = service.people.add_person("root", administrator=True)
    monkeypatch.setattr(in_order, "MOST_MERGED", 1)
    service.archive(editor=editor)

    for token, ordering in ((root, "title"), (editor, "-modified"), (editor, "value[score]")):
        assert get(service, token, ordering=ordering).status_code == 400, ordering
    assert get(service, editor, archive=scored, ordering="size").status_code == 400


def test_a_cursor_of_another_order_is_refused(service: ArchiveService, editor: str, scored: str) -> None:
    query = {"archive": scored, "limit": 2, "cursor": ""}
    following = get(service, editor, **query, ordering="title").json["next"]

    assert service.call("GET", following.replace("title", "modified"), editor).status_code == 400
