"""What editors can say of an archive, how archives are found, and how they are deleted."""

import io
from datetime import UTC, datetime
from typing import Any

import pytest

from archive_api.domain.archive import Archive
from archive_api.domain.history import Actor
from archive_api.domain.item import Item
from archive_shared.events import ArchiveDeleted
from archive_shared.identifiers import new_id
from tests.support.archive_service import SITE, Answer, ArchiveService
from tests.support.imports import an_import
from tests.support.pictures import a_picture

ARCHIVES = "/api/v1/archives/"
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def create(service: ArchiveService, token: str, **fields: Any) -> dict[str, Any]:
    answer = service.call("POST", ARCHIVES, token, json={"title": "Chest CT", **fields})
    assert answer.status_code == 201, answer.text
    created: dict[str, Any] = answer.json
    return created


def change(service: ArchiveService, token: str, archive: dict[str, Any], **fields: Any) -> Answer:
    return service.call("PATCH", archive["api_url"], token, json=fields)


def titles(service: ArchiveService, token: str | None, query: str) -> list[str]:
    return [each["title"] for each in service.call("GET", ARCHIVES + query, token).json["results"]]


def test_everything_an_editor_says_is_kept_and_shown(service: ArchiveService, editor: str) -> None:
    archive = create(service, editor)

    shown = change(
        service,
        editor,
        archive,
        modalities=["CT", "MR", "CT"],
        structures=["Lung"],
        organizations=["Hospital of Somewhere"],
        publications=["https://doi.org/10.1000/ABC", "arXiv:2101.00001"],
        page_markdown="# Hello",
    ).json

    assert (shown["modalities"], shown["structures"]) == (["CT", "MR"], ["Lung"])
    assert {each["identifier"]: each["url"] for each in shown["publications"]} == {
        "10.1000/abc": "https://doi.org/10.1000/abc",
        "2101.00001": "https://arxiv.org/abs/2101.00001",
    }
    assert shown["page_html"] == "<h1>Hello</h1>\n"


def test_something_that_is_no_publication_is_refused(service: ArchiveService, editor: str) -> None:
    answer = change(service, editor, create(service, editor), publications=["a book"])

    assert answer.json["errors"].keys() == {"publications.0"}


HARMFUL = [
    "<script>alert(1)</script>",
    '<a href="javascript:alert(1)">x</a>',
    "[x](javascript:alert(1))",
    "<img src=x onerror=alert(1)>",
    "<iframe src='https://example.org'></iframe>",
    '<svg onload="alert(1)"></svg>',
    "<style>body { display: none }</style>",
    "![x](data:text/html;base64,PHNjcmlwdD4=)",
]


@pytest.mark.parametrize("markdown", HARMFUL)
def test_a_page_cannot_do_harm(service: ArchiveService, editor: str, markdown: str) -> None:
    html = create(service, editor, page_markdown=markdown)["page_html"]

    for sign in ("<script", "javascript:", "onerror", "onload", "<iframe", "<style", "data:", "<svg"):
        assert sign not in html.lower().replace("[x](javascript:", "").replace("![x](data:", ""), html


def test_a_page_may_have_tables_lists_and_links(service: ArchiveService, editor: str) -> None:
    page = "| a | b |\n|---|---|\n| 1 | ~~2~~ |\n\n- [link](https://example.org)"

    html = create(service, editor, page_markdown=page)["page_html"]

    for sign in ("<table>", "<td>1</td>", "<s>2</s>", "<li>", 'href="https://example.org"', "noopener"):
        assert sign in html, html


def test_a_page_shows_what_is_to_be_done_and_what_is_done(service: ArchiveService, editor: str) -> None:
    html = create(service, editor, page_markdown="- [ ] **masks**\n- [x] scans\n- about [x] marks")[
        "page_html"
    ]

    for item in ("☐ <strong>masks</strong>", "☑ scans", "about [x] marks"):
        assert f"<li>{item}</li>" in html, html


def test_a_video_of_a_page_is_a_link_that_sets_no_cookies(service: ArchiveService, editor: str) -> None:
    html = create(service, editor, page_markdown="See [youtube dQw4w9WgXcQ] and [youtube no]")["page_html"]

    assert 'href="https://www.youtube-nocookie.com/embed/dQw4w9WgXcQ"' in html
    assert "[youtube no]" in html
    assert html.count("<a ") == 1


def test_the_page_is_for_those_with_a_role(service: ArchiveService, editor: str) -> None:
    archive = create(service, editor, public=True, page_markdown="secret")

    card = service.call("GET", archive["api_url"], service.people.add_person("outsider")).json

    assert (card["page_markdown"], card["page_html"], card["item_count"]) == (None, None, None)


