"""Users, tokens, members and decisions, as clients and services meet them."""

from collections.abc import Callable

import pytest

from archive_shared.http import service_tokens
from permissions.use_cases.manage_tokens import issue
from permissions.use_cases.manage_users import add_user
from tests.integration.permissions.conftest import Platform

ARCHIVE = "6f4f3a8e-1a2b-4c3d-8e4f-5a6b7c8d9e0f"


def user_id(platform: Platform, token: str) -> str:
    return str(platform.call("GET", "/api/v1/users/me/", token).get_json()["pk"])


def give(platform: Platform, token: str, role: str, *, by: str) -> None:
    username = platform.call("GET", "/api/v1/users/me/", token).get_json()["username"]
    answer = platform.call(
        "POST", f"/api/v1/archives/{ARCHIVE}/members/", by, json={"user": username, "role": role}
    )
    assert answer.status_code == 201, answer.get_json()


def decisions(platform: Platform, token: str | None, *actions: str, public: bool = False) -> list[bool]:
    questions = [{"action": action, "archive": ARCHIVE, "public": public} for action in actions]
    answer = platform.internal("decisions", {"token": token, "questions": questions})
    assert answer.status_code == 200, answer.get_json()
    return list(answer.get_json()["allowed"])


EVERYTHING = ("archive.view", "archive.use", "archive.upload", "archive.change")


@pytest.fixture
def editor(platform: Platform, person: Callable[[str], str]) -> str:
    token = person("ed")
    answer = platform.internal("first-editors", {"archive": ARCHIVE, "user": user_id(platform, token)})
    assert answer.status_code == 200
    return token


@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        ("user", [True, True, False, False]),
        ("uploader", [True, True, True, False]),
        ("editor", [True, True, True, True]),
    ],
)
def test_each_role_allows_what_the_table_says(
    platform: Platform, editor: str, person: Callable[[str], str], role: str, allowed: list[bool]
) -> None:
    member = person("member")
    give(platform, member, role, by=editor)

    assert decisions(platform, member, *EVERYTHING) == allowed


def test_an_outsider_may_nothing(platform: Platform, editor: str, person: Callable[[str], str]) -> None:
    assert decisions(platform, person("stranger"), *EVERYTHING) == [False] * 4


@pytest.mark.parametrize("known", [True, False])
def test_a_public_archive_shows_its_card_and_nothing_else(
    platform: Platform, editor: str, person: Callable[[str], str], known: bool
) -> None:
    token = person("stranger") if known else None

    assert decisions(platform, token, *EVERYTHING, public=True) == [True, False, False, False]


def test_an_administrator_may_everything(platform: Platform, administrator: str) -> None:
    assert decisions(platform, administrator, *EVERYTHING) == [True] * 4


def test_a_removed_role_is_gone_with_the_next_decision(
    platform: Platform, editor: str, person: Callable[[str], str]
) -> None:
    member = person("member")
    give(platform, member, "user", by=editor)

    path = f"/api/v1/archives/{ARCHIVE}/members/{user_id(platform, member)}/user/"
    assert platform.call("DELETE", path, editor).status_code == 204

    assert decisions(platform, member, "archive.use") == [False]


def test_a_creator_becomes_first_editor_only_once(
    platform: Platform, editor: str, person: Callable[[str], str]
) -> None:
    intruder = person("intruder")

    platform.internal("first-editors", {"archive": ARCHIVE, "user": user_id(platform, intruder)})

    assert decisions(platform, intruder, *EVERYTHING) == [False] * 4


def test_usable_archives_are_those_with_a_role(
    platform: Platform, editor: str, person: Callable[[str], str]
) -> None:
    mine = platform.internal("usable-archives", {"token": editor}).get_json()
    others = platform.internal("usable-archives", {"token": person("stranger")}).get_json()

    assert mine["archives"] == [ARCHIVE]
    assert others["archives"] == []
    assert not others["everything"]


def test_a_wrong_token_is_refused_everywhere(platform: Platform) -> None:
    answer = platform.internal("decisions", {"token": "map_wrong", "questions": []})

    assert answer.status_code == 401
    assert platform.call("GET", "/api/v1/users/me/", "map_wrong").status_code == 401


def test_a_revoked_token_stops_working(platform: Platform, person: Callable[[str], str]) -> None:
    keeper = person("ann")
    issued = platform.call("POST", "/api/v1/tokens/", keeper, json={"name": "laptop"}).get_json()
    assert platform.call("GET", "/api/v1/users/me/", issued["token"]).status_code == 200

    assert platform.call("DELETE", f"/api/v1/tokens/{issued['pk']}/", keeper).status_code == 204

    assert platform.call("GET", "/api/v1/users/me/", issued["token"]).status_code == 401


def test_a_token_is_shown_once_and_kept_as_a_hash(platform: Platform, person: Callable[[str], str]) -> None:
    keeper = person("ann")

    listed = platform.call("GET", "/api/v1/tokens/", keeper)

    assert keeper not in listed.text
    assert keeper not in str(platform.service.documents.find("tokens"))
    assert [token["ending"] for token in listed.get_json()["results"]] == [keeper[-4:]]


