"""`python -m archive_shared.wire.publish`: promises everybody the events as they are; part of every release.

What is promised is kept in docs/contracts/published; from then on it changes by addition only (`compatibility`).
"""

import argparse
import json
from pathlib import Path

from archive_shared.wire.catalogue import CATALOGUE
from archive_shared.wire.compatibility import breaks
from archive_shared.wire.schemas import Schema, event_schema

FOLDER = Path("docs/contracts/published")
_SUFFIX = ".schema.json"


def published(folder: Path) -> dict[str, Schema]:
    """Return what was promised, by type."""
    return {
        file.name.removesuffix(_SUFFIX): json.loads(file.read_text(encoding="utf-8"))
        for file in sorted(folder.glob(f"*{_SUFFIX}"))
    }


def broken_promises(folder: Path) -> dict[str, list[str]]:
    """Return what is wrong with the events of today, by type; nothing when every promise is kept."""
    present = {entry.event.TYPE: event_schema(entry.event) for entry in CATALOGUE}
    found = {
        type: breaks(promised, present[type]) if type in present else ["nobody says it any more"]
        for type, promised in published(folder).items()
    }
    return {type: reasons for type, reasons in found.items() if reasons}


def publish(folder: Path) -> list[str]:
    """Promise the events of today; return the types that are new or have more fields than before.

    Raises
    ------
    SystemExit
        A promise is broken; nothing is written.
    """
    if broken := broken_promises(folder):
        raise SystemExit(
            "\n".join(f"{type}: {reason}" for type, reasons in broken.items() for reason in reasons)
        )
    folder.mkdir(parents=True, exist_ok=True)
    before = published(folder)
    present = {entry.event.TYPE: event_schema(entry.event) for entry in CATALOGUE}
    changed = [type for type, schema in present.items() if before.get(type) != schema]
    for type in changed:
        text = json.dumps(present[type], indent=2, ensure_ascii=False) + "\n"
        (folder / f"{type}{_SUFFIX}").write_text(text, encoding="utf-8")
    return changed


def main() -> None:
    parser = argparse.ArgumentParser(description="Promise the events as they are.")
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER)
    for type in publish(parser.parse_args().folder):
        print(f"published {type}")  # noqa: T201 (it talks to a person at a terminal)


if __name__ == "__main__":
    main()
