"""Every query of archive-api is answered through an index, so that its cost does not grow with the collection."""

import pytest

from archive_shared.documents import Where, one_of
from archive_shared.documents.port import Sort
from archive_shared.documents.sqlite import SqliteDocuments
from tests.support.archive_service import ArchiveService

CREATED: Sort = [("created_at", 1)]
QUERIES: list[tuple[str, Where | list[Where], bool]] = [
    ("archives", {}, True),
    ("archives", [{"public": True}, {"_id": one_of(["a"])}], True),
    ("archives", [{"slug": "s", "public": True}, {"slug": "s", "_id": one_of(["a"])}], True),
    ("archives", [{"title": "t", "public": True}], True),
    ("items", {"archive": "a", "deleted": False}, True),
    ("items", {"archive": one_of(["a", "b"]), "deleted": False}, True),
    ("items", {"deleted": False}, True),
    ("items", {"archive": "a", "reserved_title": "t"}, False),
    ("items", {"images": one_of(["i", "j"])}, False),
    ("images", {}, True),
    ("images", {"name": "n"}, True),
    ("images", {"archives": "a"}, True),
    ("images", [{"archives": one_of(["a"])}, {"creator": "c", "placed": False}], True),
    ("renderings", {"_id": one_of(["i"])}, False),
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
