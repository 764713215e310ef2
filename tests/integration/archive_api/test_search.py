"""Finding items by words, values and metadata of their images; reading lists of any length."""

import base64
from dataclasses import replace
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archive_api.bootstrap import sweep_of
from archive_api.domain.item import Item
from archive_api.domain.search_entry import SearchEntry
from archive_api.use_cases import search_items
from archive_api.use_cases.index_item import index_item
from archive_shared.events import SlideComplete
from archive_shared.identifiers import new_id
from archive_shared.settings import Grace
from tests.support.archive_service import SITE, Answer, ArchiveService
from tests.support.imports import an_import
from tests.support.sockets import a_socket

ITEMS = "/api/v1/archives/items/"


def search(service: ArchiveService, token: str, archive: str, query: str) -> Answer:
    return service.call("GET", f"{ITEMS}?archive={archive}&{query}", token)


def titles(service: ArchiveService, token: str, archive: str, query: str) -> list[str]:
    answer = search(service, token, archive, query)
    assert answer.status_code == 200, answer.text
    return [each["title"] for each in answer.json["results"]]


def add(service: ArchiveService, token: str, archive: str, title: str, **values: Any) -> dict[str, Any]:
    body = {
        "archive": f"{SITE}/api/v1/archives/{archive}/",
        "title": title,
        "values": [{"interface": slug.replace("_", "-"), "value": value} for slug, value in values.items()],
    }
    answer = service.call("POST", ITEMS, token, json=body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json
    return made


@pytest.fixture
def filled(service: ArchiveService, editor: str, archive: str) -> str:
    """An archive with items of values, and two of images."""
    a_socket(service, "Cancer score", "Float")
    a_socket(service, "Finding", "String")
    a_socket(service, "Seen", "Bool")
    a_socket(service, "Labels", "Multiple choice")
    a_socket(service, "Grade", "Choice")
    a_socket(service, "Any", "Anything")
    add(service, editor, archive, "low", cancer_score=0.1, finding="benign", grade="2")
    add(service, editor, archive, "middle", cancer_score=0.5, finding="suspicious nodule", seen=True)
    add(service, editor, archive, "high", cancer_score=0.9, finding="malignant", seen=False)
    add(service, editor, archive, "none", labels=["urgent", "second reading"], grade="true")
    add(service, editor, archive, "text two", any="2", grade="0.5")
    add(service, editor, archive, "number two", any=2.0)
    add(service, editor, archive, "several", any=[7, 2, "x", {"inner": 9}, [9], 7])
    for name, about in (
        ("thorax.mha", {"patient_id": "P7", "study_date": "2026-03-01", "modality": "CT", "width": 512}),
        ("knee.mha", {"patient_id": "P8", "study_date": "2025-01-01", "modality": "MR", "width": 256}),
    ):
        described: dict[str, Any] = {
            "study_description": f"{name.split('.')[0]} follow-up",
            "patient_name": "Müller^Jörg",
            **about,
        }
        service.hear(an_import(name, archive=archive, image=new_id(), **described))
    service.settle()
    return archive


FOUND = [
    ("value[cancer-score][gte]=0.5", ["middle", "high"]),
    ("value[cancer-score][gt]=0.5", ["high"]),
    ("value[cancer-score][lt]=0.5", ["low"]),
    ("value[cancer-score][gte]=0.1&value[cancer-score][lte]=0.5", ["low", "middle"]),
    ("value[cancer-score]=0.5", ["middle"]),
    ("value[cancer-score]=0.50", ["middle"]),
    ("value[cancer-score][gte]=2", []),
    ("value[cancer-score][in]=0.1,0.90", ["low", "high"]),
    ("value[grade]=2", ["low"]),
    ("value[grade][in]=2,0.5", ["low", "text two"]),
    ("value[grade]=true", ["none"]),
    ("value[any]=2", ["text two", "number two", "several"]),
    ("value[any]=2.0", ["number two", "several"]),
    ("value[any][in]=2,7", ["text two", "number two", "several"]),
    ("value[any]=x", ["several"]),
    ("value[any]=9", []),
    ("value[any][gt]=2", ["several"]),
    ("value[any][gt]=2&value[any][lt]=7", ["several"]),
    ("value[finding]=benign", ["low"]),
    ("value[finding]=suspicious nodule", ["middle"]),
    ("value[finding][in]=benign,malignant", ["low", "high"]),
    ("value[finding]=nodule", []),
    ("value[seen]=true", ["middle"]),
    ("value[labels]=urgent", ["none"]),
    ("value[finding]=malignant&value[cancer-score][gte]=0.5", ["high"]),
    ("value[finding]=malignant&value[cancer-score][lt]=0.5", []),
    ("socket=labels", ["none"]),
    ("search=nodule", ["middle"]),
    ("search=NODULE suspicious", ["middle"]),
    ("search=nodule benign", []),
    ("search=low", ["low"]),
    ("search=cancer", ["low", "middle", "high"]),
    ("search=thorax", ["thorax.mha"]),
    ("search=P7", ["thorax.mha"]),
    ("search=muller", ["thorax.mha", "knee.mha"]),
    ("search=follow", ["thorax.mha", "knee.mha"]),
    ("image[patient_id]=P7", ["thorax.mha"]),
    ("image[patient_id][in]=P7,P8", ["thorax.mha", "knee.mha"]),
    ("image[modality]=MR", ["knee.mha"]),
    ("image[study_date][gte]=2026-01-01", ["thorax.mha"]),
    ("image[study_date]=2025-01-01", ["knee.mha"]),
    ("image[width][lte]=256", ["knee.mha"]),
    ("image[width][in]=256,512.0", ["thorax.mha", "knee.mha"]),
    ("image[study_date][in]=2025-01-01,2020-01-01", ["knee.mha"]),
    ("image[width]=512&search=thorax", ["thorax.mha"]),
]


@pytest.mark.parametrize(("query", "found"), FOUND, ids=[query for query, _ in FOUND])
def test_items_are_found_by_any_value_or_metadata(
    service: ArchiveService, editor: str, filled: str, query: str, found: list[str]
) -> None:
    encoded = quote(query, safe="=&[]")

    assert titles(service, editor, filled, encoded) == found


def encoded(cursor: str) -> str:
    return base64.urlsafe_b64encode(cursor.encode()).decode()


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("value[score][near]=1", "value[score][near]"),
        ("value[score][gt]=high", "value[score][gt]"),
        ("image[shoe_size]=44", "image[shoe_size]"),
        ("image[patient_id][gt]=P", "image[patient_id][gt]"),
        ("value[]=1", "value[]"),
        ("search=x&cursor=y", "cursor"),
        ("value[score][gte]=NaN", "value[score][gte]"),
        ("value[score][gte]=1" + "0" * 400, "value[score][gte]"),
        ("value[score][gte]=1e999", "value[score][gte]"),
        ("value[score]=1e999", "value[score]"),
        ("value[score]=" + "x" * 201, "value[score]"),
        ("value[score][lt]=" + "[" * 1000, "value[score][lt]"),
        ("image[width][in]=1,wide", "image[width][in]"),
        ("image[study_date][in]=today", "image[study_date][in]"),
        ("cursor=" + encoded("[" * 1000), "cursor"),
        ("cursor=" + encoded('["a", 1' + "0" * 400 + "]"), "cursor"),
        ("cursor=" + encoded('["a", NaN]'), "cursor"),
        ("cursor=" + encoded("[1, 2]"), "cursor"),
        ("cursor=" + encoded('["a\\ud800", null]'), "cursor.0"),
    ],
)
def test_a_filter_that_makes_no_sense_is_refused_by_name(
    service: ArchiveService, editor: str, archive: str, query: str, field: str
) -> None:
    answer = search(service, editor, archive, query)

    assert (answer.status_code, list(answer.json["errors"])) == (400, [field])


