"""Whole archives: tables of items out and in, manifests, patients and studies, duplicates."""

import csv
import io
import json
from dataclasses import replace
from typing import Any

import pyarrow.parquet
import pytest

from archive_api.domain.image import Image
from archive_api.use_cases import find_duplicates, read_contents
from archive_shared.errors import NotFound
from archive_shared.identifiers import new_id
from tests.support.archive_service import SITE, Answer, ArchiveService
from tests.support.imports import an_import
from tests.support.sockets import a_socket


def at(archive: str, what: str) -> str:
    return f"/api/v1/archives/{archive}/{what}"


def lines(answer: Answer) -> list[dict[str, Any]]:
    return [json.loads(line) for line in answer.text.splitlines()]


@pytest.fixture
def filled(service: ArchiveService, editor: str, archive: str) -> str:
    """An archive with three items of values and one image."""
    a_socket(service, "Score", "Float")
    a_socket(service, "Comment", "String")
    rows: list[dict[str, Any]] = [
        {"title": "a", "score": 0.5, "comment": 'says "hi", twice\nand more'},
        {"title": "b", "score": None, "comment": "=1+1"},
    ]
    table = json.dumps(rows)
    assert imported(service, editor, archive, table, format="json").status_code == 202
    service.settle()
    service.hear(
        an_import("ct.mha", archive=archive, image=new_id(), patient_id="P1", study_description="Thorax")
    )
    service.settle()
    return archive


def imported(service: ArchiveService, token: str, archive: str, content: str, **more: Any) -> Answer:
    return service.call("POST", at(archive, "import/"), token, json={"content": content, **more})


def test_a_parquet_table_holds_every_item_and_value(
    service: ArchiveService, editor: str, filled: str
) -> None:
    a_socket(service, "Count", "Integer")
    a_socket(service, "Seen", "Bool")
    huge = json.dumps([{"title": "c", "count": 10**30, "seen": True}, {"title": "d", "count": -3}])
    imported(service, editor, filled, huge, format="json")
    service.settle()

    answer = service.call("GET", at(filled, "export/?format=parquet"), editor)

    table = pyarrow.parquet.read_table(io.BytesIO(answer.data))
    rows = {row["title"]: row for row in table.to_pylist()}
    assert answer.headers["Content-Type"] == "application/vnd.apache.parquet"
    assert {name: str(table.schema.field(name).type) for name in ("title", "score", "seen", "count")} == {
        "title": "string",
        "score": "double",
        "seen": "bool",
        "count": "int64",
    }
    assert (rows["a"]["score"], rows["a"]["comment"]) == (0.5, 'says "hi", twice\nand more')
    assert rows["b"]["score"] is None
    assert (rows["c"]["seen"], rows["c"]["count"]) == (True, None)
    assert json.loads(rows["c"]["other_values"]) == {"count": str(10**30)}
    assert rows["d"]["count"] == -3
    assert rows["ct.mha"]["generic-medical-image"].startswith(f"{SITE}/api/v1/cases/images/")
    assert rows["a"]["created"].tzinfo is not None


def test_a_table_exported_as_csv_holds_every_item_and_value(
    service: ArchiveService, editor: str, filled: str
) -> None:
    answer = service.call("GET", at(filled, "export/"), editor)

    table = list(csv.DictReader(io.StringIO(answer.text)))
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert [(row["title"], row["score"], row["comment"]) for row in table] == [
        ("a", "0.5", 'says "hi", twice\nand more'),
        ("b", "", "'=1+1"),
        ("ct.mha", "", ""),
    ]
    assert table[2]["generic-medical-image"].startswith(f"{SITE}/api/v1/cases/images/")


def test_values_the_index_has_not_heard_of_are_exported_too(
    service: ArchiveService, editor: str, archive: str
) -> None:
    a_socket(service, "Score", "Float")
    body = {
        "archive": f"{SITE}/api/v1/archives/{archive}/",
        "values": [{"interface": "score", "value": 0.5}],
    }
    service.call("POST", "/api/v1/archives/items/", editor, json=body)

    [row] = csv.DictReader(io.StringIO(service.call("GET", at(archive, "export/"), editor).text))

    assert json.loads(row["other_values"]) == {"score": 0.5}


