"""Archives over HTTP: creating, changing, finding."""

import base64
import csv
import io
from concurrent.futures import ThreadPoolExecutor
from typing import NoReturn

import pytest
from PIL import Image

from archive_shared.errors import Unavailable
from archive_shared.events import ArchiveCreated, ArchiveUpdated
from tests.support.archive_service import SITE, Answer, ArchiveService
from tests.support.pictures import a_picture

ARCHIVES = "/api/v1/archives/"


def create(service: ArchiveService, token: str, **fields: object) -> dict[str, object]:
    answer = service.call("POST", ARCHIVES, token, json={"title": "Chest CT", **fields})
    assert answer.status_code == 201, answer.text
    created: dict[str, object] = answer.json
    return created


def titles(service: ArchiveService, token: str | None, query: str = "") -> list[str]:
    return [each["title"] for each in service.call("GET", ARCHIVES + query, token).json["results"]]


def as_form(service: ArchiveService, method: str, path: str, token: str, **fields: object) -> Answer:
    return service.call(method, path, token, data=fields, content_type="multipart/form-data")


def test_a_new_archive_has_everything_the_public_client_reads(service: ArchiveService, editor: str) -> None:
    card = create(service, editor, description="Screening", public=True)

    assert card == {
        "pk": card["pk"],
        "slug": "chest-ct",
        "title": "Chest CT",
        "description": "Screening",
        "logo": "",
        "logo_renditions": {},
        "social_image": "",
        "social_image_renditions": {},
        "public": True,
        "deidentify": False,
        "keep_labels": False,
        "modalities": [],
        "structures": [],
        "organizations": [],
        "organization_links": {},
        "publications": [],
        "created": "2026-11-23T12:00:01.000000Z",
        "modified": "2026-11-23T12:00:01.000000Z",
        "api_url": f"{SITE}/api/v1/archives/{card['pk']}/",
        "url": f"{SITE}/archives/chest-ct/",
        "role": "editor",
        "item_count": 0,
        "is_full": False,
        "quota": None,
        "allowed_sockets": [],
        "page_markdown": "",
        "page_html": "",
        "versions_required": False,
        "workstation": None,
        "workstation_config": None,
        "hanging_protocol": None,
        "optional_hanging_protocols": [],
        "view_content": {},
    }


@pytest.mark.parametrize("role", ["user", "uploader", "editor"])
def test_people_are_told_the_role_they_have(service: ArchiveService, editor: str, role: str) -> None:
    pk = str(create(service, editor, public=True)["pk"])
    somebody = service.people.add_person("somebody")
    before = service.call("GET", f"{ARCHIVES}{pk}/", somebody).json["role"]

    service.people.give(somebody, role, pk)

    assert before is None
    assert service.call("GET", f"{ARCHIVES}{pk}/", somebody).json["role"] == role


def test_answers_are_exactly_application_json(service: ArchiveService, editor: str) -> None:
    answer = service.call("GET", ARCHIVES, editor)

    assert answer.headers["Content-Type"] == "application/json"


def test_the_creator_alone_becomes_editor_and_the_creation_is_announced(
    service: ArchiveService, editor: str
) -> None:
    pk = str(create(service, editor)["pk"])

    assert service.people.roles == {(pk, "user-editor"): "editor"}
    assert service.announced(identifier=pk) == [
        ArchiveCreated(archive=pk, title="Chest CT", public=False, creator="user-editor")
    ]


def test_no_archive_is_there_when_its_creator_could_not_become_editor(
    service: ArchiveService, editor: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**_: object) -> NoReturn:
        raise Unavailable("planned")

    monkeypatch.setattr(service.people, "make_first_editor", fail)

    answer = service.call("POST", ARCHIVES, editor, json={"title": "Chest CT"})

    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "1"
    assert service.library.archives.count() == 0


def test_no_archive_is_ever_without_an_editor_when_storing_it_fails(
    service: ArchiveService, editor: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object) -> NoReturn:
        raise Unavailable("planned")

    with monkeypatch.context() as broken:
        broken.setattr(service.library.archives, "add", fail)
        assert service.call("POST", ARCHIVES, editor, json={"title": "Chest CT"}).status_code == 503

    assert service.library.archives.count() == 0
    assert titles(service, editor) == []


def test_titles_may_be_equal_but_slugs_are_not(service: ArchiveService, editor: str) -> None:
    slugs = [create(service, editor)["slug"] for _ in range(3)]

    assert slugs == ["chest-ct", "chest-ct-2", "chest-ct-3"]