@pytest.mark.parametrize("path", ["decisions", "usable-archives", "first-editors"])
@pytest.mark.parametrize("token", [None, "garbage"])
def test_internal_calls_need_a_service_token(platform: Platform, path: str, token: str | None) -> None:
    headers = {service_tokens.HEADER: token} if token else {}

    answer = platform.http.post(f"/internal/v1/{path}/", json={}, headers=headers)

    assert answer.status_code == 401


def test_only_administrators_create_users(
    platform: Platform, administrator: str, person: Callable[[str], str]
) -> None:
    body = {"username": "New.Person"}

    assert platform.call("POST", "/api/v1/users/", json=body).status_code == 401
    assert platform.call("POST", "/api/v1/users/", person("ann"), json=body).status_code == 403
    created = platform.call("POST", "/api/v1/users/", administrator, json=body)

    assert created.status_code == 201
    assert created.get_json()["username"] == "new.person"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"username": "root"}, "username"),
        ({"username": "has space"}, "username"),
        ({"username": ""}, "username"),
        ({}, "username"),
        ({"username": "ok", "admin": True}, "admin"),
    ],
)
def test_a_bad_user_is_refused_by_field(
    platform: Platform, administrator: str, body: dict[str, object], field: str
) -> None:
    answer = platform.call("POST", "/api/v1/users/", administrator, json=body)

    assert answer.status_code == 400
    assert list(answer.get_json()["errors"]) == [field]
    assert platform.call("GET", "/api/v1/users/", administrator).get_json()["count"] == 1


def test_the_last_editor_stays(platform: Platform, editor: str) -> None:
    path = f"/api/v1/archives/{ARCHIVE}/members/{user_id(platform, editor)}/editor/"

    answer = platform.call("DELETE", path, editor)

    assert answer.status_code == 409
    assert decisions(platform, editor, "archive.change") == [True]


def test_granting_announces_the_role_in_the_same_write(
    platform: Platform, editor: str, person: Callable[[str], str]
) -> None:
    give(platform, person("member"), "user", by=editor)

    stored = platform.service.documents.get("rosters", ARCHIVE)

    assert stored is not None
    assert [event["type"] for event in stored["outbox"]] == ["archive.role.granted.v1"] * 2
    assert [event["sequence"] for event in stored["outbox"]] == [1, 2]


MEMBERS = f"/api/v1/archives/{ARCHIVE}/members/"
EXPECTED = {
    # route: statuses for anonymous, outsider, user, uploader, editor, administrator
    ("GET", "/api/v1/archives/<archive>/members/"): (401, 404, 403, 403, 200, 200),
    ("POST", "/api/v1/archives/<archive>/members/"): (401, 404, 403, 403, 201, 201),
    ("DELETE", "/api/v1/archives/<archive>/members/<user>/<role>/"): (401, 404, 403, 403, 204, 204),
    ("GET", "/api/v1/archives/<archive>/admission/"): (401, 200, 200, 200, 200, 200),
    ("PATCH", "/api/v1/archives/<archive>/admission/"): (401, 404, 403, 403, 200, 200),
    ("GET", "/api/v1/archives/<archive>/requests/"): (401, 404, 403, 403, 200, 200),
    ("POST", "/api/v1/archives/<archive>/requests/"): (401, 201, 409, 409, 409, 201),
    ("POST", "/api/v1/archives/<archive>/requests/<pk>/accept/"): (401, 404, 403, 403, 200, 200),
    ("POST", "/api/v1/archives/<archive>/requests/<pk>/reject/"): (401, 404, 403, 403, 200, 200),
    ("POST", "/api/v1/archives/<archive>/requests/<pk>/withdraw/"): (401, 404, 404, 404, 404, 404),
    ("GET", "/api/v1/access-requests/"): (401, 200, 200, 200, 200, 200),
    ("GET", "/api/v1/archives/<archive>/trail/"): (401, 404, 403, 403, 200, 200),
    ("GET", "/api/v1/archives/<archive>/trail.csv"): (401, 404, 403, 403, 200, 200),
    ("GET", "/api/v1/trail/"): (401, 403, 403, 403, 403, 200),
    ("GET", "/api/v1/trail.csv"): (401, 403, 403, 403, 403, 200),
    ("GET", "/api/v1/notifications/"): (401, 200, 200, 200, 200, 200),
    ("POST", "/api/v1/notifications/read/"): (401, 204, 204, 204, 204, 204),
    ("POST", "/api/v1/notifications/<pk>/read/"): (401, 404, 404, 404, 404, 404),
    ("GET", "/api/v1/organisations/"): (401, 200, 200, 200, 200, 200),
    ("POST", "/api/v1/organisations/"): (401, 403, 403, 403, 403, 201),
    ("GET", "/api/v1/organisations/<pk>/"): (401, 200, 200, 200, 200, 200),
    ("PATCH", "/api/v1/organisations/<pk>/"): (401, 403, 403, 403, 403, 200),
    ("POST", "/api/v1/sessions/"): (401,) * 6,  # the password is wrong
    ("DELETE", "/api/v1/sessions/current/"): (401, 400, 400, 400, 400, 400),  # they come with API tokens
    ("GET", "/api/v1/users/find/"): (401, 403, 403, 403, 200, 200),
    ("PATCH", "/api/v1/users/me/"): (401, 200, 200, 200, 200, 200),
    ("PATCH", "/api/v1/users/<pk>/"): (401, 403, 403, 403, 403, 200),
    ("PUT", "/api/v1/users/<pk>/password/"): (401, 403, 403, 403, 403, 204),
    ("GET", "/api/v1/users/"): (401, 403, 403, 403, 403, 200),
    ("POST", "/api/v1/users/"): (401, 403, 403, 403, 403, 201),
    ("GET", "/api/v1/users/me/"): (401, 200, 200, 200, 200, 200),
    ("GET", "/api/v1/users/<pk>/"): (401, 404, 404, 404, 404, 200),
    ("GET", "/api/v1/tokens/"): (401, 200, 200, 200, 200, 200),
    ("POST", "/api/v1/tokens/"): (401, 201, 201, 201, 201, 201),
    ("DELETE", "/api/v1/tokens/<pk>/"): (401, 404, 404, 404, 404, 204),
    ("POST", "/internal/v1/decisions/"): (401,) * 6,
    ("POST", "/internal/v1/standings/"): (401,) * 6,
    ("POST", "/internal/v1/usable-archives/"): (401,) * 6,
    ("POST", "/internal/v1/first-editors/"): (401,) * 6,
    ("GET", "/livez"): (200,) * 6,
    ("GET", "/readyz"): (200,) * 6,
}
BODIES = {
    "/api/v1/archives/<archive>/members/": {"user": "target", "role": "user"},
    "/api/v1/archives/<archive>/admission/": {"handling": "verified"},
    "/api/v1/organisations/": {"slug": "hospital", "title": "Hospital"},
    "/api/v1/organisations/<pk>/": {"title": "University hospital"},
    "/api/v1/sessions/": {"username": "target", "password": "not the right one"},
    "/api/v1/users/": {"username": "brand-new"},
    "/api/v1/users/me/": {"mail": "digest"},
    "/api/v1/users/<pk>/": {"verified": True},
    "/api/v1/users/<pk>/password/": {"password": "a quite long password"},
    "/api/v1/tokens/": {"name": "new"},
}