def test_a_table_exported_as_json_lines_keeps_types(
    service: ArchiveService, editor: str, filled: str
) -> None:
    first = lines(service.call("GET", at(filled, "export/?format=jsonl"), editor))[0]

    assert first["values"] == {"score": 0.5, "comment": 'says "hi", twice\nand more'}


def test_an_exported_table_can_be_edited_and_imported_again(
    service: ArchiveService, editor: str, filled: str
) -> None:
    table = list(csv.DictReader(io.StringIO(service.call("GET", at(filled, "export/"), editor).text)))
    out = io.StringIO()
    writer = csv.DictWriter(out, ["pk", "title", "score"], lineterminator="\n")
    writer.writeheader()
    writer.writerow({"pk": table[0]["pk"], "title": "renamed", "score": "0.75"})
    writer.writerow({"pk": "", "title": "new", "score": "1"})

    imported(service, editor, filled, out.getvalue())
    service.settle()

    after = lines(service.call("GET", at(filled, "export/?format=jsonl"), editor))
    assert [(each["title"], each["values"].get("score")) for each in after] == [
        ("renamed", 0.75),
        ("b", None),
        ("ct.mha", None),
        ("new", 1),
    ]


def exported(service: ArchiveService, token: str, archive: str) -> str:
    text: str = service.call("GET", at(archive, "export/"), token).text
    return text


def everything(service: ArchiveService, token: str, archive: str) -> list[dict[str, Any]]:
    items = service.call("GET", f"/api/v1/archives/items/?archive={archive}", token).json["results"]
    return [{name: item[name] for name in ("pk", "title", "values", "modified")} for item in items]


@pytest.fixture
def everything_in_it(service: ArchiveService, editor: str, filled: str) -> str:
    """An archive with images, files, formulas, lists, and values the index has not heard of."""
    a_socket(service, "Report", "PDF file")
    a_socket(service, "Title", "String")  # a name that a column of every table has
    a_socket(service, "Any", "Anything")
    upload = f"{SITE}/api/v1/uploads/{service.uploads.upload(editor, 'r.pdf', b'%PDF-')}/"
    first, second, third = service.call("GET", f"/api/v1/archives/items/?archive={filled}", editor).json[
        "results"
    ]
    changes = [
        (first, {"title": "=1+1", "values": [{"interface": "report", "user_upload": upload}]}),
        (second, {"title": "'-x", "values": [{"interface": "title", "value": "@SUM(A1)"}]}),
        (third, {"values": [{"interface": "any", "value": ["=1", -3, {"a": 1e-7}]}]}),
    ]
    for item, change in changes:
        assert service.call("PATCH", item["api_url"], editor, json=change).status_code == 200
    service.settle()
    late = {"values": [{"interface": "comment", "value": "+late"}]}
    service.call("PATCH", third["api_url"], editor, json=late)
    return filled


def test_an_exported_table_is_imported_again_as_it_is_and_changes_nothing(
    service: ArchiveService, editor: str, everything_in_it: str
) -> None:
    before = everything(service, editor, everything_in_it)
    table = exported(service, editor, everything_in_it)

    dry = imported(service, editor, everything_in_it, table, dry_run=True)
    task = imported(service, editor, everything_in_it, table)
    service.settle()

    asked = dry.json
    assert (asked["rows"], asked["create"], asked["edit"]) == (3, 0, 3)
    assert asked["ignored"] == ["created", "modified"]
    assert task.json["ignored"] == ["created", "modified"]
    done = service.call("GET", task.json["api_url"], editor).json
    assert (done["done"], done["failed"]) == (3, 0)
    assert everything(service, editor, everything_in_it) == before


