"""The address decides the store, and only the store that is used is loaded."""

import subprocess
import sys
from pathlib import Path

import pytest

from archive_shared.documents import Collection
from archive_shared.documents.connect import connect_documents
from archive_shared.documents.mongo import MongoDocuments

TASKS = Collection("task")


def test_an_absolute_sqlite_address_is_a_folder_with_a_file_per_service(tmp_path: Path) -> None:
    folder = tmp_path / "with space" / "documents"

    connect_documents(f"sqlite:///{folder}", "archive-api", [TASKS]).close()

    assert [file.name for file in folder.iterdir()] == ["archive-api.db"]


def test_a_relative_sqlite_address_starts_at_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    connect_documents("sqlite:///data", "tiler", [TASKS]).close()

    assert (tmp_path / "data" / "tiler.db").exists()


def test_services_do_not_see_one_another(tmp_path: Path) -> None:
    first = connect_documents(f"sqlite:///{tmp_path}", "archive-api", [TASKS])
    second = connect_documents(f"sqlite:///{tmp_path}", "tiler", [TASKS])

    first.put_new("task", {"_id": "a"})

    assert second.count("task") == 0
    first.close()
    second.close()


@pytest.mark.parametrize(
    ("url", "server", "database"),
    [
        ("mongodb://db", "mongodb://db/", "archive_ingest_worker"),
        ("mongodb://db:27017/", "mongodb://db:27017/", "archive_ingest_worker"),
        ("mongodb://db/test42", "mongodb://db/", "test42_ingest_worker"),
        (
            "mongodb://me:p%40ss@a:1,b:2/test42?replicaSet=rs0",
            "mongodb://me:p%40ss@a:1,b:2/?replicaSet=rs0",
            "test42_ingest_worker",
        ),
        ("mongodb+srv://db/test42", "mongodb+srv://db/", "test42_ingest_worker"),
    ],
)
def test_a_mongodb_address_names_server_and_prefix(
    url: str, server: str, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[tuple[str, str]] = []
    monkeypatch.setattr(
        MongoDocuments, "__init__", lambda _, server, database, __: opened.append((server, database))
    )

    connect_documents(url, "ingest-worker", [TASKS])

    assert opened == [(server, database)]


def test_another_scheme_is_refused_without_telling_passwords() -> None:
    with pytest.raises(ValueError, match="postgres") as refusal:
        connect_documents("postgres://me:s3cret@db/x", "tiler", [TASKS])

    assert "s3cret" not in str(refusal.value)


def test_the_embedded_store_does_not_load_the_driver_of_a_server(tmp_path: Path) -> None:
    program = (
        "import sys; from archive_shared.documents.connect import connect_documents;"
        " connect_documents(sys.argv[1], 'tiler', []).ping();"
        " assert not {'pymongo', 'bson'} & set(sys.modules)"
    )

    done = subprocess.run(
        [sys.executable, "-c", program, f"sqlite:///{tmp_path}"], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr) == (0, "")