def test_a_search_names_its_archive(service: ArchiveService, editor: str) -> None:
    assert service.call("GET", f"{ITEMS}?search=x", editor).status_code == 400


def test_what_may_not_be_seen_is_not_found(service: ArchiveService, editor: str, filled: str) -> None:
    outsider = service.people.add_person("outsider")

    page = search(service, outsider, filled, "search=nodule").json

    assert (page["results"], page["next"], page["count"]) == ([], None, None)


def test_a_search_in_one_archive_finds_nothing_of_another(
    service: ArchiveService, editor: str, filled: str
) -> None:
    other = service.archive(editor=editor)

    assert titles(service, editor, other, "search=nodule") == []
    assert titles(service, editor, other, "value[cancer-score][gte]=0") == []


def test_the_index_follows_edits_moves_and_deletions(
    service: ArchiveService, editor: str, filled: str
) -> None:
    other = service.archive(editor=editor)
    [middle] = search(service, editor, filled, "search=nodule").json["results"]
    [high] = search(service, editor, filled, "search=malignant").json["results"]
    change = {"title": "renamed", "values": [{"interface": "cancer-score", "value": 0.05}]}
    service.call("PATCH", middle["api_url"], editor, json=change)
    service.call(
        "POST", f"{high['api_url']}move/", editor, json={"archive": f"{SITE}/api/v1/archives/{other}/"}
    )
    [low] = search(service, editor, filled, "search=benign").json["results"]
    service.call("DELETE", low["api_url"], editor)

    service.settle()

    assert titles(service, editor, filled, "search=renamed") == ["renamed"]
    assert titles(service, editor, filled, "search=middle") == []
    assert titles(service, editor, filled, "value[cancer-score][gte]=0") == ["renamed"]
    assert titles(service, editor, other, "value[cancer-score][gte]=0.5") == ["high"]


