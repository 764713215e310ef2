"""Whole archives as a zip: what is in it, resuming it, who may have it, and who is known to have had it."""

import io
import json
import zipfile
from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archive_api.domain.download import DESCRIPTIONS, folder_of
from archive_api.domain.item import Item
from archive_api.domain.value import StoredFile, Value
from archive_api.entrypoints.http import downloads
from archive_api.use_cases import plan_download, read_contents
from archive_api.use_cases.sweep_downloads import sweep_downloads
from archive_shared.events import TaskDue
from archive_shared.identifiers import new_id
from tests.support.archive_service import SITE, Answer, ArchiveService
from tests.support.imports import an_import
from tests.support.sockets import a_socket

CONTENTS = {"a.mha": b"first" * 700, "b.mha": b"", "ü ç.mha": bytes(range(256)) * 40}


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plans of two files a piece, so that a small archive has several."""
    monkeypatch.setattr(plan_download, "PIECE", 2)


def add_image(service: ArchiveService, archive: str, name: str, content: bytes) -> str:
    event = an_import(name, archive=archive, image=new_id())
    [file] = event.files
    file = replace(file, size_bytes=len(content), sha256=sha256(content).hexdigest())
    service.library.image_blobs.put(file.key, content)
    service.hear(replace(event, files=[file]))
    service.settle()
    return event.image


def add_report(service: ArchiveService, archive: str, name: str, content: bytes) -> str:
    key = f"values/{sha256(content).hexdigest()}"
    service.library.media_blobs.put(key, content)
    stored = StoredFile(key=key, name=name, size_bytes=len(content), sha256=sha256(content).hexdigest())
    item = Item.create(
        id=new_id(),
        archive=archive,
        title=name,
        values=[Value(socket="report", file=stored), Value.of_json("score", 0.5)],
        at=service.library.clock.now(),
    )
    return service.library.items.add(item).id


@pytest.fixture
def filled(service: ArchiveService, archive: str) -> str:
    a_socket(service, "Report", "PDF file", relative_path="report.pdf", store_in_database=False)
    a_socket(service, "Score", "Float")
    for name, content in CONTENTS.items():
        add_image(service, archive, name, content)
    add_report(service, archive, "../../report.pdf", b"%PDF-1.7 a report")
    return archive


def planned(service: ArchiveService, token: str, archive: str) -> dict[str, Any]:
    answer = service.call("POST", f"/api/v1/archives/{archive}/downloads/", token, json={})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json
    return made


def get(service: ArchiveService, token: str, plan: dict[str, Any], **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return service.call("GET", plan["url"], token, headers=named)


def test_the_zip_holds_every_file_and_what_describes_them(
    service: ArchiveService, editor: str, filled: str
) -> None:
    plan = planned(service, editor, filled)
    answer = get(service, editor, plan)

    assert answer.status_code == 200
    assert len(answer.data) == plan["size_bytes"] == int(answer.headers["Content-Length"])
    with zipfile.ZipFile(io.BytesIO(answer.data)) as found:
        assert found.testzip() is None
        contents = {info.filename: found.read(info) for info in found.infolist()}
    described = [name for name in contents if "/" not in name]
    assert described == [*DESCRIPTIONS]
    manifest = [json.loads(line) for line in contents["manifest.jsonl"].splitlines()]
    assert {each["path"] for each in manifest} == contents.keys() - set(described)
    for each in manifest:
        assert sha256(contents[each["path"]]).hexdigest() == each["sha256"]
    assert sorted(map(len, contents.values()))[0] == 0
    assert len(contents["items.jsonl"].splitlines()) == 4
    assert {json.loads(line)["name"] for line in contents["images.jsonl"].splitlines()} == set(CONTENTS)


def test_no_name_in_the_zip_leads_out_of_its_folder(
    service: ArchiveService, editor: str, filled: str
) -> None:
    with zipfile.ZipFile(io.BytesIO(get(service, editor, planned(service, editor, filled)).data)) as found:
        names = found.namelist()

    assert any(name.endswith("/report/report.pdf") for name in names)
    assert not any(".." in name.split("/") or name.startswith("/") for name in names)


def add_copy(service: ArchiveService, archive: str, title: str, image: str) -> None:
    item = Item.create(
        id=new_id(),
        archive=archive,
        title=title,
        values=[Value(socket="generic-medical-image", image=image)],
        at=service.library.clock.now(),
    )
    service.library.items.add(item)


def test_an_image_two_items_hold_is_in_the_zip_once(
    service: ArchiveService, editor: str, filled: str
) -> None:
    image = add_image(service, filled, "shared.mha", b"shared")
    add_copy(service, filled, "copy", image)

    with zipfile.ZipFile(io.BytesIO(get(service, editor, planned(service, editor, filled)).data)) as found:
        assert sum(image in name for name in found.namelist()) == 1


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_any_range_is_what_the_whole_has_there(
    service: ArchiveService, editor: str, filled: str, data: st.DataObject
) -> None:
    plan = planned(service, editor, filled)
    start = data.draw(st.integers(0, plan["size_bytes"] - 1))
    last = data.draw(st.integers(start, plan["size_bytes"] + 10))

    part = get(service, editor, plan, Range=f"bytes={start}-{last}")  # first: nothing is known of the files
    whole = get(service, editor, plan).data

    assert part.status_code == 206
    end = min(last + 1, len(whole))
    assert part.headers["Content-Range"] == f"bytes {start}-{end - 1}/{len(whole)}"
    assert part.data == whole[start:end]


def test_a_download_is_resumed_although_the_archive_has_grown(
    service: ArchiveService, editor: str, filled: str
) -> None:
    plan = planned(service, editor, filled)
    begun = get(service, editor, plan, Range="bytes=0-999")
    add_image(service, filled, "later.mha", b"later")

    rest = get(service, editor, plan, Range="bytes=1000-", If_Range=begun.headers["ETag"])

    assert rest.status_code == 206
    with zipfile.ZipFile(io.BytesIO(begun.data + rest.data)) as found:
        assert found.testzip() is None


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Range": "bytes=0-0", "If_Range": '"another"'}, 200),
        ({"Range": "bytes=0-0,2-3"}, 200),
        ({"Range": "lines=0-1"}, 200),
        ({"Range": "bytes=x"}, 200),
        ({"Range": "bytes=-5"}, 206),
        ({"Range": "bytes=99999999-"}, 416),
        ({"Range": "bytes=-0"}, 416),
    ],
)
def test_ranges_are_read_as_rfc_9110_says(
    service: ArchiveService, editor: str, filled: str, headers: dict[str, str], status: int
) -> None:
    assert get(service, editor, planned(service, editor, filled), **headers).status_code == status


def test_head_tells_the_size_and_opens_nothing(service: ArchiveService, editor: str, filled: str) -> None:
    plan = planned(service, editor, filled)

    answer = service.call("HEAD", plan["url"], editor)

    assert (answer.status_code, int(answer.headers["Content-Length"])) == (200, plan["size_bytes"])
    assert service.library.checksums.count() == 0


def test_a_plan_is_for_those_with_a_role_and_says_nothing_to_others(
    service: ArchiveService, editor: str, filled: str
) -> None:
    plan = planned(service, editor, filled)
    outsider, user = service.people.add_person("outsider"), service.people.add_person("user")
    service.people.give(user, "user", filled)
    elsewhere = service.archive(outsider=outsider)

    assert get(service, user, plan).status_code == 200
    assert get(service, outsider, plan).status_code == 404
    moved = {"url": plan["url"].replace(filled, elsewhere)}
    assert get(service, outsider, moved).status_code == 404


def test_a_file_that_left_the_archive_is_not_given_out_any_more(
    service: ArchiveService, editor: str, filled: str
) -> None:
    plan = planned(service, editor, filled)
    item = add_report(service, filled, "secret.pdf", b"%PDF-1.7 secret")
    with_secret = planned(service, editor, filled)
    service.call("DELETE", f"/api/v1/archives/items/{item}/", editor)

    assert get(service, editor, plan).status_code == 200
    with pytest.raises(Exception, match="begin it anew"):
        get(service, editor, with_secret)


def test_a_plan_ends_after_two_days_and_is_swept_with_everything_of_it(
    service: ArchiveService, editor: str, filled: str
) -> None:
    old = planned(service, editor, filled)
    service.clock.advance(days=3)
    new = planned(service, editor, filled)

    assert get(service, editor, old).status_code == 404
    sweep_downloads(service.library)

    assert service.library.downloads.get(old["pk"]) is None
    assert not list(service.library.media_blobs.list(folder_of(old["pk"])))
    assert get(service, editor, new).status_code == 200


def test_only_so_many_downloads_run_at_once(service: ArchiveService, editor: str, filled: str) -> None:
    plan = planned(service, editor, filled)
    path = plan["url"].removeprefix(SITE)
    headers = {"Authorization": f"Bearer {editor}"}
    running = [service.http.open(path, headers=headers, buffered=False) for _ in range(downloads.AT_ONCE)]

    refused = get(service, editor, plan)
    for each in running:
        each.close()

    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "10")
    assert get(service, editor, plan).status_code == 200


def test_a_file_that_became_shorter_ends_the_download(
    service: ArchiveService, editor: str, archive: str
) -> None:
    image = add_image(service, archive, "a.mha", b"whole")
    [file] = service.library.images.require(image).files
    plan = planned(service, editor, archive)
    service.library.image_blobs.put(file.key, b"wh")

    with pytest.raises(Exception, match="shorter"):
        get(service, editor, plan)


def test_an_empty_archive_is_a_zip_that_says_so(service: ArchiveService, editor: str, archive: str) -> None:
    with zipfile.ZipFile(io.BytesIO(get(service, editor, planned(service, editor, archive)).data)) as found:
        assert {info.filename: info.file_size for info in found.infolist()} == dict.fromkeys(DESCRIPTIONS, 0)


def test_the_same_idempotency_key_plans_once(service: ArchiveService, editor: str, filled: str) -> None:
    path, headers = f"/api/v1/archives/{filled}/downloads/", {"Idempotency-Key": "once"}

    first, second = (service.call("POST", path, editor, json={}, headers=headers).json for _ in range(2))

    assert first == second
    assert service.library.downloads.count() == 1


# --- archives of more than a page


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plan two items at a time."""
    monkeypatch.setattr(plan_download, "PAGE", 2)
    monkeypatch.setattr(read_contents, "_AT_ONCE", 2)