def test_an_exported_table_is_imported_into_another_archive_with_its_images(
    service: ArchiveService, editor: str, everything_in_it: str
) -> None:
    other = service.archive("Other", editor=editor)
    rows = [
        row | {"pk": "", "version": "", "report": ""}
        for row in csv.DictReader(io.StringIO(exported(service, editor, everything_in_it)))
    ]
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)

    plan = imported(service, editor, other, out.getvalue(), dry_run=True).json["plan"]
    imported(service, editor, other, out.getvalue())
    service.settle()

    assert rows[2]["generic-medical-image"] == plan[2]["values"]["generic-medical-image"]

    def contents(archive: str) -> list[Any]:
        return [
            (
                item["title"],
                [(value["value"], value["image"]) for value in item["values"] if not value["file"]],
            )
            for item in everything(service, editor, archive)
        ]

    assert contents(other) == contents(everything_in_it)


def test_a_row_of_an_item_that_was_changed_since_the_export_is_not_done(
    service: ArchiveService, editor: str, filled: str
) -> None:
    table = exported(service, editor, filled).replace("0.5", "0.75")
    [first, *_] = everything(service, editor, filled)
    service.call("PATCH", f"/api/v1/archives/items/{first['pk']}/", editor, json={"title": "theirs"})

    task = imported(service, editor, filled, table).json
    service.settle()

    done = service.call("GET", task["api_url"], editor).json
    assert (done["done"], done["errors"]) == (
        2,
        [{"row": 0, "reasons": ["The item has version 3 by now."]}],
    )
    assert everything(service, editor, filled)[0]["title"] == "theirs"


@pytest.mark.parametrize(
    ("cells", "field"),
    [
        ({"title": "x" * 256}, "rows.0.title"),
        ({"title": "two\nlines"}, "rows.0.title"),
        ({"title": "a\x00"}, "rows.0.title"),
        ({"title": "a\ud800"}, "rows.0.title"),
        ({"title": 5}, "rows.0.title"),
        ({"pk": 5}, "rows.0.pk"),
        ({"version": "new"}, "rows.0.version"),
        ({"version": 2}, "rows.0.version"),
        ({"version": 10**30, "pk": "x"}, "rows.0.version"),
        ({"score": float("inf")}, "content"),
        ({"comment": "a\x00"}, "rows.0.comment"),
        ({"other_values": [1]}, "rows.0.other_values"),
        ({"other_values": "{"}, "rows.0.other_values"),
        ({"other_values": {"shoe-size": 44}}, "shoe-size"),
        ({"generic-medical-image": "y"}, "rows.0.generic-medical-image"),
        ({"generic-medical-image": f"{SITE}/api/v1/cases/images/{new_id()}/"}, "rows.0.values.0.image"),
        ({"report": f"{SITE}/media/items/{new_id()}/1/r.pdf"}, "rows.0.report"),
    ],
)
def test_a_row_that_breaks_the_rules_is_refused_by_its_column(
    service: ArchiveService, editor: str, archive: str, cells: dict[str, Any], field: str
) -> None:
    for title, kind in (("Score", "Float"), ("Comment", "String"), ("Report", "PDF file")):
        a_socket(service, title, kind)

    answer = imported(service, editor, archive, json.dumps([cells]), format="json", dry_run=True)

    assert (answer.status_code, list(answer.json["errors"])) == (400, [field])


@pytest.mark.parametrize(
    ("table", "field"),
    [
        ("any\n1e999\n", "rows.0.any"),
        ("any\n" + "[" * 1000 + "\n", "rows.0.any"),
        ("any\n" + "[" * 101 + "]" * 101 + "\n", "rows.0.any" + ".0" * 7),
        ('title\n"two\nlines"\n', "rows.0.title"),
        ("title\nx,y\n", "rows.0"),
        ("title,any,title\nx,y,z\n", "title"),
        ('any\n"x\n', "content"),
    ],
)
def test_a_cell_that_nobody_can_keep_is_refused_by_row(
    service: ArchiveService, editor: str, archive: str, table: str, field: str
) -> None:
    a_socket(service, "Any", "Anything")

    answer = imported(service, editor, archive, table)

    assert (answer.status_code, list(answer.json["errors"])) == (400, [field])


