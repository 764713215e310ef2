"""Archives over HTTP."""

from flask import Blueprint, Response, request

from archive_api.entrypoints.http.links import Links
from archive_api.entrypoints.http.posting import posted
from archive_api.entrypoints.http.preconditions import expected_version, tagged
from archive_api.entrypoints.http.schemas import Confirmation, sent_archive
from archive_api.entrypoints.http.shapes import (
    Json,
    show_archive,
    show_change,
    show_nameplate,
    show_seen_archive,
)
from archive_api.use_cases.archive_quota import quota_of
from archive_api.use_cases.browse_archives import (
    ORDERINGS,
    ArchiveFilter,
    SeenArchive,
    find_by_exact_address,
    list_archives,
    read_nameplate_logo,
)
from archive_api.use_cases.browse_archives import show_archive as find_archive
from archive_api.use_cases.change_archive import change_archive, require_editor
from archive_api.use_cases.check_display import check_display, with_default_viewer
from archive_api.use_cases.count_items import count_items
from archive_api.use_cases.create_archive import create_archive
from archive_api.use_cases.delete_archive import ask_for_deletion, delete_archive, hindrances
from archive_api.use_cases.library import Library
from archive_api.use_cases.require_creator import require_creator
from archive_shared.clock import to_text
from archive_shared.errors import Invalid
from archive_shared.http.app import json_response
from archive_shared.http.requests import bearer_token, body, page, page_body


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
        """Create an archive; the caller becomes its first editor."""
        caller = require_creator(library, bearer_token())
        wanted = with_default_viewer(library, sent_archive())
        check_display(library, bearer_token(), wanted)

        def act(identifier: str) -> tuple[int, Json]:
            archive = create_archive(library, caller, identifier, wanted)
            return 201, show_seen_archive(
                SeenArchive(archive, 0, role="editor"), links, library.render_markdown
            )

        return posted(library, caller.id, act)

    @routes.get("/<pk>/")
    def show(pk: str) -> Response:
        """Show an archive: its card, and to those with a role its page and how many items it has."""
        return _seen(find_archive(library, bearer_token(), pk))

    @routes.get("/<pk>/nameplate/")
    def nameplate(pk: str) -> Response:
        """Show title and logo, of a private archive too, to somebody who has its exact address and may ask for access."""
        return json_response(show_nameplate(find_by_exact_address(library, bearer_token(), pk), links))

    @routes.get("/<pk>/nameplate/logo.png")
    def nameplate_logo(pk: str) -> Response:
        response = Response(read_nameplate_logo(library, bearer_token(), pk), content_type="image/png")
        response.cache_control.private = True
        return response

    @routes.patch("/<pk>/")
    def change(pk: str) -> Response:
        """Change settings; what is not named stays."""
        caller, present = require_editor(library, bearer_token(), pk)
        wanted = sent_archive(partial=True)
        check_display(library, bearer_token(), wanted)
        archive = change_archive(library, caller, present, wanted, expected_version=expected_version())
        return _seen(SeenArchive(archive, count_items(library, pk), quota_of(library, pk), "editor"))

    @routes.get("/<pk>/history/")
    def history(pk: str) -> Response:
        """List who changed the settings when, the newest first."""
        _, archive = require_editor(library, bearer_token(), pk)
        return json_response({"results": [show_change(each) for each in reversed(archive.history)]})

    @routes.post("/<pk>/deletion/")
    def ask_to_delete(pk: str) -> Response:
        """Ask for the deletion of an archive: the first of two steps, which deletes nothing yet."""
        caller, archive = require_editor(library, bearer_token(), pk)

        def act(code: str) -> tuple[int, Json]:
            wish = ask_for_deletion(library, caller, archive, code)
            items = count_items(library, pk)
            return 201, {
                "confirmation": wish.code,
                "expires": to_text(wish.ends_at),
                "item_count": items,
                "hindrances": hindrances(library, pk),
            }

        return posted(library, caller.id, act)

    @routes.delete("/<pk>/")
    def delete(pk: str) -> Response:
        """Delete an archive and its items: the second step, with the code of the first."""
        caller, archive = require_editor(library, bearer_token(), pk)
        delete_archive(library, caller, archive, body(Confirmation())["confirmation"])
        return Response(status=204)

    def _seen(seen: SeenArchive) -> Response:
        answer = json_response(show_seen_archive(seen, links, library.render_markdown))
        return tagged(answer, seen.archive.version)

    return routes


def _filter() -> ArchiveFilter:
    ordering = request.args.get("ordering", "created")
    if ordering not in ORDERINGS:
        raise Invalid({"ordering": [f"Choose one of: {', '.join(ORDERINGS)}."]})
    return ArchiveFilter(
        slug=request.args.get("slug"),
        title=request.args.get("title"),
        public=_flag("public"),
        modality=request.args.get("modality"),
        structure=request.args.get("structure"),
        organization=request.args.get("organization"),
        search=request.args.get("search", ""),
        mine=_flag("mine") or False,
        ordering=ordering,
    )


def _flag(name: str) -> bool | None:
    return {"true": True, "1": True, "false": False, "0": False}.get(request.args.get(name, "").lower())
