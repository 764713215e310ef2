"""Asks archive-api about archives and items, with the caller's own token and so with their own eyes."""

from collections.abc import Mapping
from typing import Any

from archive_shared.errors import NotFound
from archive_shared.http.client import ServiceClient
from archive_shared.identifiers import is_id
from ingest_worker.use_cases.target import FoundArchive


class HttpArchives:
    """The `Archives` of the target use case, over HTTP."""

    def __init__(self, archive_api: ServiceClient) -> None:
        self._archive_api = archive_api

    def find_archive(self, token: str | None, reference: str) -> FoundArchive:
        name = _last_segment(reference)
        if is_id(name):
            return _found(self._archive_api.get(f"/api/v1/archives/{name}/", token=token))
        page = self._archive_api.get("/api/v1/archives/", token=token, query={"slug": name, "limit": "1"})
        if not page["results"]:
            raise NotFound(f"archive {name} may not be seen")
        return self.find_archive(token, page["results"][0]["pk"])  # lists do not tell whether it is full

    def has_socket(self, token: str | None, slug: str) -> bool:
        query = {"slug": slug, "limit": "1"}
        page = self._archive_api.get("/api/v1/components/interfaces/", token=token, query=query)
        return bool(page["count"])

    def archive_of_item(self, token: str | None, item: str) -> FoundArchive:
        name = _last_segment(item)
        if not is_id(name):
            raise NotFound(f"item {name} does not exist")
        found = self._archive_api.get(f"/api/v1/archives/items/{name}/", token=token)
        return self.find_archive(token, found["archive"])


def _found(card: Mapping[str, Any]) -> FoundArchive:
    return FoundArchive(
        str(card["pk"]), bool(card["deidentify"]), bool(card.get("keep_labels")), bool(card.get("is_full"))
    )


def _last_segment(reference: str) -> str:
    """Return the identifier at the end of an address, or the text itself when it is none."""
    return reference.rstrip("/").rsplit("/", 1)[-1]