def test_an_index_that_lags_shows_nothing_that_is_not_so(
    service: ArchiveService, editor: str, filled: str
) -> None:
    [middle] = search(service, editor, filled, "search=nodule").json["results"]

    service.call("PATCH", middle["api_url"], editor, json={"removed": ["finding", "cancer-score"]})

    assert titles(service, editor, filled, "search=nodule") == []
    assert titles(service, editor, filled, "value[cancer-score]=0.5") == []


def read_all(service: ArchiveService, token: str, archive: str, query: str) -> list[str]:
    found, url = [], f"{ITEMS}?archive={archive}&{query}"
    for _ in range(100):
        page = service.call("GET", url, token).json
        found += [each["title"] for each in page["results"]]
        if page["next"] is None:
            return found
        url = page["next"]
    raise AssertionError("the pages have no end")


@pytest.mark.parametrize("query", ["cursor=", "search=case", "value[score][gte]=0", "value[kind][in]=a,b"])
@pytest.mark.parametrize("limit", [1, 3, 7, 20])
def test_pages_by_cursor_show_everything_once_and_in_order(
    service: ArchiveService, editor: str, archive: str, query: str, limit: int
) -> None:
    a_socket(service, "Score", "Integer")
    a_socket(service, "Kind", "String")
    for number in range(14):
        add(service, editor, archive, f"case {number:02}", score=number // 4, kind="ab"[number % 2])
    service.settle()

    found = read_all(service, editor, archive, f"{query}&limit={limit}")

    assert sorted(found) == [f"case {number:02}" for number in range(14)]
    if not query.startswith("value[score]"):
        assert found == sorted(found)


def test_a_search_that_looked_long_enough_says_where_to_go_on(
    service: ArchiveService, editor: str, archive: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_items, "_BATCH", 5)
    monkeypatch.setattr(search_items, "MOST_LOOKED_AT", 10)
    a_socket(service, "Score", "Integer")
    for number in range(23):
        add(service, editor, archive, f"case {number:02}", score=number)
    service.settle()

    first = search(service, editor, archive, "search=case&value[score][gte]=20&limit=50").json

    assert first["results"] == []
    assert first["next"] is not None
    assert read_all(service, editor, archive, "search=case&value[score][gte]=20") == [
        "case 20",
        "case 21",
        "case 22",
    ]


@pytest.mark.parametrize("query", ["search=case&value[score][gte]=20", "ordering=-value[score]"])
def test_who_adds_to_an_offset_until_a_page_is_empty_has_seen_all_that_is_filtered(
    service: ArchiveService, editor: str, archive: str, monkeypatch: pytest.MonkeyPatch, query: str
) -> None:
    """As the public client does: a page that ended early, or did not go on, would end it too soon or never."""
    monkeypatch.setattr(search_items, "_BATCH", 5)
    monkeypatch.setattr(search_items, "MOST_LOOKED_AT", 10)
    a_socket(service, "Score", "Integer")
    for number in range(27):
        add(service, editor, archive, f"case {number:02}", score=number)
    service.settle()

    pages = [
        titles(service, editor, archive, f"{query}&limit=3&offset={offset}") for offset in range(0, 30, 3)
    ]

    assert [title for page in pages for title in page] == read_all(service, editor, archive, query)
    assert pages[-1] == []


def test_an_offset_that_would_cost_too_much_is_refused_and_one_beside_a_cursor_too(
    service: ArchiveService, editor: str, filled: str
) -> None:
    far, beside = (
        search(service, editor, filled, query)
        for query in ("search=low&offset=10001", "search=low&cursor=&offset=1")
    )

    assert [(each.status_code, list(each.json["errors"])) for each in (far, beside)] == [
        (400, ["offset"])
    ] * 2


def test_a_cursor_is_not_disturbed_by_what_is_deleted_meanwhile(
    service: ArchiveService, editor: str, archive: str
) -> None:
    """D43: offsets skip an item for each one deleted before them."""
    made = [add(service, editor, archive, f"case {number}") for number in range(6)]
    first = service.call("GET", f"{ITEMS}?archive={archive}&cursor=&limit=3", editor).json

    service.call("DELETE", made[0]["api_url"], editor)
    second = service.call("GET", first["next"], editor).json

    assert [each["title"] for each in second["results"]] == ["case 3", "case 4", "case 5"]


def test_offsets_read_from_end_to_end_cost_no_skipping_and_show_everything(
    service: ArchiveService, editor: str, archive: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(10):
        add(service, editor, archive, f"case {number}")
    skipped: list[int] = []
    find = service.library.items.find

    def noting_find(*arguments: Any, **named: Any) -> list[Item]:
        skipped.append(named.get("skip", 0))
        return find(*arguments, **named)

    monkeypatch.setattr(service.library.items, "find", noting_find)

    found = [titles(service, editor, archive, f"limit=3&offset={offset}") for offset in (0, 3, 6, 9)]

    assert [title for page in found for title in page] == [f"case {number}" for number in range(10)]
    assert not any(skipped)


@pytest.fixture
def pairs(service: ArchiveService, editor: str, archive: str) -> str:
    """An archive with two items, each of which holds a scan and a smaller one laid over it."""
    for title, widths in (("a", (512, 64)), ("b", (256, 128))):
        made = add(service, editor, archive, title)
        for socket, width in zip(("generic-medical-image", "generic-overlay"), widths, strict=True):
            event = an_import(archive=archive, item=made["pk"], socket=socket, image=new_id(), width=width)
            service.hear(event)
    service.settle()
    return archive


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("image[width]=64", ["a"]),
        ("image[width]=512", ["a"]),
        ("image[width][lte]=130", ["a", "b"]),
        ("image[width][gte]=100", ["b", "a"]),
        ("image[width][gte]=1", ["a", "b"]),
        ("image[width][gt]=300", ["a"]),
    ],
)
@pytest.mark.parametrize("limit", [1, 10])
def test_an_item_with_several_images_is_found_by_each_and_shown_once(
    service: ArchiveService, editor: str, pairs: str, query: str, found: list[str], limit: int
) -> None:
    assert read_all(service, editor, pairs, f"{query}&limit={limit}") == found