def test_a_value_as_large_as_may_be_travels_in_a_table(
    service: ArchiveService, editor: str, archive: str
) -> None:
    a_socket(service, "Any", "Anything")
    value = ['"' * 60_000, "x" * 60_000]
    imported(service, editor, archive, json.dumps([{"title": "large", "any": value}]), format="json")
    service.settle()
    table = exported(service, editor, archive).replace("large", "larger")

    task = imported(service, editor, archive, table)
    service.settle()

    assert service.call("GET", task.json["api_url"], editor).json["done"] == 1
    [item] = everything(service, editor, archive)
    assert (item["title"], item["values"][0]["value"]) == ("larger", value)


def test_a_dry_run_says_what_would_be_done_and_does_nothing(
    service: ArchiveService, editor: str, filled: str
) -> None:
    answer = imported(service, editor, filled, "title,score\nx,1\ny,2\n", dry_run=True)

    plan = [
        {"operation": "create", "item": None, "title": title, "values": {"score": score}}
        for title, score in (("x", 1), ("y", 2))
    ]
    assert answer.json == {"rows": 2, "create": 2, "edit": 0, "plan": plan, "ignored": []}
    assert service.library.items.count({"archive": filled, "deleted": False}) == 3


def test_lines_of_json_are_imported_again_as_they_were_exported(
    service: ArchiveService, editor: str, filled: str
) -> None:
    exported = service.call("GET", at(filled, "export/?format=jsonl"), editor).text
    before = everything(service, editor, filled)

    task = imported(service, editor, filled, exported.replace("0.5", "0.75"), format="jsonl")
    service.settle()

    assert service.call("GET", task.json["api_url"], editor).json["failed"] == 0
    after = everything(service, editor, filled)
    changed = [one["title"] for one, other in zip(before, after, strict=True) if one != other]
    assert changed == ["a"]
    assert service.library.items.count({"archive": filled, "deleted": False}) == 3


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_table_is_read_whatever_a_spreadsheet_writes_between_its_cells(
    service: ArchiveService, editor: str, filled: str, delimiter: str
) -> None:
    lines = (["title", " score ", "comment"], ["x", "0.5", '"a, b; c"'])
    table = "\ufeff" + "\r\n".join(delimiter.join(line) for line in lines)

    answer = imported(service, editor, filled, table, dry_run=True)

    [row] = answer.json["plan"]
    assert (row["title"], row["values"]) == ("x", {"score": 0.5, "comment": "a, b; c"})


@pytest.mark.parametrize(
    ("table", "kind"),
    [('[{"title": "x"}]', "json"), ('{"title": "x"}\n', "jsonl"), ("title\nx\n", "csv")],
)
def test_a_table_of_any_kind_may_begin_with_a_byte_order_mark(
    service: ArchiveService, editor: str, archive: str, table: str, kind: str
) -> None:
    answer = imported(service, editor, archive, f"\ufeff{table}", format=kind, dry_run=True)

    assert [row["title"] for row in answer.json["plan"]] == ["x"]


@pytest.mark.parametrize("cell", ["3,7", "-1,234", "1,5E-3"])
@pytest.mark.parametrize("kind", ["Float", "Integer"])
def test_a_decimal_comma_is_refused_with_what_to_write_instead(
    service: ArchiveService, editor: str, archive: str, cell: str, kind: str
) -> None:
    a_socket(service, "Score", kind)

    answer = imported(service, editor, archive, f"title;score\nx;{cell}\n", dry_run=True)

    reason = "Write numbers with a decimal point, and nothing between thousands."
    assert (answer.status_code, answer.json["errors"]) == (400, {"rows.0.score": [reason]})


@pytest.mark.parametrize(("content", "kind"), [("", "csv"), ("title\n", "csv"), ("[]", "json")])
def test_a_table_without_rows_is_refused(
    service: ArchiveService, editor: str, archive: str, content: str, kind: str
) -> None:
    answer = imported(service, editor, archive, content, format=kind)

    assert (answer.status_code, answer.json["errors"]) == (400, {"content": ["It has no rows."]})


