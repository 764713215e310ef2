"""Finding images by their metadata: exact values, alternatives, ranges, parts of texts, orders, pages, tables."""

import csv
import io
from itertools import product

import pytest

from archive_api.use_cases import list_images
from archive_shared.identifiers import new_id
from tests.support.archive_service import SITE, ArchiveService
from tests.support.imports import an_import

IMAGES = "/api/v1/cases/images/"


@pytest.fixture
def filled(service: ArchiveService, editor: str, archive: str) -> str:
    """An archive with three images."""
    for name, session, about in (
        (
            "thorax.mha",
            "morning",
            {"patient_id": "P1", "study_date": "2026-03-01", "modality": "CT", "width": 512},
        ),
        (
            "knee left.mha",
            "morning",
            {"patient_id": "P2", "study_date": "2025-01-01", "modality": "MR", "width": 256},
        ),
        (
            "knee right.mha",
            "evening",
            {"patient_id": "", "study_date": None, "modality": None, "width": 1024},
        ),
    ):
        service.hear(an_import(name, archive=archive, image=new_id(), session=session, **about))
    service.settle()
    return archive


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("patient_id=P1", ["thorax"]),
        ("patient_id__in=P1,P2", ["thorax", "knee left"]),
        ("patient_id__isempty=true", ["knee right"]),
        ("patient_id__isempty=false", ["thorax", "knee left"]),
        ("width__gte=512", ["thorax", "knee right"]),
        ("width__gt=256&width__lt=1024", ["thorax"]),
        ("width=256", ["knee left"]),
        ("study_date__lte=2025-12-31", ["knee left"]),
        ("study_date=2026-03-01", ["thorax"]),
        ("modality__in=MR", ["knee left"]),
        ("name=thorax.mha", ["thorax"]),
        ("name__contains=KNEE", ["knee left", "knee right"]),
        ("name__contains=knee&width__gt=300", ["knee right"]),
        ("ordering=name", ["knee left", "knee right", "thorax"]),
        ("ordering=-created", ["knee right", "knee left", "thorax"]),
        ("ordering=study_date", ["knee right", "knee left", "thorax"]),
        ("origin=morning", ["thorax", "knee left"]),
        ("origin=evening&modality=MR", []),
        ("unknown=ignored", ["thorax", "knee left", "knee right"]),
    ],
)
def test_images_are_filtered_and_ordered(
    service: ArchiveService, editor: str, filled: str, query: str, found: list[str]
) -> None:
    page = service.call("GET", f"{IMAGES}?archive={filled}&{query}", editor).json

    assert [each["name"].removesuffix(".mha") for each in page["results"]] == found
    assert page["count"] == len(found)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("width__gte=wide", "width__gte"),
        ("study_date=yesterday", "study_date"),
        ("width__contains=5", "width__contains"),
        ("patient_id__gt=P", "patient_id__gt"),
        ("ordering=size", "ordering"),
        ("width=5&width__in=1,2", "width__in"),
        ("width__gt=5&width__gte=2", "width__gte"),
        ("width__gt=5&width__gt=2", "width__gt"),
        ("name__contains=a&name__contains=b", "name__contains"),
        ("patient_id__isempty=perhaps", "patient_id__isempty"),
        ("format=xml", "format"),
    ],
)
def test_a_filter_that_makes_no_sense_is_refused(
    service: ArchiveService, editor: str, archive: str, query: str, field: str
) -> None:
    answer = service.call("GET", f"{IMAGES}?archive={archive}&{query}", editor)

    assert (answer.status_code, list(answer.json["errors"])) == (400, [field])


def test_an_image_in_several_items_is_listed_once(service: ArchiveService, editor: str, filled: str) -> None:
    [item] = service.call("GET", f"/api/v1/archives/items/?archive={filled}&search=thorax", editor).json[
        "results"
    ]
    service.call("POST", f"{item['api_url']}copy/", editor, json={"archive": item["archive"]})
    service.settle()

    assert service.call("GET", f"{IMAGES}?archive={filled}&patient_id=P1", editor).json["count"] == 1


def read_all(service: ArchiveService, token: str, url: str | None) -> list[str]:
    found: list[str] = []
    for _ in range(100):
        if url is None:
            return found
        page = service.call("GET", url, token).json
        found += [each["name"] for each in page["results"]]
        url = page["next"]
    raise AssertionError("the pages have no end")


ORDERINGS = [f"{way}{name}" for name in ("created", "name", "study_date") for way in ("", "-")]
FILTERS = ["", "name__contains=knee", "width__lt=1000", "study_date__gte=2025-01-01", "patient_id__in=P1,P2"]


