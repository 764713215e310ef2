"""Creates, edits and deletes thousands of items with one request, as a task.

All rows are checked before the task begins, with the rights the caller has then; what can only be known when a
row's turn comes (a title that somebody else took by then) is an error of that row alone.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from archive_api.domain.history import Actor
from archive_api.domain.item import Item
from archive_api.domain.task import MOST_ROWS, ROWS_PER_STEP, Task, rows_key
from archive_api.domain.value import Value, canonical_json
from archive_api.use_cases.archive_quota import require_room
from archive_api.use_cases.check_values import SentValue, check_many
from archive_api.use_cases.edit_items import TITLE_TAKEN, require_upload
from archive_api.use_cases.library import Library
from archive_shared.access import Action, Caller, require
from archive_shared.documents import one_of
from archive_shared.errors import Duplicate, Invalid

OPERATIONS = ("create", "edit", "delete")


@dataclass(frozen=True, kw_only=True)
class Row:
    """One thing to do.

    Parameters
    ----------
    operation
        One of `OPERATIONS`.
    item
        Identifier of the item to be edited or deleted.
    title
        None keeps the present one.
    removed
        Sockets to be emptied.
    version
        The one the item had when it was seen; the row is not done when it has another by now. None for any.
    """

    operation: str
    item: str | None = None
    title: str | None = None
    values: Sequence[SentValue] = field(default_factory=list)
    removed: Sequence[str] = field(default_factory=list)
    version: int | None = None


def begin_bulk(
    library: Library, token: str | None, identifier: str, archive: str, rows: Sequence[Row]
) -> Task:
    """Begin to do rows in an archive, under an identifier; twice gives the same task.

    Raises
    ------
    Invalid
        There is no such archive for the caller, or a row cannot be done; each is named. Nothing was begun.
    Forbidden
        Items are to be deleted, which only editors do, or the archive has no room for images.
    """
    caller = require_upload(library, token, archive)
    if any(row.operation == "delete" for row in rows):
        require(library.access, token, Action.CHANGE_ARCHIVE, archive)
    begun = library.tasks.get(identifier)
    if begun is not None:  # its rows are done perhaps, and could not be done again
        return begun
    check_rows(library, token, archive, rows)
    return _begin(library, caller, identifier, archive, rows)


def check_rows(library: Library, token: str | None, archive: str, rows: Sequence[Row]) -> None:
    """Refuse rows that cannot be done, naming each as `rows.<number>`; and images for an archive that is full."""
    if len(rows) > MOST_ROWS:
        raise Invalid({"rows": [f"Send {MOST_ROWS} rows at the most."]})
    present = _present(library, archive, rows)
    errors = dict(_shape_errors(rows)) or dict(_item_errors(present, rows))
    errors |= dict(_title_errors(library, archive, present, rows))
    errors |= dict(_version_errors(library, archive, rows))
    values = {f"rows.{number}.": row.values for number, row in enumerate(rows)}
    errors |= check_many(library, token, archive, values)
    if errors:
        raise Invalid(errors)
    if any(value.image for row in rows for value in row.values):
        require_room(library, archive)


def _begin(library: Library, caller: Caller, identifier: str, archive: str, rows: Sequence[Row]) -> Task:
    """Store rows that were checked, and the task that does them."""
    written = [_written(row) for row in rows]
    for step in range(0, len(written), ROWS_PER_STEP):
        key = rows_key(identifier, step // ROWS_PER_STEP)
        library.media_blobs.put(key, canonical_json(written[step : step + ROWS_PER_STEP]).encode())
    task = Task.begin(
        id=identifier,
        kind="bulk",
        archive=archive,
        creator=Actor.of(caller),
        total=len(rows),
        at=library.clock.now(),
    )
    try:
        return library.tasks.add(task)
    except Duplicate:
        return library.tasks.require(identifier)


def _shape_errors(rows: Sequence[Row]) -> Iterator[tuple[str, list[str]]]:
    for number, row in enumerate(rows):
        if row.operation not in OPERATIONS:
            yield f"rows.{number}.operation", [f"Choose one of: {', '.join(OPERATIONS)}."]
        elif (row.item is None) != (row.operation == "create"):
            yield f"rows.{number}.item", ["Name the item to be edited or deleted, and none to be created."]
        elif any(value.user_upload or value.user_uploads or value.upload_session for value in row.values):
            yield f"rows.{number}.values", ["Many at once take JSON and images that are there."]


def _present(library: Library, archive: str, rows: Sequence[Row]) -> dict[str, Item]:
    """Return the items of the archive that rows name, by identifier."""
    wanted = sorted({row.item for row in rows if row.item is not None})
    found = library.items.find({"_id": one_of(wanted)}) if wanted else []
    return {item.id: item for item in found if item.archive == archive and not item.deleted}


def _item_errors(present: Mapping[str, Item], rows: Sequence[Row]) -> Iterator[tuple[str, list[str]]]:
    for number, row in enumerate(rows):
        if row.item is not None and row.item not in present:
            yield f"rows.{number}.item", ["Invalid hyperlink - Object does not exist."]


def _title_errors(
    library: Library, archive: str, present: Mapping[str, Item], rows: Sequence[Row]
) -> Iterator[tuple[str, list[str]]]:
    """Yield titles that will be taken when their rows' turns come: earlier rows take titles, and free them."""
    named = sorted({row.title for row in rows if row.title})
    taking = library.items.find({"archive": archive, "reserved_title": one_of(named)}) if named else []
    titles = {item.id: item.title for item in (*taking, *present.values())}
    holders = {title: item for item, title in titles.items()}
    for number, row in enumerate(rows):
        item, title = row.item or f"row {number}", "" if row.operation == "delete" else row.title
        if title and holders.get(title, item) != item:
            yield f"rows.{number}.title", [TITLE_TAKEN]
        elif title is not None:
            holders.pop(titles.get(item, ""), None)
            titles[item] = title
            holders[title] = item


def _version_errors(library: Library, archive: str, rows: Sequence[Row]) -> Iterator[tuple[str, list[str]]]:
    required = library.archives.require(archive).settings.versions_required
    for number, row in enumerate(rows):
        if row.operation == "create" and row.version is not None:
            yield f"rows.{number}.version", ["Only what is edited or deleted has one."]
        if row.operation != "create" and row.version is None and required:
            yield f"rows.{number}.version", ["This archive requires the version you have seen."]


def _written(row: Row) -> dict[str, Any]:
    values = [{"socket": each.socket, "image": each.image, "value": each.value} for each in row.values]
    return {
        "operation": row.operation,
        "item": row.item,
        "title": row.title,
        "values": values,
        "removed": list(row.removed),
        "version": row.version,
    }


def read_values(written: Mapping[str, Any]) -> list[Value]:
    """Return the values of a stored row."""
    return [
        Value.of_json(each["socket"], each["value"])
        if each["image"] is None
        else Value(socket=each["socket"], image=each["image"])
        for each in written["values"]
    ]
