"""Shows the audit trail: of an archive to its editors, all of it to administrators."""

import csv
import io
import json
from collections.abc import Iterator, Sequence

from archive_shared.clock import to_text
from archive_shared.csv_cells import as_cell
from archive_shared.documents import Where
from permissions.domain.act import Act
from permissions.domain.identity import Identity
from permissions.use_cases.authority import require_administrator, require_editor
from permissions.use_cases.directory import Directory

COLUMNS = ("id", "at", "actor", "action", "archive", "subject", "details")
_PAGE = 1000


def list_acts(
    directory: Directory, caller: Identity, archive: str | None, *, skip: int, limit: int
) -> tuple[int, list[Act]]:
    """Return how many lines there are, and a page of them, newest first."""
    where = _readable(directory, caller, archive)
    found = directory.trail.lines.find(where, sort=[("at", -1)], skip=skip, limit=limit)
    return directory.trail.lines.count(where), [line.act for line in found]


def export_acts(directory: Directory, caller: Identity, archive: str | None) -> Iterator[str]:
    """Return the lines as CSV (RFC 4180), oldest first, in pieces; refuses before the first piece is asked for."""
    return _csv(directory, _readable(directory, caller, archive))


def _readable(directory: Directory, caller: Identity, archive: str | None) -> Where:
    if archive is None:
        require_administrator(directory, caller, "read the audit trail")
        return {}
    require_editor(directory, caller, archive, "read the audit trail", deleted_too=True)
    return {"archive": archive}


def _csv(directory: Directory, where: Where) -> Iterator[str]:
    yield _line(COLUMNS)
    skip = 0
    while found := directory.trail.lines.find(where, sort=[("at", 1)], skip=skip, limit=_PAGE):
        yield "".join(_line(_cells(line.act)) for line in found)
        skip += len(found)


def _cells(act: Act) -> Sequence[str]:
    subject = act.subject.username if act.subject else ""
    details = json.dumps(act.details, ensure_ascii=False, sort_keys=True) if act.details else ""
    return act.id, to_text(act.at), act.actor.username, act.action, act.archive or "", subject, details


def _line(cells: Sequence[str]) -> str:
    text = io.StringIO()
    csv.writer(text).writerow([as_cell(cell) for cell in cells])
    return text.getvalue()
