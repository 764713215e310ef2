"""What is asked of the store again and again is found through an index, whatever there is of it."""

from pathlib import Path

import pytest

from archive_shared.documents import Where, at_least, at_most, less_than, more_than, one_of
from archive_shared.documents.port import Sort
from archive_shared.documents.sqlite import SqliteDocuments
from feed.bootstrap import COLLECTIONS

QUESTIONS: list[tuple[str, Where, Sort]] = [
    ("events", {"_id": more_than("0000000000000042")}, [("_id", 1)]),
    ("events", {}, [("_id", -1)]),
    ("events", {"event": "e"}, []),
    ("webhooks", {"active": True, "position": less_than(7)}, []),
    ("webhooks", {"owner": "u"}, [("created_at", 1)]),
    ("deliveries", {"hint_at": at_most("2026")}, [("hint_at", 1)]),
    ("deliveries", {"webhook": "w"}, [("created_at", -1)]),
    ("deliveries", {"webhook": "w", "job_state": one_of(["queued", "running"])}, []),
    ("deliveries", {"webhook": "w", "job_state": "done", "ended_at": at_least("2026")}, []),
    ("deliveries", {"ended_at": less_than("2026")}, [("ended_at", 1)]),
]


@pytest.mark.parametrize(("collection", "where", "sort"), QUESTIONS, ids=str)
def test_no_question_reads_the_whole_collection(
    tmp_path: Path, collection: str, where: Where, sort: Sort
) -> None:
    documents = SqliteDocuments(tmp_path / "feed.db", COLLECTIONS)

    plan = documents.plan(collection, where, sort=sort)

    in_order_of_the_key = not where and sort[0][0] == "_id"
    assert in_order_of_the_key or plan[0].startswith("SEARCH"), plan
    assert not sort or "USE TEMP B-TREE FOR ORDER BY" not in plan, plan
