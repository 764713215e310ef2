"""Archives over HTTP."""

from dataclasses import dataclass

from flask import Blueprint, Response, request

from archive_api.entrypoints.http.archive_shapes import show_archive, show_nameplate, show_seen_archive
from archive_api.entrypoints.http.links import Links
from archive_api.entrypoints.http.page_formats import formatted
from archive_api.entrypoints.http.posting import posted
from archive_api.entrypoints.http.preconditions import expected_version, tagged
from archive_api.entrypoints.http.schemas import Confirmation, sent_archive
from archive_api.entrypoints.http.shapes import Json, show_change
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
from archive_api.use_cases.file_archive import filed
from archive_api.use_cases.keep_publications import publications_of
from archive_api.use_cases.library import Library
from archive_api.use_cases.require_creator import require_creator
from archive_shared.clock import to_text
from archive_shared.errors import Invalid
from archive_shared.http.app import json_response
from archive_shared.http.requests import bearer_token, body, flag, page, page_body


def archives_blueprint(library: Library, links: Links) -> Blueprint:
    """Routes for archives."""
    routes = Blueprint("archives", __name__, url_prefix="/api/v1/archives")
    archives, editing = _Archives(library, links), _Editing(library, links)
    routes.get("/")(archives.list_visible)
    routes.post("/")(editing.create)
    routes.get("/<pk>/")(archives.show)
    routes.get("/<pk>/nameplate/")(archives.nameplate)
    routes.get("/<pk>/nameplate/logo.png")(archives.nameplate_logo)
    routes.patch("/<pk>/")(editing.change)
    routes.get("/<pk>/history/")(editing.history)
    routes.post("/<pk>/deletion/")(editing.ask_to_delete)
    routes.delete("/<pk>/")(editing.delete)
    return routes


@dataclass(frozen=True)
class _Archives:
    """What those who look at archives are answered."""

    library: Library
    links: Links

    def list_visible(self) -> Response:
        """List what the caller may see: public archives, and those they have a role on; `?format=csv` as a table."""
        wanted = page()
        count, found = list_archives(
            self.library, bearer_token(), _filter(), skip=wanted.offset, limit=wanted.limit
        )
        publications = publications_of(self.library, found)
        results = [show_archive(archive, self.links, publications) for archive in found]
        return formatted(page_body(wanted, url=self.links.archives, count=count, results=results))

    def show(self, pk: str) -> Response:
        """Show an archive: its card, and to those with a role its page and how many items it has."""
        seen = find_archive(self.library, bearer_token(), pk)
        return _tagged(seen, self.library, self.links)

    def nameplate(self, pk: str) -> Response:
        """Show title and logo, of a private archive too, to somebody who has its exact address and may ask for access."""
        found = find_by_exact_address(self.library, bearer_token(), pk)
        return json_response(show_nameplate(found, self.links))

    def nameplate_logo(self, pk: str) -> Response:
        """Serve the logo of the nameplate, to whoever the nameplate is shown to."""
        png = read_nameplate_logo(self.library, bearer_token(), pk)
        response = Response(png, content_type="image/png")
        response.cache_control.private = True
        return response


@dataclass(frozen=True)
class _Editing:
    """What those who make, change and delete archives are answered."""

    library: Library
    links: Links

    def create(self) -> Response:
        """Create an archive; the caller becomes its first editor."""
        caller = require_creator(self.library, bearer_token())
        wanted = with_default_viewer(self.library, sent_archive())
        check_display(self.library, bearer_token(), wanted)
        wanted |= filed(self.library, bearer_token(), wanted)

        def act(identifier: str) -> tuple[int, Json]:
            archive = create_archive(self.library, caller, identifier, wanted)
            return 201, _shown(SeenArchive(archive, 0, role="editor"), self.library, self.links)

        return posted(self.library, caller.account, act)

    def change(self, pk: str) -> Response:
        """Change settings; what is not named stays."""
        caller, present = require_editor(self.library, bearer_token(), pk)
        wanted = sent_archive(partial=True)
        check_display(self.library, bearer_token(), wanted)
        wanted |= filed(self.library, bearer_token(), wanted, present.settings)
        archive = change_archive(self.library, caller, present, wanted, expected_version=expected_version())
        items, quota = count_items(self.library, pk), quota_of(self.library, pk)
        return _tagged(SeenArchive(archive, items, quota, "editor"), self.library, self.links)

    def history(self, pk: str) -> Response:
        """List who changed the settings when, the newest first."""
        _, archive = require_editor(self.library, bearer_token(), pk)
        return json_response({"results": [show_change(each) for each in reversed(archive.history)]})

    def ask_to_delete(self, pk: str) -> Response:
        """Ask for the deletion of an archive: the first of two steps, which deletes nothing yet."""
        caller, archive = require_editor(self.library, bearer_token(), pk)

        def act(code: str) -> tuple[int, Json]:
            wish = ask_for_deletion(self.library, caller, archive, code)
            return 201, {
                "confirmation": wish.code,
                "expires": to_text(wish.ends_at),
                "item_count": count_items(self.library, pk),
                "hindrances": hindrances(self.library, pk),
            }

        return posted(self.library, caller.account, act)

    def delete(self, pk: str) -> Response:
        """Delete an archive and its items: the second step, with the code of the first."""
        caller, archive = require_editor(self.library, bearer_token(), pk)
        delete_archive(self.library, caller, archive, body(Confirmation())["confirmation"])
        return Response(status=204)


def _shown(seen: SeenArchive, library: Library, links: Links) -> Json:
    publications = publications_of(library, [seen.archive])
    return show_seen_archive(seen, links, publications, library.render_markdown)


def _tagged(seen: SeenArchive, library: Library, links: Links) -> Response:
    return tagged(json_response(_shown(seen, library, links)), seen.archive.version)


def _filter() -> ArchiveFilter:
    ordering = request.args.get("ordering", "created")
    if ordering not in ORDERINGS:
        raise Invalid({"ordering": [f"Choose one of: {', '.join(ORDERINGS)}."]})
    return ArchiveFilter(
        slug=request.args.get("slug"),
        title=request.args.get("title"),
        public=flag("public"),
        modality=request.args.get("modality"),
        structure=request.args.get("structure"),
        organization=request.args.get("organization"),
        search=request.args.get("search", ""),
        mine=flag("mine") or False,
        ordering=ordering,
    )