def test_what_is_wrong_is_said_by_row(service: ArchiveService, editor: str, filled: str) -> None:
    answer = imported(service, editor, filled, f"pk,score\n,high\n{new_id()},1\n", dry_run=True)

    assert sorted(answer.json["errors"]) == ["rows.0.values.0.value", "rows.1.item"]


@pytest.mark.parametrize(
    ("content", "more", "field"),
    [
        ("title,unknown\nx,1\n", {}, "unknown"),
        ("{", {"format": "json"}, "content"),
        ("[1]", {"format": "json"}, "content"),
        ("x", {"format": "xlsx"}, "format"),
    ],
)
def test_a_table_that_is_none_is_refused(
    service: ArchiveService, editor: str, archive: str, content: str, more: dict[str, str], field: str
) -> None:
    answer = imported(service, editor, archive, content, **more)

    assert (answer.status_code, list(answer.json["errors"])) == (400, [field])


def test_a_manifest_names_every_file_with_its_digest(
    service: ArchiveService, editor: str, filled: str
) -> None:
    a_socket(service, "Report", "PDF file")
    upload = f"{SITE}/api/v1/uploads/{service.uploads.upload(editor, 'r.pdf', b'%PDF-')}/"
    [item] = service.call("GET", f"/api/v1/archives/items/?archive={filled}&search=thorax", editor).json[
        "results"
    ]
    service.call(
        "PATCH", item["api_url"], editor, json={"values": [{"interface": "report", "user_upload": upload}]}
    )

    found = lines(service.call("GET", at(filled, "manifest/"), editor))

    assert [(each["file"].rsplit("/", 1)[1], each["size_bytes"]) for each in found] == [
        ("ct.mha", 1234),
        ("r.pdf", 5),
    ]
    assert all(len(each["sha256"]) == 64 for each in found)


def test_d1_patients_and_studies_are_for_those_with_a_role(service: ArchiveService, editor: str) -> None:
    archive = service.archive(public=True, editor=editor)
    for patient in ("P1", "P2", "P1"):
        service.hear(
            an_import(archive=archive, image=new_id(), patient_id=patient, study_description=f"of {patient}")
        )
    service.settle()
    outsider = service.people.add_person("outsider")

    assert service.call("GET", at(archive, "patients/"), editor).json == ["P1", "P2"]
    assert service.call("GET", at(service.archive("Empty", editor=editor), "patients/"), editor).json == []
    assert service.call("GET", at(archive, "studies/?patient_id=P1"), editor).json == ["of P1"]
    for path in ("patients/", "studies/?patient_id=P1"):
        assert service.call("GET", at(archive, path), outsider).status_code == 404
        assert service.call("GET", at(archive, path)).status_code == 401


def test_images_with_equal_pixels_are_reported(service: ArchiveService, editor: str, archive: str) -> None:
    for name in ("a.mha", "b.mha"):
        service.hear(an_import(name, archive=archive, image=new_id()))
    service.settle()

    [found] = service.call("GET", at(archive, "duplicates/"), editor).json["results"]

    assert len(found["images"]) == 2


def test_images_made_from_equal_files_are_reported_and_those_of_one_file_are_not(
    service: ArchiveService, editor: str, archive: str
) -> None:
    def arrive(name: str, session: str, *, pixels: str, sources: str) -> None:
        event = an_import(name, archive=archive, image=new_id(), session=session)
        event = replace(event, pixels_sha256=pixels * 32, sources_sha256=sources * 32)
        service.hear(event)

    arrive("scan.e2e", "first", pixels="01", sources="aa")
    arrive("scan.e2e", "first", pixels="02", sources="aa")  # two volumes of one file
    arrive("other.mha", "first", pixels="03", sources="bb")
    arrive("again.mha", "second", pixels="04", sources="bb")
    service.settle()

    found = service.call("GET", at(archive, "duplicates/"), editor).json

    assert found["results"] == []
    [equal] = found["by_source"]
    assert equal["sources_sha256"] == "bb" * 32
    assert len(equal["images"]) == 2