def test_a_slide_is_found_by_its_size_once_it_is_converted(
    service: ArchiveService, editor: str, archive: str
) -> None:
    event = an_import("slide.svs", archive=archive, image=new_id(), type="TIFF", width=None, height=None)
    service.hear(replace(event, files=[]))
    service.settle()
    before = titles(service, editor, archive, "image[width][gte]=1")

    file = event.files[0]
    service.hear(SlideComplete(image=event.image, file=file, width=90_000, height=70_000, levels=3))

    assert before == []
    assert titles(service, editor, archive, "image[width][gte]=80000") == ["slide.svs"]


def test_items_indexed_by_an_older_version_are_found_after_the_sweep(
    service: ArchiveService, editor: str, filled: str
) -> None:
    def as_it_was(entry: SearchEntry) -> None:
        entry.scheme, entry.terms = 0, []

    for entry in service.library.search_entries.find():
        service.library.search_entries.change(entry.id, as_it_was)
    before = titles(service, editor, filled, "value[cancer-score]=0.5")

    list(sweep_of(service.library, Grace())(False))

    assert (before, titles(service, editor, filled, "value[cancer-score]=0.5")) == ([], ["middle"])


def test_an_item_whose_first_entry_another_look_up_stored_is_looked_at_again(
    service: ArchiveService, editor: str, archive: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = add(service, editor, archive, "nodule")["pk"]
    entries = service.library.search_entries
    store = entries.add

    def store_after_another(entry: SearchEntry) -> SearchEntry:
        store(replace(entry, terms=["of an item that had no title yet"]))
        return store(entry)

    monkeypatch.setattr(entries, "add", store_after_another)
    index_item(service.library, item)

    assert titles(service, editor, archive, "search=nodule") == ["nodule"]


QUERIES = st.text(alphabet=st.sampled_from([*'[]{}"\\0123456789eE.,+-NaNtrue|%:é\x00\ud800']), max_size=40)
OPERATORS = st.sampled_from(["", "[in]", "[gt]", "[lte]"])


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    name=st.sampled_from(["value[any]", "value[grade]", "image[width]", "image[study_date]", "image[name]"]),
    operator=OPERATORS,
    text=QUERIES
    | st.integers(1, 5000).map(lambda length: "[" * length)
    | st.integers(1, 5000).map(lambda n: "9" * n),
    cursor=st.none() | st.binary(max_size=20).map(lambda found: base64.urlsafe_b64encode(found).decode()),
)
def test_no_query_is_answered_with_an_internal_error(
    service: ArchiveService,
    editor: str,
    archive: str,
    name: str,
    operator: str,
    text: str,
    cursor: str | None,
) -> None:
    query = {"archive": archive, name + operator: text} | ({} if cursor is None else {"cursor": cursor})

    answer = service.call("GET", ITEMS, editor, query_string=urlencode(query, errors="surrogatepass"))

    assert answer.status_code in (200, 400), answer.text
    if answer.status_code == 400:
        assert {field.partition(".")[0] for field in answer.json["errors"]} <= {name + operator, "cursor", ""}


NUMBERS = st.lists(st.sampled_from([-1.5, 0.0, 0.5, 0.5, 2.0, 1e6]), min_size=1, max_size=12)


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    numbers=NUMBERS,
    low=st.sampled_from([-2.0, 0.0, 0.5, 2.0]),
    operator=st.sampled_from(["gt", "gte", "lt", "lte"]),
)
def test_ranges_find_what_a_comparison_finds(
    service: ArchiveService, editor: str, numbers: list[float], low: float, operator: str
) -> None:
    if service.library.sockets.get("score") is None:
        a_socket(service, "Score", "Float")
    archive = service.archive(editor=editor)
    for index, number in enumerate(numbers):
        add(service, editor, archive, str(index), score=number)
    service.settle()

    found = read_all(service, editor, archive, f"value[score][{operator}]={low}&limit=5")

    compare = {"gt": float.__gt__, "gte": float.__ge__, "lt": float.__lt__, "lte": float.__le__}[operator]
    assert sorted(found) == sorted(str(index) for index, number in enumerate(numbers) if compare(number, low))