def begun(service: ArchiveService, token: str, archive: str) -> dict[str, Any]:
    answer = service.call("POST", f"/api/v1/archives/{archive}/downloads/", token, json={})
    assert answer.status_code == 202, answer.text
    plan: dict[str, Any] = answer.json
    return plan


def contents_of(answer: Answer) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(answer.data)) as found:
        assert found.testzip() is None
        assert len(set(found.namelist())) == len(found.namelist())
        return {name: found.read(name) for name in found.namelist()}


@pytest.mark.usefixtures("small_pages")
def test_the_plan_of_a_large_archive_is_made_by_a_task_that_shows_how_far_it_is(
    service: ArchiveService, editor: str, filled: str
) -> None:
    plan = begun(service, editor, filled)

    shown = []
    for step in range(2):
        refused = get(service, editor, plan)
        assert (refused.status_code, plan["size_bytes"]) == (409, None)
        shown.append(service.call("GET", f"/api/v1/tasks/{plan['pk']}/", editor).json)
        service.hear(TaskDue(task=plan["pk"], step=step))
        plan = service.call("GET", plan["api_url"], editor).json

    assert [(each["state"], each["total"], each["done"]) for each in shown] == [
        ("running", 4, 0),
        ("running", 4, 4),
    ]
    assert (plan["state"], plan["items"]) == ("ready", 4)
    assert service.call("GET", f"/api/v1/tasks/{plan['pk']}/", editor).json["state"] == "done"
    assert len(get(service, editor, plan).data) == plan["size_bytes"]


