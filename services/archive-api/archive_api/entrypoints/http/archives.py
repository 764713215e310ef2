"""Archives over HTTP."""

from flask import Blueprint, Response, request

from archive_api.entrypoints.http.links import Links
from archive_api.entrypoints.http.schemas import sent_archive
from archive_api.entrypoints.http.shapes import show_archive, show_seen_archive
from archive_api.use_cases.browse_archives import (
    ArchiveFilter,
    SeenArchive,
    count_items,
    list_archives,
)
from archive_api.use_cases.browse_archives import show_archive as find_archive
from archive_api.use_cases.change_archive import change_archive, require_editor
from archive_api.use_cases.create_archive import NewArchive, create_archive, require_creator
from archive_api.use_cases.library import Library
from archive_shared.http.app import json_response
from archive_shared.http.requests import bearer_token, page, page_body


def archives_blueprint(library: Library, links: Links) -> Blueprint:
    """Routes for archives."""
    routes = Blueprint("archives", __name__, url_prefix="/api/v1/archives")

    @routes.get("/")
    def list_visible() -> Response:
        """List what the caller may see: public archives, and those they have a role on."""
        wanted = page()
        count, found = list_archives(
            library, bearer_token(), _filter(), skip=wanted.offset, limit=wanted.limit
        )
        results = [show_archive(archive, links) for archive in found]
        return json_response(page_body(wanted, url=links.archives, count=count, results=results))

    @routes.post("/")
    def create() -> Response:
        caller = require_creator(library, bearer_token())
        archive = create_archive(library, caller, NewArchive(**sent_archive()))
        return json_response(show_seen_archive(SeenArchive(archive, 0), links), 201)

    @routes.get("/<pk>/")
    def show(pk: str) -> Response:
        return json_response(show_seen_archive(find_archive(library, bearer_token(), pk), links))

    @routes.patch("/<pk>/")
    def change(pk: str) -> Response:
        present = require_editor(library, bearer_token(), pk)
        archive = change_archive(library, present, sent_archive(partial=True))
        return json_response(show_seen_archive(SeenArchive(archive, count_items(library, pk)), links))

    return routes


def _filter() -> ArchiveFilter:
    return ArchiveFilter(
        slug=request.args.get("slug"),
        title=request.args.get("title"),
        mine=request.args.get("mine", "").lower() in ("true", "1"),
    )
