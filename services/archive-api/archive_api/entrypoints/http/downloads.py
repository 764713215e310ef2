"""Downloads of whole archives over HTTP, and the log of who downloaded what."""

from collections.abc import Generator
from dataclasses import dataclass, field
from itertools import chain
from threading import BoundedSemaphore
from urllib.parse import urlencode

from flask import Blueprint, Response, request
from werkzeug.exceptions import RequestedRangeNotSatisfiable
from werkzeug.http import parse_range_header

from archive_api.domain.access_note import AccessNote
from archive_api.domain.download import Download
from archive_api.domain.image import Image
from archive_api.domain.readiness import Shown
from archive_api.domain.rendering import Rendering
from archive_api.entrypoints.http.image_shapes import show_image
from archive_api.entrypoints.http.item_table import item_line
from archive_api.entrypoints.http.links import Links, file_name
from archive_api.entrypoints.http.posting import posted
from archive_api.entrypoints.http.shapes import Json
from archive_api.use_cases.change_archive import require_editor
from archive_api.use_cases.library import Library
from archive_api.use_cases.note_access import count_accesses, note_access, read_access_notes
from archive_api.use_cases.plan_download import Describing, plan_download
from archive_api.use_cases.read_contents import require_contents
from archive_api.use_cases.read_download import find_download, read_download, require_planned
from archive_shared.clock import to_text
from archive_shared.errors import TooManyAttempts
from archive_shared.http.app import json_response, to_json
from archive_shared.http.ranges import refuse_no_bytes
from archive_shared.http.requests import bearer_token, page

AT_ONCE = 3
"""Downloads that one process writes at the same time; they hold threads that others wait for."""

_RETRY_AFTER_S = 10


def downloads_blueprint(library: Library, links: Links) -> Blueprint:
    """Routes for whole archives as zip files."""
    routes = Blueprint("downloads", __name__, url_prefix="/api/v1/archives/<pk>")
    downloads, log = _Downloads(library, links), _AccessLog(library, links)
    routes.post("/downloads/")(downloads.plan)
    routes.get("/downloads/<download>/")(downloads.show)
    routes.get("/downloads/<download>/archive.zip")(downloads.read)
    routes.get("/access-log/")(log.access_log)
    return routes


@dataclass(frozen=True)
class _Downloads:
    """What requests for whole archives are answered."""

    library: Library
    links: Links
    slots: BoundedSemaphore = field(default_factory=lambda: BoundedSemaphore(AT_ONCE))

    def plan(self, pk: str) -> Response:
        """Plan a download of the archive as it is now; `url` leads to the zip for two days, once it is planned."""
        token = bearer_token()
        require_contents(self.library, token, pk)
        caller = self.library.require_caller(token)

        def act(identifier: str) -> tuple[int, Json]:
            download = plan_download(self.library, caller, pk, identifier, describing(self.links))
            return 201 if download.is_planned else 202, show_download(download, self.links)

        return posted(self.library, caller.account, act)

    def show(self, pk: str, download: str) -> Response:
        """Show a plan, and how far it is."""
        found = find_download(self.library, bearer_token(), pk, download)
        return json_response(show_download(found, self.links))

    def read(self, pk: str, download: str) -> Response:
        """Send the zip, or the range of it that is asked for."""
        token = bearer_token()
        found = find_download(self.library, token, pk, download)
        require_planned(found)
        asked = _asked_range(found)
        start, end = asked or (0, found.size_bytes)
        response = _described(Response(status=206 if asked else 200), found)
        response.content_length = end - start
        if asked:
            response.headers["Content-Range"] = f"bytes {start}-{end - 1}/{found.size_bytes}"
        if request.method != "HEAD":
            caller, part = self.library.require_caller(token), f"{start}-{end - 1}"
            note_access(self.library, caller, [pk], kind="archive", subject=found.id, part=part)
            _send(response, read_download(self.library, token, found, start, end), self.slots)
        return response


