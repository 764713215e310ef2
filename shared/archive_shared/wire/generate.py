"""Writes docs/contracts from the catalogue: `python -m archive_shared.wire.generate [--check] [folder]`."""

import argparse
import json
from pathlib import Path

import yaml

from archive_shared.wire.asyncapi import asyncapi
from archive_shared.wire.catalogue import CATALOGUE
from archive_shared.wire.event_page import event_page
from archive_shared.wire.event_table import event_table
from archive_shared.wire.schemas import event_schema

FOLDER = Path("docs/contracts")
_MARK = "# Generated from archive_shared.wire.catalogue; change it there and run `make contracts`.\n"


def contracts() -> dict[str, str]:
    """Return the text of every generated file, by its path below the folder of contracts."""
    schemas = {
        f"events/{entry.event.TYPE}.schema.json": _json(event_schema(entry.event)) for entry in CATALOGUE
    }
    document = yaml.safe_dump(asyncapi(), sort_keys=False, allow_unicode=True, width=110)
    pages = {"events.md": event_table(), "events.html": event_page()}
    return {"asyncapi.yaml": _MARK + document, **pages, **schemas}


def stale(folder: Path) -> list[str]:
    """Name the files in the folder that are missing, differ, or belong to no event any more."""
    wanted = contracts()
    differing = [path for path, text in wanted.items() if _read(folder / path) != text]
    left_over = [path for path in _schema_files(folder) if path not in wanted]
    return sorted(differing + left_over)


def write(folder: Path) -> None:
    """Make the folder hold exactly what the catalogue says."""
    wanted = contracts()
    for path in stale(folder):
        if path in wanted:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(wanted[path], encoding="utf-8")
        else:
            (folder / path).unlink()


def main() -> None:
    parser = argparse.ArgumentParser(description="Write the contracts of the event bus.")
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER)
    parser.add_argument("--check", action="store_true", help="write nothing; fail when a file is not current")
    arguments = parser.parse_args()
    if not arguments.check:
        write(arguments.folder)
    elif found := stale(arguments.folder):
        raise SystemExit(f"not current, run `make contracts`: {', '.join(found)}")


def _json(schema: dict[str, object]) -> str:
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _read(file: Path) -> str | None:
    return file.read_text(encoding="utf-8") if file.is_file() else None


def _schema_files(folder: Path) -> list[str]:
    return [file.relative_to(folder).as_posix() for file in folder.glob("events/*.schema.json")]


if __name__ == "__main__":
    main()