def test_a_zip_planned_page_by_page_holds_what_one_planned_at_once_does(
    service: ArchiveService, editor: str, filled: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.settle()
    at_once = contents_of(get(service, editor, planned(service, editor, filled)))
    monkeypatch.setattr(plan_download, "PAGE", 1)

    plan = begun(service, editor, filled)
    service.settle()

    assert contents_of(get(service, editor, plan)) == at_once


@pytest.mark.usefixtures("small_pages")
def test_an_image_that_items_of_several_pages_hold_is_in_the_zip_once(
    service: ArchiveService, editor: str, filled: str
) -> None:
    [image] = service.library.images.find({"name": "a.mha"})
    for title in ("b", "c"):
        add_copy(service, filled, title, image.id)

    plan = begun(service, editor, filled)
    service.settle()

    found = contents_of(get(service, editor, plan))
    assert sum(image.id in name for name in found) == 1
    assert len(found["items.jsonl"].splitlines()) == 6


@pytest.mark.usefixtures("small_pages")
def test_a_large_download_is_resumed_although_the_archive_has_grown_and_changed(
    service: ArchiveService, editor: str, filled: str
) -> None:
    plan = begun(service, editor, filled)
    service.settle()
    begin = get(service, editor, plan, Range="bytes=0-9999")
    add_image(service, filled, "later.mha", b"later")
    [item] = service.library.items.find({"archive": filled}, limit=1)
    service.call("PATCH", f"/api/v1/archives/items/{item.id}/", editor, json={"title": "renamed"})

    rest = get(service, editor, plan, Range="bytes=10000-", If_Range=begin.headers["ETag"])

    assert (begin.status_code, rest.status_code) == (206, 206)
    assert begin.headers["ETag"] == rest.headers["ETag"]
    with zipfile.ZipFile(io.BytesIO(begin.data + rest.data)) as found:
        assert found.testzip() is None


@pytest.mark.usefixtures("small_pages")
def test_a_step_of_a_plan_that_is_heard_again_changes_nothing_more(
    service: ArchiveService, editor: str, filled: str
) -> None:
    plan = begun(service, editor, filled)
    for step in (0, 0, 1, 1, 1):
        service.hear(TaskDue(task=plan["pk"], step=step))

    found = contents_of(get(service, editor, plan))
    assert len(found["items.jsonl"].splitlines()) == 4


@pytest.mark.usefixtures("small_pages")
def test_a_plan_ends_with_its_archive(service: ArchiveService, editor: str, filled: str) -> None:
    plan = begun(service, editor, filled)
    path = f"/api/v1/archives/{filled}/"
    code = service.call("POST", f"{path}deletion/", editor).json["confirmation"]
    service.call("DELETE", path, editor, json={"confirmation": code})

    service.settle()

    assert service.call("GET", f"/api/v1/tasks/{plan['pk']}/", editor).json["state"] == "done"
    assert get(service, editor, plan).status_code == 404


@pytest.mark.usefixtures("small_pages")
def test_planning_and_the_first_byte_read_as_much_however_many_items_there_are(
    service: ArchiveService, editor: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []
    find = service.api.documents.find

    def counted(collection: str, *arguments: Any, **named: Any) -> list[dict[str, Any]]:
        found = find(collection, *arguments, **named)
        read.append(len(found))
        return found

    costs = set()
    for items in (20, 60):
        archive = service.archive(editor=editor)
        image = add_image(service, archive, "a.mha", b"pixels")
        for number in range(items):
            add_copy(service, archive, str(number), image)
        monkeypatch.setattr(service.api.documents, "find", counted)
        read.clear()
        plan = begun(service, editor, archive)
        planning = (len(read), sum(read))
        monkeypatch.setattr(service.api.documents, "find", find)
        service.settle()
        monkeypatch.setattr(service.api.documents, "find", counted)
        read.clear()
        assert get(service, editor, plan, Range="bytes=0-0").status_code == 206
        monkeypatch.setattr(service.api.documents, "find", find)
        costs.add((planning, (len(read), sum(read))))

    assert len(costs) == 1, costs


def test_editors_see_who_downloaded_what_the_newest_first(
    service: ArchiveService, editor: str, filled: str
) -> None:
    user = service.people.add_person("user")
    service.people.give(user, "user", filled)
    add_report(service, filled, "plain.pdf", b"%PDF-1.7 plain")
    plan = planned(service, user, filled)
    get(service, user, plan, Range="bytes=0-9")
    images = service.call("GET", f"/api/v1/cases/images/?archive={filled}", user).json["results"]
    service.call("GET", images[0]["files"][0]["file"], user)
    items = service.call("GET", f"/api/v1/archives/items/?archive={filled}", user).json["results"]
    files = [value["file"] for item in items for value in item["values"] if value["file"]]
    service.call("GET", files[-1], editor)

    log = service.call("GET", f"/api/v1/archives/{filled}/access-log/?limit=2", editor).json
    rest = service.call("GET", log["next"], editor).json

    notes = [*log["results"], *rest["results"]]
    assert [(each["username"], each["kind"], each["part"]) for each in notes[2:]] == [
        ("user", "archive", "0-9")
    ]
    assert [(each["username"], each["kind"]) for each in notes[:2]] == [("editor", "file"), ("user", "image")]
    assert rest["next"] is None
    assert service.call("GET", f"/api/v1/archives/{filled}/access-log/", user).status_code == 403


def noted(service: ArchiveService, token: str, archive: str, query: str = "") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = service.call(
        "GET", f"/api/v1/archives/{archive}/access-log/{query}", token
    ).json["results"]
    return found


def test_exports_and_manifests_are_noted(service: ArchiveService, editor: str, filled: str) -> None:
    snapshot = service.call("POST", f"/api/v1/archives/{filled}/snapshots/", editor, json={}).json
    paths = ["export/", "export/?format=jsonl", "export/?format=parquet", "export/?format=xlsx", "manifest/"]
    for path in paths:
        service.call("GET", f"/api/v1/archives/{filled}/{path}", editor)
    service.call("GET", f"{snapshot['api_url']}manifest/", editor)

    notes = noted(service, editor, filled)

    assert [(each["kind"], each["subject"], each["part"]) for each in reversed(notes)] == [
        ("export", filled, "csv"),
        ("export", filled, "jsonl"),
        ("export", filled, "parquet"),
        ("manifest", filled, ""),
        ("manifest", snapshot["pk"], ""),
    ]


def test_what_only_a_version_holds_is_noted_for_the_editors_of_its_archive(
    service: ArchiveService, editor: str, filled: str
) -> None:
    add_report(service, filled, "plain.pdf", b"%PDF-1.7 plain")
    snapshot = service.call("POST", f"/api/v1/archives/{filled}/snapshots/", editor, json={}).json
    frozen = service.call("GET", f"{snapshot['api_url']}items/", editor).json["results"]
    images = service.call("GET", f"/api/v1/cases/images/?archive={filled}", editor).json["results"]
    for item in frozen:
        service.call("DELETE", f"/api/v1/archives/items/{item['item']}/", editor)
    service.settle()
    [(item, file)] = [
        (each["item"], value["file"])
        for each in frozen
        for value in each["values"]
        if (value.get("file") or "").endswith("plain.pdf")
    ]

    assert service.call("GET", images[0]["files"][0]["file"], editor).status_code == 302
    assert service.call("HEAD", file, editor).status_code == 302
    assert service.call("GET", file, editor).status_code == 302

    assert [(each["kind"], each["subject"]) for each in noted(service, editor, filled)] == [
        ("file", item),
        ("image", images[0]["pk"]),
    ]


def test_editors_see_how_often_each_was_downloaded(service: ArchiveService, editor: str, filled: str) -> None:
    other = service.archive("Other", editor=editor)
    images = service.call("GET", f"/api/v1/cases/images/?archive={filled}", editor).json["results"]
    for image, times in ((images[0], 3), (images[1], 1)):
        for _ in range(times):
            service.call("GET", image["files"][0]["file"], editor)
    service.call("GET", f"/api/v1/archives/{other}/export/", editor)

    counts = [(each["subject"], each["count"]) for each in noted(service, editor, filled)]
    first = service.call(
        "GET", f"/api/v1/archives/{filled}/access-log/?subject={images[0]['pk']}&limit=2", editor
    ).json
    rest = service.call("GET", first["next"], editor).json

    assert counts == [(images[1]["pk"], 1), *[(images[0]["pk"], 3)] * 3]
    assert [len(first["results"]), len(rest["results"]), rest["next"]] == [2, 1, None]
    assert noted(service, editor, other, f"?subject={images[0]['pk']}") == []