@dataclass(frozen=True)
class _AccessLog:
    """What those are answered who ask who downloaded what."""

    library: Library
    links: Links

    def access_log(self, pk: str) -> Response:
        """List who downloaded what when, the newest first, and how often each was downloaded; `?subject=` lists one."""
        require_editor(self.library, bearer_token(), pk)
        limit, subject = page().limit, request.args.get("subject", "")
        before = request.args.get("cursor", "")
        found = read_access_notes(self.library, pk, subject=subject, before=before, limit=limit + 1)
        notes = found[:limit]
        counts = count_accesses(self.library, pk, (note.subject for note in notes))
        results = [show_note(note) | {"count": counts[note.subject]} for note in notes]
        following = self._url(pk, subject, limit, notes[-1].id) if len(found) > limit else None
        return json_response({"count": None, "next": following, "previous": None, "results": results})

    def _url(self, pk: str, subject: str, limit: int, before: str) -> str:
        asked = {"limit": limit, "cursor": before} | ({"subject": subject} if subject else {})
        return f"{self.links.access_log(pk)}?{urlencode(asked)}"


def describing(links: Links) -> Describing:
    """Return how items and images look in a zip: as in the export and in the list of images."""
    return Describing(
        item=lambda held: item_line(held, links),
        image=lambda image: _image_line(image, links),
        file_name=file_name,
    )


def show_download(download: Download, links: Links) -> Json:
    """Return a plan: where the zip is, and how large, which is null until it is known."""
    whole = download.is_planned
    return {
        "pk": download.id,
        "api_url": links.download(download.archive, download.id),
        "state": "ready" if whole else "planning",
        "items": download.items,
        "url": links.zip(download.archive, download.id),
        "files": download.files if whole else None,
        "size_bytes": download.size_bytes if whole else None,
        "created": to_text(download.created_at),
        "expires": to_text(download.expires_at),
    }


def show_note(note: AccessNote) -> Json:
    return {
        "user": note.user,
        "username": note.username,
        "kind": note.kind,
        "subject": note.subject,
        "part": note.part,
        "at": to_text(note.at),
    }


def _image_line(image: Image, links: Links) -> str:
    shown = show_image(Shown(image, Rendering(id=image.id)), links)
    for passing in ("state", "reason", "preview", "preview_state", "tiles", "tiles_state", "volume"):
        del shown[passing]
    return to_json(shown).decode() + "\n"


def _asked_range(download: Download) -> tuple[int, int] | None:
    """Return the range of bytes that is asked for, None for all of them (RFC 9110 sections 13.1.5 and 14.2).

    Raises
    ------
    RequestedRangeNotSatisfiable
        It begins behind the end, or has no byte.
    """
    if "If-Range" in request.headers and request.if_range.etag != download.id:
        return None
    refuse_no_bytes(download.size_bytes)
    wanted = parse_range_header(request.headers.get("Range"))
    if wanted is None or wanted.units != "bytes" or len(wanted.ranges) != 1:
        return None
    found = wanted.range_for_length(download.size_bytes)
    if found is None:
        raise RequestedRangeNotSatisfiable(download.size_bytes)
    return found


def _described(response: Response, download: Download) -> Response:
    response.content_type = "application/zip"
    response.set_etag(download.id)
    response.headers["Accept-Ranges"] = "bytes"
    response.headers["Content-Disposition"] = f'attachment; filename="{download.archive}.zip"'
    response.headers["X-Accel-Buffering"] = "no"  # nginx would keep a gigabyte of it on its disk
    response.cache_control.no_store = True
    return response


def _send(response: Response, stream: Generator[bytes], slots: BoundedSemaphore) -> None:
    """Give the response its bytes; what is refused is refused before the first of them."""
    if not slots.acquire(blocking=False):
        raise TooManyAttempts("Too many downloads at once; try again soon.", retry_after_s=_RETRY_AFTER_S)
    releasing = _releasing(stream, slots)
    response.response = chain([next(releasing, b"")], releasing)
    response.call_on_close(releasing.close)


def _releasing(stream: Generator[bytes], slots: BoundedSemaphore) -> Generator[bytes]:
    """Pass a stream on, and give its place to others when it ends, breaks, or is not wanted any more."""
    try:
        yield from stream
    finally:
        slots.release()