@pytest.mark.parametrize("whose", ["one archive", "two archives", "all"])
def test_pages_by_cursor_are_the_filtered_list_in_its_order(
    service: ArchiveService, editor: str, filled: str, whose: str
) -> None:
    other = service.archive("Other", editor=editor)
    for name, study_date in (("knee.mha", "2026-03-01"), ("arm.mha", None), ("thorax.mha", "2025-06-01")):
        service.hear(an_import(name, archive=other, image=new_id(), study_date=study_date))
    service.hear(an_import("mine.mha", image=new_id(), creator="user-editor", study_date=None))
    both = service.call("GET", f"{IMAGES}?archive={filled}&patient_id=P1", editor).json["results"]
    shared = {"interface": "generic-medical-image", "image": both[0]["api_url"]}
    service.call(
        "POST",
        "/api/v1/archives/items/",
        editor,
        json={"archive": f"{SITE}/api/v1/archives/{other}/", "values": [shared]},
    )
    service.settle()
    asked = {
        "one archive": f"archive={other}",
        "two archives": f"archive={other}&archive={filled}",
        "all": "",
    }

    for condition, ordering in product(FILTERS, ORDERINGS):
        url = f"{IMAGES}?{asked[whose]}&{condition}&ordering={ordering}"
        whole = service.call("GET", url, editor).json
        names = [each["name"] for each in whole["results"]]
        assert whole["count"] == len(names)
        assert read_all(service, editor, f"{url}&cursor=&limit=2") == names
        assert read_all(service, editor, f"{url}&limit=2") == names
        if ordering.startswith("-"):
            upwards = url.replace("ordering=-", "ordering=")
            assert names == read_all(service, editor, upwards)[::-1]


def test_a_cursor_of_another_order_is_refused(service: ArchiveService, editor: str, filled: str) -> None:
    page = service.call("GET", f"{IMAGES}?archive={filled}&cursor=&limit=1&ordering=name", editor).json

    answer = service.call("GET", page["next"].replace("ordering=name", "ordering=created"), editor)

    assert (answer.status_code, list(answer.json["errors"])) == (400, ["cursor"])


def test_a_page_ends_early_where_it_was_looked_long_enough_and_goes_on(
    service: ArchiveService, editor: str, filled: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(list_images, "MOST_LOOKED_AT", 2)
    url = f"{IMAGES}?archive={filled}&name__contains=right&cursor="

    first = service.call("GET", url, editor).json

    assert first["results"] == []
    assert read_all(service, editor, first["next"]) == ["knee right.mha"]


def test_a_list_of_two_archives_holds_the_images_of_both_that_may_be_seen(
    service: ArchiveService, editor: str, filled: str
) -> None:
    closed = service.archive("Closed")
    service.hear(an_import("secret.mha", archive=closed, image=new_id()))
    service.settle()

    url = f"{IMAGES}?archive={closed}&archive={filled}"

    assert read_all(service, editor, url) == ["thorax.mha", "knee left.mha", "knee right.mha"]


def test_a_table_goes_on_page_by_page(service: ArchiveService, editor: str, filled: str) -> None:
    found, url = [], f"{IMAGES}?archive={filled}&format=csv&limit=2&cursor="
    while url:
        answer = service.call("GET", url, editor)
        found += [row["name"] for row in csv.DictReader(io.StringIO(answer.text))]
        link = answer.headers.get("Link", "")
        url = link.removeprefix("<").removesuffix('>; rel="next"')

    assert found == ["thorax.mha", "knee left.mha", "knee right.mha"]


def test_a_name_in_a_table_is_no_formula(service: ArchiveService, editor: str, archive: str) -> None:
    service.hear(an_import("=1+1.mha", archive=archive, image=new_id()))
    service.settle()

    [row] = csv.DictReader(
        io.StringIO(service.call("GET", f"{IMAGES}?archive={archive}&format=csv", editor).text)
    )

    assert row["name"] == "'=1+1.mha"


def test_images_can_be_read_as_a_table(service: ArchiveService, editor: str, filled: str) -> None:
    answer = service.call("GET", f"{IMAGES}?archive={filled}&format=csv", editor)

    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert (rows[0]["name"], rows[0]["patient_id"], rows[0]["width"]) == ("thorax.mha", "P1", "512")
    assert rows[0]["shape"] == "[60, 256, 512]"


def test_an_outsider_finds_no_image_by_any_filter(service: ArchiveService, filled: str) -> None:
    outsider = service.people.add_person("outsider")

    for query in ("patient_id=P1", "name__contains=knee", "width__gte=1", "cursor=", "format=csv"):
        answer = service.call("GET", f"{IMAGES}?{query}", outsider)
        assert "P1" not in answer.text
        assert "knee" not in answer.text
