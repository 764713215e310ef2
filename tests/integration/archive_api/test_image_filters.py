"""Finding images by their metadata: exact values, alternatives, ranges, parts of texts, orders, pages, tables."""

import csv
import io

import pytest

from archive_shared.identifiers import new_id
from tests.support.archive_service import ArchiveService
from tests.support.imports import an_import

IMAGES = "/api/v1/cases/images/"


@pytest.fixture
def filled(service: ArchiveService, editor: str, archive: str) -> str:
    """An archive with three images."""
    for name, about in (
        ("thorax.mha", {"patient_id": "P1", "study_date": "2026-03-01", "modality": "CT", "width": 512}),
        ("knee left.mha", {"patient_id": "P2", "study_date": "2025-01-01", "modality": "MR", "width": 256}),
        ("knee right.mha", {"patient_id": "", "study_date": None, "modality": None, "width": 1024}),
    ):
        service.hear(an_import(name, archive=archive, image=new_id(), **about))
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


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_pages_by_cursor_show_every_image_once(
    service: ArchiveService, editor: str, filled: str, limit: int
) -> None:
    found, url = [], f"{IMAGES}?archive={filled}&cursor=&limit={limit}"
    while url:
        page = service.call("GET", url, editor).json
        found += [each["name"] for each in page["results"]]
        url = page["next"]

    assert found == ["thorax.mha", "knee left.mha", "knee right.mha"]


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