def test_archives_of_one_title_created_at_once_get_different_slugs(
    service: ArchiveService, editor: str
) -> None:
    with ThreadPoolExecutor(8) as crowd:
        slugs = list(crowd.map(lambda _: create(service, editor)["slug"], range(24)))

    assert len(set(slugs)) == 24


@pytest.mark.parametrize("title", ["Create", "items", "胸部CT", "!!!"])
def test_an_archive_of_any_title_can_be_found_by_its_slug(
    service: ArchiveService, editor: str, title: str
) -> None:
    card = create(service, editor, title=title)

    page = service.call("GET", f"{ARCHIVES}?slug={card['slug']}&offset=0&limit=100", editor).json

    assert card["slug"] not in ("create", "items", "")
    assert [each["pk"] for each in page["results"]] == [card["pk"]]


def test_a_slug_stays_when_the_title_changes(service: ArchiveService, editor: str) -> None:
    card = create(service, editor)

    changed = service.call("PATCH", str(card["api_url"]), editor, json={"title": "Brain MR"}).json

    assert (changed["title"], changed["slug"]) == ("Brain MR", "chest-ct")


def test_changing_one_setting_leaves_the_others(service: ArchiveService, editor: str) -> None:
    card = create(service, editor, description="Screening", public=True)

    changed = service.call("PATCH", str(card["api_url"]), editor, json={"description": ""}).json

    assert changed == card | {"description": "", "modified": changed["modified"]}
    assert changed["modified"] > str(card["modified"])
    assert service.announced(identifier=str(card["pk"]))[1:] == [
        ArchiveUpdated(archive=str(card["pk"]), title="Chest CT", public=True)
    ]


def test_an_archive_may_keep_the_labels_of_slides(service: ArchiveService, editor: str) -> None:
    card = create(service, editor)

    changed = as_form(service, "PATCH", str(card["api_url"]), editor, keep_labels="true").json

    assert (card["keep_labels"], changed["keep_labels"]) == (False, True)


def test_an_archive_may_ask_for_images_without_names(service: ArchiveService, editor: str) -> None:
    card = create(service, editor, deidentify=True)

    changed = as_form(service, "PATCH", str(card["api_url"]), editor, deidentify="false").json

    assert (card["deidentify"], changed["deidentify"]) == (True, False)


@pytest.mark.parametrize("change", [{}, {"title": "Chest CT"}, {"title": "  Chest CT  ", "public": False}])
def test_changing_nothing_announces_nothing(
    service: ArchiveService, editor: str, change: dict[str, object]
) -> None:
    card = create(service, editor)

    changed = service.call("PATCH", str(card["api_url"]), editor, json=change)

    assert changed.json == card
    assert len(service.announced(identifier=str(card["pk"]))) == 1


def test_making_an_archive_public_shows_it_and_private_hides_it_again(
    service: ArchiveService, editor: str
) -> None:
    card = create(service, editor)
    assert titles(service, None) == []

    service.call("PATCH", str(card["api_url"]), editor, json={"public": True})
    assert titles(service, None) == ["Chest CT"]
    service.call("PATCH", str(card["api_url"]), editor, json={"public": False})

    assert titles(service, None) == []


def test_the_list_shows_public_archives_and_ones_own(service: ArchiveService, editor: str) -> None:
    other = service.people.add_person("other")
    service.archive("hidden", editor=other)
    service.archive("open", public=True, editor=other)
    service.archive("mine", user=editor)
    service.archive("mine and open", public=True, uploader=editor)

    assert titles(service, editor) == ["open", "mine", "mine and open"]
    assert titles(service, editor, "?mine=true") == ["mine", "mine and open"]
    assert titles(service, editor, "?title=mine") == ["mine"]
    assert titles(service, editor, "?unheard-of=1") == ["open", "mine", "mine and open"]


@pytest.mark.parametrize("query", ["public=maybe", "mine=yes", "format=xml", "ordering=age"])
def test_a_filter_or_format_that_makes_no_sense_is_refused_by_name(
    service: ArchiveService, editor: str, query: str
) -> None:
    answer = service.call("GET", f"{ARCHIVES}?{query}", editor)

    assert (answer.status_code, list(answer.json["errors"])) == (400, [query.partition("=")[0]])