def routes(platform: Platform) -> set[tuple[str, str]]:
    rules = platform.http.application.url_map.iter_rules()
    return {(method, rule.rule) for rule in rules for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}}


def test_every_route_has_a_row_in_the_table(platform: Platform) -> None:
    assert routes(platform) == set(EXPECTED)


def identifier_for(platform: Platform, route: str, target: str, administrator: str) -> str:
    """Make the thing a route is about, of somebody who is none of those who ask, and return its identifier."""
    if "tokens" in route:
        return str(platform.call("GET", "/api/v1/tokens/", target).get_json()["results"][0]["pk"])
    if "organisations" in route:
        sent = {"slug": "clinic", "title": "Clinic"}
        return str(platform.call("POST", "/api/v1/organisations/", administrator, json=sent).get_json()["pk"])
    if "requests" in route:
        asker = issue(
            platform.service.directory, add_user(platform.service.directory, username="asker"), name="a"
        )
        asked = platform.call("POST", f"/api/v1/archives/{ARCHIVE}/requests/", asker.secret, json={})
        return str(asked.get_json()["pk"])
    if "notifications" in route:
        return str(platform.call("GET", "/api/v1/notifications/", target).get_json()["results"][0]["pk"])
    return user_id(platform, target)


@pytest.mark.parametrize(("method", "route"), EXPECTED)
@pytest.mark.parametrize(
    "who", range(6), ids=["anonymous", "outsider", "user", "uploader", "editor", "admin"]
)
def test_every_route_answers_everybody_as_the_table_says(  # noqa: PLR0917 (fixtures and parameters)
    platform: Platform,
    administrator: str,
    editor: str,
    person: Callable[[str], str],
    method: str,
    route: str,
    who: int,
) -> None:
    target, member, uploader, outsider = (person(name) for name in ("target", "user", "uploader", "outsider"))
    give(platform, member, "user", by=editor)
    give(platform, uploader, "uploader", by=editor)
    give(platform, target, "user", by=editor)
    token = [None, outsider, member, uploader, editor, administrator][who]
    path = route.replace("<role>", "user").replace("<user>", user_id(platform, target))
    path = path.replace("<pk>", identifier_for(platform, route, target, administrator))

    content = {"json": BODIES.get(route, {})} if method in ("POST", "PATCH", "PUT") else {}
    answer = platform.call(method, path.replace("<archive>", ARCHIVE), token, **content)

    assert answer.status_code == EXPECTED[method, route][who], answer.text
