"""Snapshots over HTTP: versions of an archive that do not change, and what they hold."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from flask import Blueprint, Response, request
from marshmallow import Schema, fields, post_load, validate

from archive_api.domain.item import LARGEST_TITLE
from archive_api.domain.snapshot import Citation, Snapshot
from archive_api.domain.task import Task
from archive_api.entrypoints.http.fields import Line, Text
from archive_api.entrypoints.http.links import Links
from archive_api.entrypoints.http.media import link_to_value
from archive_api.entrypoints.http.posting import posted
from archive_api.entrypoints.http.schemas import LARGEST_DESCRIPTION, DoiField
from archive_api.entrypoints.http.shapes import Json, show_task
from archive_api.entrypoints.http.snapshot_shapes import manifest_lines, show_frozen_item, show_snapshot
from archive_api.use_cases.browse_snapshots import (
    cite,
    find_frozen_file,
    find_snapshot,
    list_snapshots,
    read_snapshot,
)
from archive_api.use_cases.change_archive import require_editor
from archive_api.use_cases.library import Library
from archive_api.use_cases.note_access import note_access
from archive_api.use_cases.take_snapshot import WantedSnapshot, take_snapshot
from archive_shared.http.app import json_response
from archive_shared.http.requests import bearer_token, body, page, page_body


class CitationFields(Schema):
    """What may be said of a snapshot, and changed later."""

    citation = Text(load_default="", attribute="text", validate=validate.Length(max=LARGEST_DESCRIPTION))
    doi = DoiField(load_default="")
    licence = Line(load_default="", validate=validate.Length(max=LARGEST_TITLE))
    embargo_until = fields.Date(load_default=None, allow_none=True)

    @post_load
    def as_text(self, data: Json, **_: object) -> Json:
        day = data.get("embargo_until")
        return data | ({"embargo_until": day.isoformat()} if day else {})


class NewSnapshot(CitationFields):
    """A snapshot to be made."""

    title = Line(load_default="", validate=validate.Length(max=LARGEST_TITLE))


def snapshots_blueprint(library: Library, links: Links) -> Blueprint:
    """Routes for snapshots."""
    routes = Blueprint("snapshots", __name__)
    snapshots = _Snapshots(library, links)
    routes.get("/api/v1/archives/<pk>/snapshots/")(snapshots.list_of_archive)
    routes.post("/api/v1/archives/<pk>/snapshots/")(snapshots.create)
    routes.get("/api/v1/archives/snapshots/<pk>/")(snapshots.show)
    routes.patch("/api/v1/archives/snapshots/<pk>/")(snapshots.change)
    routes.get("/api/v1/archives/snapshots/<pk>/items/")(snapshots.items)
    routes.get("/api/v1/archives/snapshots/<pk>/manifest/")(snapshots.manifest)
    routes.get("/media/snapshots/<snapshot>/<item>/<int:value>/<name>")(snapshots.value_file)
    return routes


@dataclass(frozen=True)
class _Snapshots:
    """What requests about snapshots are answered."""

    library: Library
    links: Links

    def list_of_archive(self, pk: str) -> Response:
        """List the versions of an archive, the newest first."""
        wanted = page()
        count, found = list_snapshots(
            self.library, bearer_token(), pk, skip=wanted.offset, limit=wanted.limit
        )
        results = [self._shown(each) for each in found]
        url = self.links.snapshots_of(pk)
        return json_response(page_body(wanted, url=url, count=count, results=results))

    def create(self, pk: str) -> Response:
        """Make a version of the archive as it is now; of a large one, begin the task that makes it."""
        caller, _ = require_editor(self.library, bearer_token(), pk)
        sent = body(NewSnapshot())
        wanted = WantedSnapshot(title=sent.pop("title"), citation=Citation(**sent))

        def act(identifier: str) -> tuple[int, Json]:
            made = take_snapshot(self.library, caller, pk, identifier, wanted)
            return (202, show_task(made, self.links)) if isinstance(made, Task) else (201, self._shown(made))

        return posted(self.library, caller.account, act)

    def show(self, pk: str) -> Response:
        """Show a version of an archive."""
        return json_response(self._shown(find_snapshot(self.library, bearer_token(), pk)))

    def change(self, pk: str) -> Response:
        """Change how a version is cited, and its embargo; what it holds never changes."""
        token = bearer_token()
        find_snapshot(self.library, token, pk)
        changed = cite(self.library, token, pk, body(CitationFields(partial=True)))
        return json_response(self._shown(changed))

    def items(self, pk: str) -> Response:
        """List the items as they were."""
        snapshot, wanted = find_snapshot(self.library, bearer_token(), pk), page()
        found = islice(read_snapshot(self.library, snapshot, skip=wanted.offset), wanted.limit)
        results = [show_frozen_item(snapshot, each, self.links) for each in found]
        url = f"{self.links.snapshot(pk)}items/"
        return json_response(page_body(wanted, url=url, count=snapshot.items, results=results))

    def manifest(self, pk: str) -> Response:
        """List every value with its digest and where its file is, one JSON object per line."""
        token = bearer_token()
        snapshot = find_snapshot(self.library, token, pk)
        caller = self.library.require_caller(token)
        note_access(self.library, caller, [snapshot.archive], kind="manifest", subject=pk)
        lines = manifest_lines(snapshot, read_snapshot(self.library, snapshot), self.links)
        return _streamed(lines, snapshot)

    def value_file(self, snapshot: str, item: str, value: int, name: str) -> Response:
        """Send whoever may see the version on to the bytes of a file in it."""
        token = bearer_token()
        held, file = find_frozen_file(self.library, token, snapshot, item=item, value=value, name=name)
        if request.method != "HEAD":
            caller = self.library.require_caller(token)
            note_access(self.library, caller, [held.archive], kind="file", subject=item, part=str(value))
        return link_to_value(self.library, file)

    def _shown(self, snapshot: Snapshot) -> Json:
        return show_snapshot(snapshot, self.links)


def _streamed(lines: Iterator[str], snapshot: Snapshot) -> Response:
    response = Response(lines, content_type="application/jsonl")
    name = f"{snapshot.archive}-{snapshot.number}-manifest.jsonl"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.cache_control.no_store = True
    return response