def test_archives_can_be_read_as_a_table_page_by_page(service: ArchiveService, editor: str) -> None:
    for title in ("=1+1", "胸部"):
        create(service, editor, title=title, modalities=["CT"])
    found, url = [], f"{ARCHIVES}?format=csv&limit=1"
    while url:
        answer = service.call("GET", url, editor)
        found += list(csv.DictReader(io.StringIO(answer.text)))
        url = answer.headers.get("Link", "").removeprefix("<").removesuffix('>; rel="next"')

    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert [(each["title"], each["modalities"], each["public"]) for each in found] == [
        ("'=1+1", '["CT"]', "False"),
        ("胸部", '["CT"]', "False"),
    ]


def test_an_administrator_sees_all_archives_but_has_none(service: ArchiveService, editor: str) -> None:
    administrator = service.people.add_person("root", administrator=True)
    service.archive("hidden", editor=editor)

    assert titles(service, administrator) == ["hidden"]
    assert titles(service, administrator, "?mine=true") == []


def test_pages_follow_one_another_without_gaps_or_repetition(service: ArchiveService, editor: str) -> None:
    wanted = [f"archive {number}" for number in range(7)]
    for title in wanted:
        service.archive(title, editor=editor)

    url, found = f"{ARCHIVES}?limit=3", []
    while url:
        page = service.call("GET", url, editor).json
        assert page["count"] == 7
        found += [each["title"] for each in page["results"]]
        url = page["next"]

    assert found == wanted
    assert service.call("GET", f"{ARCHIVES}?offset=100&limit=100", editor).json["results"] == []


@pytest.mark.parametrize("pk", ["foo", "6f4f3a8e-1a2b-4c3d-8e4f-5a6b7c8d9e0f", "%00", "..", "%F0%9F%A6%84"])
def test_an_unknown_or_malformed_archive_is_not_found(service: ArchiveService, editor: str, pk: str) -> None:
    answer = service.call("GET", f"{ARCHIVES}{pk}/", editor)

    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == "application/problem+json"


def logo_of(service: ArchiveService, card: dict[str, object], token: str) -> Image.Image:
    answer = service.call("GET", str(card["logo"]), token)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "image/png"
    return Image.open(io.BytesIO(answer.data))


@pytest.mark.parametrize("head", ["", "data:image/png;base64,"])
def test_a_logo_sent_as_json_is_served(service: ArchiveService, editor: str, head: str) -> None:
    card = create(service, editor, logo=head + base64.b64encode(a_picture()).decode())

    assert logo_of(service, card, editor).size == (640, 640)


def test_a_logo_sent_as_a_form_is_served(service: ArchiveService, editor: str) -> None:
    picture = (io.BytesIO(a_picture(700, 700, format="JPEG")), "a photo.jpg")

    answer = as_form(service, "POST", ARCHIVES, editor, title="Chest CT", public="true", logo=picture)

    assert answer.status_code == 201
    assert answer.json["public"] is True
    assert logo_of(service, answer.json, editor).size == (700, 700)


def test_another_logo_has_another_address_and_the_old_one_is_gone(
    service: ArchiveService, editor: str
) -> None:
    card = create(service, editor, logo=base64.b64encode(a_picture()).decode())

    picture = (io.BytesIO(a_picture(800, 800)), "logo.png")
    changed = as_form(service, "PATCH", str(card["api_url"]), editor, logo=picture).json

    assert changed["logo"] != card["logo"]
    assert logo_of(service, changed, editor).size == (800, 800)
    assert service.call("GET", str(card["logo"]), editor).status_code == 404


def test_a_logo_can_be_removed(service: ArchiveService, editor: str) -> None:
    card = create(service, editor, logo=base64.b64encode(a_picture()).decode())

    changed = service.call("PATCH", str(card["api_url"]), editor, json={"logo": ""}).json

    assert changed["logo"] == ""
    assert service.call("GET", str(card["logo"]), editor).status_code == 404


def test_a_logo_is_sent_only_to_those_who_do_not_have_it(service: ArchiveService, editor: str) -> None:
    card = create(service, editor, logo=base64.b64encode(a_picture()).decode())
    tag = service.call("GET", str(card["logo"]), editor).headers["ETag"]

    again = service.call("GET", str(card["logo"]), editor, headers={"If-None-Match": tag})

    assert again.status_code == 304
    assert again.data == b""
    assert "private" in again.headers["Cache-Control"]