def test_pictures_are_served_in_the_sizes_they_are_shown_in(service: ArchiveService, editor: str) -> None:
    form = {
        "title": "Chest CT",
        "logo": (io.BytesIO(a_picture(700, 700)), "logo.png"),
        "social_image": (io.BytesIO(a_picture(1280, 640)), "social.png"),
    }
    archive = service.call("POST", ARCHIVES, editor, data=form, content_type="multipart/form-data").json

    assert list(archive["logo_renditions"]) == ["1280", "640", "320", "160"]
    assert list(archive["social_image_renditions"]) == ["1280", "640"]
    renditions = (*archive["logo_renditions"].values(), *archive["social_image_renditions"].values())
    for url in (archive["logo"], archive["social_image"], *renditions):
        assert service.call("GET", url, editor).headers["Content-Type"] == "image/png"


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("chest", ["Chest CT", "Chest X-ray"]),
        ("che", ["Chest CT", "Chest X-ray"]),
        ("CHEST ct", ["Chest CT"]),
        ("munchen", ["Prostate MR"]),
        ("nothing", []),
        ("true", []),
        ("%", ["Chest CT", "Chest X-ray", "Prostate MR"]),
    ],
)
def test_archives_are_found_by_beginnings_of_words_of_their_cards(
    service: ArchiveService, editor: str, search: str, found: list[str]
) -> None:
    """D30: the reference also found every public archive by the word "true"."""
    for title, description in (("Chest CT", ""), ("Chest X-ray", ""), ("Prostate MR", "Klinik München")):
        create(service, editor, title=title, description=description, public=True)

    assert titles(service, None, f"?search={search.replace('%', '%25')}") == found


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?modality=CT", ["B"]),
        ("?structure=Lung", ["B", "C"]),
        ("?organization=Hospital", ["C"]),
        ("?modality=CT&structure=Lung", ["B"]),
        ("?public=true", ["A"]),
        ("?ordering=-title", ["C", "B", "A"]),
        ("?ordering=-created", ["C", "B", "A"]),
        ("?ordering=modified", ["B", "C", "A"]),
    ],
)
def test_archives_are_filtered_and_ordered(
    service: ArchiveService, editor: str, query: str, found: list[str]
) -> None:
    first = create(service, editor, title="A", public=True)
    create(service, editor, title="B", modalities=["CT"], structures=["Lung"])
    create(service, editor, title="C", structures=["Lung"], organizations=["Hospital"])
    change(service, editor, first, description="changed last")

    assert titles(service, editor, query) == found


def test_an_unknown_order_is_refused(service: ArchiveService, editor: str) -> None:
    answer = service.call("GET", f"{ARCHIVES}?ordering=size", editor)

    assert list(answer.json["errors"]) == ["ordering"]


def test_d43_pages_of_equal_titles_never_overlap(service: ArchiveService, editor: str) -> None:
    for _ in range(7):
        create(service, editor, title="Same")

    pages = [
        service.call("GET", f"{ARCHIVES}?ordering=title&limit=3&offset={offset}", editor).json["results"]
        for offset in (0, 3, 6)
    ]

    assert len({each["pk"] for page in pages for each in page}) == 7


def test_d23_naming_an_organisation_gives_nobody_a_right(service: ArchiveService, editor: str) -> None:
    member = service.people.add_person("member-of-hospital")
    archive = create(service, editor, organizations=["Hospital"])

    assert service.call("GET", archive["api_url"], member).status_code == 404
    assert titles(service, member, "?organization=Hospital") == []


def test_settings_remember_who_changed_what(service: ArchiveService, editor: str) -> None:
    archive = create(service, editor)
    change(service, editor, archive, description="x", public=True)

    changes = service.call("GET", f"{archive['api_url']}history/", editor).json["results"]

    assert [(each["action"], each["username"], each["detail"]) for each in changes] == [
        ("changed", "editor", "description, public"),
        ("created", "editor", ""),
    ]


def test_settings_of_another_version_are_not_overwritten(service: ArchiveService, editor: str) -> None:
    archive = create(service, editor)
    tag = service.call("GET", archive["api_url"], editor).headers["ETag"]
    change(service, editor, archive, description="first")

    answer = service.call(
        "PATCH", archive["api_url"], editor, json={"description": "second"}, headers={"If-Match": tag}
    )

    assert answer.status_code == 412


