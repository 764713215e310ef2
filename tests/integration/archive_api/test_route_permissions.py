"""Who gets what from every route, on a public and on a private archive; a route without a row fails."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from archive_api.domain.archive import Archive, logo_key
from archive_shared.identifiers import derived_id, new_id
from tests.support.archive_service import SITE, Answer, ArchiveService
from tests.support.imports import an_import

WHO = ("anonymous", "wrong", "outsider", "user", "uploader", "editor", "administrator")
ALL = (200,) * 7
KNOWN = (401, 401, 200, 200, 200, 200, 200)  # whoever has a token
MEMBERS = (401, 401, 404, 200, 200, 200, 200)

# Route: what each of WHO gets if the archive is public, and if it is private.
EXPECTED: dict[tuple[str, str], tuple[tuple[int, ...], tuple[int, ...]]] = {
    ("GET", "/api/v1/archives/"): ((200, 401, 200, 200, 200, 200, 200),) * 2,
    ("POST", "/api/v1/archives/"): ((401, 401, 201, 201, 201, 201, 201),) * 2,
    ("GET", "/api/v1/archives/<pk>/"): ((200, 401, 200, 200, 200, 200, 200), MEMBERS),
    ("PATCH", "/api/v1/archives/<pk>/"): (
        (401, 401, 403, 403, 403, 200, 200),
        (401, 401, 404, 403, 403, 200, 200),
    ),
    ("GET", "/api/v1/archives/items/"): (KNOWN,) * 2,
    ("POST", "/api/v1/archives/items/"): ((401, 401, 400, 400, 201, 201, 201),) * 2,
    ("GET", "/api/v1/archives/items/<pk>/"): (MEMBERS,) * 2,
    ("PATCH", "/api/v1/archives/items/<pk>/"): ((401, 401, 404, 403, 200, 200, 200),) * 2,
    ("PUT", "/api/v1/archives/items/<pk>/"): ((401, 401, 404, 403, 200, 200, 200),) * 2,
    ("DELETE", "/api/v1/archives/items/<pk>/"): ((401, 401, 404, 403, 403, 204, 204),) * 2,
    ("GET", "/api/v1/cases/images/"): (KNOWN,) * 2,
    ("GET", "/api/v1/cases/images/<pk>/"): (MEMBERS,) * 2,
    ("GET", "/api/v1/components/interfaces/"): (KNOWN,) * 2,
    ("GET", "/api/v1/components/interfaces/<int:pk>/"): (KNOWN,) * 2,
    ("GET", "/media/logos/<archive>/<name>"): ((200, 401, 200, 200, 200, 200, 200), MEMBERS),
    ("GET", "/media/images/<image>/<file>/<name>"): ((401, 401, 404, 302, 302, 302, 302),) * 2,
    ("GET", "/api/v1/gcapi/"): (ALL,) * 2,
    ("GET", "/livez"): (ALL,) * 2,
    ("GET", "/readyz"): (ALL,) * 2,
}


def expected(method: str, route: str, *, public: bool) -> dict[str, int]:
    return dict(zip(WHO, EXPECTED[method, route][0 if public else 1], strict=True))


@dataclass
class Scene:
    """An archive with a logo and one item, and somebody of each kind."""

    service: ArchiveService
    tokens: dict[str, str | None]
    archive: str
    item: str
    image: str
    logo: str
    file: str

    def forget(self) -> None:
        """Ask for things that do not exist from now on."""
        self.archive, self.item, self.image = new_id(), new_id(), new_id()
        self.logo = f"/media/logos/{new_id()}/x.png"
        self.file = f"/media/images/{new_id()}/{new_id()}/x.mha"

    def ask(self, who: str, method: str, route: str) -> Answer:
        if method == "DELETE":
            self._replace_item()
        collection = "item" if "items" in route else "image" if "images" in route else "archive"
        paths = {
            "/media/logos/<archive>/<name>": self.logo,
            "/media/images/<image>/<file>/<name>": self.file,
        }
        path = paths.get(route, route).replace("<int:pk>", "1").replace("<pk>", vars(self)[collection])
        return self.service.call(method, path, self.tokens[who], **self._content(method, route))

    def _replace_item(self) -> None:
        """Take another item if ours was deleted by somebody who asked before."""
        present = self.service.library.items.get(self.item)
        if present is not None and present.deleted:
            self.item = add_item(self.service, self.archive)

    def _content(self, method: str, route: str) -> dict[str, object]:
        bodies: dict[tuple[str, str], dict[str, object]] = {
            ("POST", "/api/v1/archives/"): {"title": "New"},
            ("PATCH", "/api/v1/archives/<pk>/"): {"description": "New"},
            ("POST", "/api/v1/archives/items/"): {"archive": f"{SITE}/api/v1/archives/{self.archive}/"},
            ("PATCH", "/api/v1/archives/items/<pk>/"): {"title": "New"},
            ("PUT", "/api/v1/archives/items/<pk>/"): {"values": []},
        }
        return {"json": bodies[method, route]} if (method, route) in bodies else {}


@pytest.fixture
def make_scene(service: ArchiveService) -> Callable[[bool], Scene]:
    def make(public: bool) -> Scene:
        people = {
            name: service.people.add_person(name) for name in ("outsider", "user", "uploader", "editor")
        }
        administrator = service.people.add_person("administrator", administrator=True)
        roles = {name: people[name] for name in ("user", "uploader", "editor")}
        archive = service.archive(public=public, **roles)
        service.library.media_blobs.put(logo_key(archive, "logo.png"), b"a picture")
        service.library.archives.change(archive, _with_logo)
        item = service.library.items.require(add_item(service, archive))
        image = service.call("GET", f"/api/v1/cases/images/{item.images[0]}/", administrator).json
        tokens = {"anonymous": None, "wrong": "nobodys", "administrator": administrator, **people}
        return Scene(
            service=service,
            tokens=tokens,
            archive=archive,
            item=item.id,
            image=item.images[0],
            logo=f"/media/logos/{archive}/logo.png",
            file=image["files"][0]["file"],
        )

    return make


def add_item(service: ArchiveService, archive: str) -> str:
    """Let an image arrive in the archive, and return the item it became."""
    event = an_import(archive=archive, image=new_id())
    service.hear(event)
    return derived_id("item", event.image, archive)


def _with_logo(archive: Archive) -> None:
    archive.settings = replace(archive.settings, logo="logo.png")


def routes(service: ArchiveService) -> set[tuple[str, str]]:
    rules = service.http.application.url_map.iter_rules()
    return {(method, rule.rule) for rule in rules for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}}


def test_every_route_has_a_row_in_the_table(service: ArchiveService) -> None:
    assert routes(service) == set(EXPECTED)


@pytest.mark.parametrize("public", [True, False], ids=["public", "private"])
@pytest.mark.parametrize(("method", "route"), EXPECTED, ids=str)
def test_every_route_answers_everybody_as_the_table_says(
    make_scene: Callable[[bool], Scene], method: str, route: str, public: bool
) -> None:
    scene = make_scene(public)

    answers = {who: scene.ask(who, method, route).status_code for who in WHO}

    assert answers == expected(method, route, public=public)


@pytest.mark.parametrize("public", [True, False], ids=["public", "private"])
@pytest.mark.parametrize(("method", "route"), [row for row in EXPECTED if "<" in row[1]], ids=str)
def test_what_may_not_be_seen_answers_like_what_does_not_exist(
    make_scene: Callable[[bool], Scene], method: str, route: str, public: bool
) -> None:
    scene = make_scene(public)
    blind = [who for who, status in expected(method, route, public=public).items() if status in (401, 404)]
    hidden = {who: scene.ask(who, method, route) for who in blind}
    scene.forget()

    missing = {who: scene.ask(who, method, route) for who in blind}

    for who in blind:
        assert (missing[who].status_code, missing[who].text) == (hidden[who].status_code, hidden[who].text), (
            who
        )


@pytest.mark.parametrize("public", [True, False], ids=["public", "private"])
@pytest.mark.parametrize("path", ["/api/v1/archives/items/", "/api/v1/cases/images/"])
def test_an_outsider_lists_none_of_the_data(
    make_scene: Callable[[bool], Scene], path: str, public: bool
) -> None:
    scene = make_scene(public)
    scene.service.settle()
    outsider = scene.tokens["outsider"]

    for query in ("", f"?archive={scene.archive}", "?name=ct.mha"):
        page = scene.service.call("GET", path + query, outsider).json
        assert (page["count"], page["results"]) == (0, []), query


@pytest.mark.parametrize("who", ["anonymous", "outsider"])
def test_a_private_archive_is_in_no_list_and_no_count(make_scene: Callable[[bool], Scene], who: str) -> None:
    scene = make_scene(False)
    slug = scene.service.library.archives.require(scene.archive).slug

    for query in ("", f"?slug={slug}", "?title=Chest%20CT", "?mine=true"):
        page = scene.service.call("GET", f"/api/v1/archives/{query}", scene.tokens[who]).json
        assert (page["count"], page["results"]) == (0, []), query


@pytest.mark.parametrize("who", ["anonymous", "outsider"])
def test_a_public_archive_shows_its_card_but_not_how_much_is_in_it(
    make_scene: Callable[[bool], Scene], who: str
) -> None:
    scene = make_scene(True)

    card = scene.service.call("GET", f"/api/v1/archives/{scene.archive}/", scene.tokens[who]).json

    assert card["title"] == "Chest CT"
    assert card["item_count"] is None


def test_a_role_taken_away_is_gone_with_the_next_request(make_scene: Callable[[bool], Scene]) -> None:
    scene = make_scene(False)
    token = scene.tokens["user"]
    assert token is not None
    path = f"/api/v1/cases/images/{scene.image}/"
    assert scene.service.call("GET", path, token).status_code == 200

    scene.service.people.take(token, scene.archive)

    assert scene.service.call("GET", path, token).status_code == 404


def test_nothing_is_changed_by_those_who_may_not(make_scene: Callable[[bool], Scene]) -> None:
    scene = make_scene(True)
    before = _everything(scene.service)

    for method, route in EXPECTED:
        for who in ("anonymous", "wrong"):
            scene.ask(who, method, route)
        if route != "/api/v1/archives/":  # everybody may create archives of their own
            scene.ask("outsider", method, route)
            scene.ask("user", method, route)

    assert _everything(scene.service) == before


def test_who_may_not_create_archives_is_told_so(service: ArchiveService) -> None:
    token = service.people.add_person("ann")
    service.people.creators = False

    answer = service.call("POST", "/api/v1/archives/", token, json={"title": "New"})

    assert answer.status_code == 403
    assert service.library.archives.count() == 0
    assert not service.people.roles


def _everything(service: ArchiveService) -> list[object]:
    return [service.api.documents.find(name) for name in ("archives", "items", "images")]