@pytest.mark.parametrize("path", ["export/", "export/?format=jsonl", "manifest/"])
def test_what_is_written_line_by_line_ends_when_its_reader_loses_their_role(
    service: ArchiveService, editor: str, archive: str, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An archive of a million items takes minutes."""
    monkeypatch.setattr(read_contents, "_AT_ONCE", 1)
    for _ in range(3):
        service.hear(an_import(archive=archive, image=new_id()))
    ann = service.people.add_person("ann")
    service.people.give(ann, "user", archive)
    headers = {"Authorization": f"Bearer {ann}"}

    answer = service.http.get(at(archive, path), headers=headers, buffered=False)
    lines = answer.iter_encoded()
    next(lines)
    service.people.take(ann, archive)

    with pytest.raises(NotFound):
        list(lines)


@pytest.mark.parametrize("how", ["deleted", "moved"])
def test_what_left_an_archive_is_not_told_though_the_index_of_images_lags_behind(
    service: ArchiveService, editor: str, archive: str, how: str
) -> None:
    for patient in ("P1", "P1", "P2"):
        service.hear(
            an_import(archive=archive, image=new_id(), patient_id=patient, study_description=f"of {patient}")
        )
    service.settle()
    for item in service.call("GET", f"/api/v1/archives/items/?archive={archive}", editor).json["results"][:2]:
        if how == "deleted":
            service.call("DELETE", item["api_url"], editor)
        else:
            there = {"archive": f"{SITE}/api/v1/archives/{service.archive('Other', editor=editor)}/"}
            service.call("POST", f"{item['api_url']}move/", editor, json=there)

    assert service.call("GET", at(archive, "patients/"), editor).json == ["P2"]
    assert service.call("GET", at(archive, "studies/?patient_id=P1"), editor).json == []
    assert service.call("GET", at(archive, "studies/?patient_id=P2"), editor).json == ["of P2"]
    duplicates = service.call("GET", at(archive, "duplicates/"), editor).json
    assert (duplicates["results"], duplicates["by_source"]) == ([], [])


def test_patients_cost_a_look_up_each_however_many_images_they_have(
    service: ArchiveService, editor: str, archive: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(30):
        service.hear(an_import(archive=archive, image=new_id(), patient_id=["", "P1", 'Ä "2"'][number % 3]))
    service.settle()
    read: list[int] = []
    find = service.library.images.find

    def noting_find(*arguments: Any, **named: Any) -> list[Image]:
        found = find(*arguments, **named)
        read.append(len(found))
        return found

    monkeypatch.setattr(service.library.images, "find", noting_find)

    found = service.call("GET", at(archive, "patients/"), editor).json

    assert found == ["P1", 'Ä "2"']
    assert sum(read) == 2


def test_duplicates_of_a_large_archive_come_page_by_page_each_group_once(
    service: ArchiveService, editor: str, archive: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(find_duplicates, "MOST_LOOKED_AT", 3)
    for number in range(20):
        event = an_import(archive=archive, image=new_id(), session=new_id())
        pixels, sources = f"{number // 2:02}" * 32, f"{number // 3:02}" * 32
        service.hear(replace(event, pixels_sha256=pixels if number < 16 else "", sources_sha256=sources))
    service.settle()

    results, by_source, url = [], [], at(archive, "duplicates/")
    pages = 0
    while url:
        page = service.call("GET", url, editor).json
        results += [(each["pixels_sha256"], len(each["images"])) for each in page["results"]]
        by_source += [(each["sources_sha256"], len(each["images"])) for each in page["by_source"]]
        url, pages = page["next"], pages + 1

    assert results == [(f"{number:02}" * 32, 2) for number in range(8)]
    assert by_source == [(f"{number:02}" * 32, 3) for number in range(6)] + [("06" * 32, 2)]
    assert pages > 2
    refused = service.call("GET", at(archive, "duplicates/?cursor=WzFd"), editor)
    assert (refused.status_code, list(refused.json["errors"])) == (400, ["cursor"])