def test_d20_an_archive_is_deleted_in_two_steps_and_its_items_follow(
    service: ArchiveService, editor: str
) -> None:
    archive = create(service, editor, public=True)
    service.hear(an_import(archive=archive["pk"]))
    item = service.call("GET", f"{ARCHIVES}items/?archive={archive['pk']}", editor).json["results"][0]

    asked = service.call("POST", f"{archive['api_url']}deletion/", editor, json={}).json
    still_there = service.call("GET", archive["api_url"], editor).status_code
    deleted = service.call("DELETE", archive["api_url"], editor, json={"confirmation": asked["confirmation"]})
    service.settle()

    assert (asked["item_count"], still_there, deleted.status_code) == (1, 200, 204)
    assert service.call("GET", archive["api_url"], editor).status_code == 404
    assert service.call("GET", item["api_url"], editor).status_code == 404
    assert titles(service, editor, "") == []
    assert ArchiveDeleted(archive=archive["pk"]) in service.announced(identifier=archive["pk"])


@pytest.mark.parametrize("way", ["create", "move", "restore"])
def test_an_item_that_comes_just_when_its_archive_is_deleted_follows_it(
    service: ArchiveService, editor: str, way: str
) -> None:
    archive, other = create(service, editor)["pk"], create(service, editor, title="Other")["pk"]
    late = Item.create(
        id=new_id(), archive=other if way == "move" else archive, title="late", values=[], at=NOW
    )
    items = service.library.items
    if way != "create":
        items.add(late)
    if way == "restore":
        items.change(late.id, lambda item: item.delete(at=NOW))
    service.library.archives.change(archive, delete_at_once)
    service.settle()

    if way == "create":
        items.add(late)
    elif way == "move":
        items.change(late.id, lambda item: item.move(archive, at=NOW))
    else:
        items.change(late.id, lambda item: item.restore(at=NOW))
    service.settle()

    assert items.require(late.id).deleted


def delete_at_once(archive: Archive) -> None:
    by = Actor("somebody", "somebody")
    archive.ask_for_deletion("code", at=NOW, by=by)
    archive.delete("code", at=NOW, by=by)


def test_an_archive_is_not_deleted_without_the_code_or_too_late(service: ArchiveService, editor: str) -> None:
    archive = create(service, editor)
    unasked = service.call("DELETE", archive["api_url"], editor, json={"confirmation": "x"})
    code = service.call("POST", f"{archive['api_url']}deletion/", editor, json={}).json["confirmation"]
    wrong = service.call("DELETE", archive["api_url"], editor, json={"confirmation": "x"})
    service.clock.advance(hours=2)

    late = service.call("DELETE", archive["api_url"], editor, json={"confirmation": code})

    assert [each.status_code for each in (unasked, wrong, late)] == [409, 409, 409]
    assert service.call("GET", archive["api_url"], editor).status_code == 200


def test_nothing_is_added_to_a_deleted_archive(service: ArchiveService, editor: str) -> None:
    archive = create(service, editor)
    code = service.call("POST", f"{archive['api_url']}deletion/", editor, json={}).json["confirmation"]
    service.call("DELETE", archive["api_url"], editor, json={"confirmation": code})

    service.hear(an_import(archive=archive["pk"]))
    added = service.call(
        "POST", f"{ARCHIVES}items/", editor, json={"archive": f"{SITE}{ARCHIVES}{archive['pk']}/"}
    )

    assert added.status_code == 400
    assert service.library.items.count({"archive": archive["pk"]}) == 0


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Create", "create-2"),
        ("items", "items-2"),
        ("胸部CT", "xiongbuct"),
        ("***", "archive"),
        ("Chest CT", "chest-ct"),
    ],
)
def test_d17_slugs_are_free_of_reserved_words_and_made_of_any_script(
    service: ArchiveService, editor: str, title: str, slug: str
) -> None:
    first, second = create(service, editor, title=title), create(service, editor, title=title)

    assert first["slug"].replace("-", "") == slug.replace("-", "")
    assert second["slug"] != first["slug"]


@pytest.mark.parametrize(("width_px", "height_px"), [(639, 639), (640, 641)])
def test_d11_a_logo_that_is_small_or_not_square_is_refused_with_its_size(
    service: ArchiveService, editor: str, width_px: int, height_px: int
) -> None:
    form = {"title": "Chest CT", "logo": (io.BytesIO(a_picture(width_px, height_px)), "logo.png")}

    answer = service.call("POST", ARCHIVES, editor, data=form, content_type="multipart/form-data")

    assert f"{width_px} × {height_px} pixels" in answer.json["errors"]["logo"][0]


def test_what_is_wrong_inside_a_list_of_a_form_is_told_by_its_place(
    service: ArchiveService, editor: str
) -> None:
    form = {"title": "Chest CT", "modalities": ["CT", "C\aT"], "publications": "no number"}

    answer = service.call("POST", ARCHIVES, editor, data=form, content_type="multipart/form-data")

    assert answer.status_code == 400
    assert answer.json["errors"].keys() == {"modalities.1", "publications.0"}
