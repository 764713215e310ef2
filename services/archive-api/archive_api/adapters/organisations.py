"""Asks permissions about organisations, with the caller's own token and so with their own eyes."""

from archive_shared.http.client import ServiceClient


def organisation_title(permissions: ServiceClient, token: str | None, pk: str) -> str:
    """Return the name of an organisation; raise `NotFound` if there is none."""
    return str(permissions.get(f"/api/v1/organisations/{pk}/", token=token)["title"])
