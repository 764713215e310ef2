"""Every query of archive-api is answered through an index, so that its cost does not grow with the collection."""

import pytest

from archive_shared.documents import Where, at_least, at_most, less_than, more_than, one_of
from archive_shared.documents.port import Sort
from archive_shared.documents.sqlite import SqliteDocuments
from tests.support.archive_service import ArchiveService

CREATED: Sort = [("created_at", 1)]
QUERIES: list[tuple[str, Where | list[Where], bool]] = [
    ("archives", {"deleted": False}, True),
    ("archives", [{"deleted": False, "public": True}, {"deleted": False, "_id": one_of(["a"])}], True),
    ("archives", [{"slug": "s", "public": True}, {"slug": "s", "_id": one_of(["a"])}], True),
    ("archives", [{"title": "t", "public": True}], True),
    ("archives", {"deleted": False, "words": "chest"}, True),
    ("items", {"archive": "a", "deleted": False}, True),
    ("items", {"archive": one_of(["a", "b"]), "deleted": False}, True),
    ("items", {"deleted": False}, True),
    ("items", {"archive": "a", "reserved_title": "t"}, False),
    ("items", {"images": one_of(["i", "j"])}, False),
    ("items", {"sessions": "s"}, False),
    ("images", {}, True),
    ("images", {"name": "n"}, True),
    ("images", {"archives": "a"}, True),
    ("images", [{"archives": one_of(["a"])}, {"creator": "c", "placed": False}], True),
    ("sockets", {"number": 100}, False),
    ("items", {"archive": "a", "deleted": False, "created_at": more_than("t")}, True),
    ("items", {"archive": "a", "deleted": False, "created_at": "t", "_id": more_than("i")}, True),
    ("measures", {"item": "i"}, False),
    ("measures", {"key": "k", "number": at_least(1.0), "number_to": at_most(2.0)}, False),
    ("measures", {"key": "k", "number": 1.0, "_id": more_than("i")}, False),
    ("tasks", {"creator": "c"}, True),
    ("renderings", {"_id": one_of(["i"])}, False),
    ("images", {"session": "s"}, False),
    ("search_entries", {"scheme": one_of([None, 0]), "_id": more_than("i")}, False),
]


@pytest.mark.parametrize(("collection", "where", "sorted_by_age"), QUERIES, ids=str)
def test_no_query_reads_a_whole_collection(
    service: ArchiveService, collection: str, where: Where, sorted_by_age: bool
) -> None:
    documents = service.api.documents
    assert isinstance(documents, SqliteDocuments)

    plan = documents.plan(collection, where, sort=CREATED if sorted_by_age else ())

    scans = [step for step in plan if step.startswith("SCAN") and "json_each" not in step]
    assert not [step for step in scans if "USING INDEX" not in step], plan


@pytest.mark.parametrize(
    ("collection", "where", "sort"),
    [
        ("search_entries", {"terms": "a|w|lung", "_id": more_than("x")}, [("_id", 1)]),
        ("measures", {"key": "a|v|score", "number": more_than(0.5)}, [("number", 1)]),
        ("items", {"archive": "a", "deleted": False, "created_at": more_than("t")}, CREATED),
        ("images", {"archives": "a"}, [("by_created", 1)]),
        ("items", {"archive": "a", "deleted": False}, [("title", 1)]),
        ("items", {"archive": "a", "deleted": False, "title": less_than("t")}, [("title", -1)]),
        ("items", {"archive": "a", "deleted": False, "modified_at": more_than("t")}, [("modified_at", 1)]),
        ("measures", {"key": "a|v|score", "number_to": less_than(0.5)}, [("number", -1)]),
        ("images", {"archives": "a"}, [("by_name", 1)]),
        ("images", {"archives": "a", "by_name": more_than("n")}, [("by_name", 1)]),
        ("images", {"archives": "a", "by_study_date": less_than("d")}, [("by_study_date", -1)]),
        ("images", {"archives": "a", "patient_id": more_than("p")}, [("patient_id", 1)]),
        ("images", {"archives": "a", "pixels_sha256": more_than("d")}, [("pixels_sha256", 1)]),
        ("images", {"archives": "a", "by_created": more_than("t")}, [("by_created", 1)]),
        ("images", {"archives": "a", "by_created": "t", "_id": less_than("i")}, [("by_created", -1)]),
        ("images", {"creator": "c", "placed": False, "by_created": more_than("t")}, [("by_created", 1)]),
    ],
    ids=str,
)
def test_the_pages_of_a_search_come_in_order_out_of_an_index(
    service: ArchiveService, collection: str, where: Where, sort: Sort
) -> None:
    documents = service.api.documents
    assert isinstance(documents, SqliteDocuments)

    plan = documents.plan(collection, where, sort=sort)

    assert "TEMP B-TREE" not in " ".join(plan)
