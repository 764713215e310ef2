"""Asks permissions about organisations, with the caller's own token and so with their own eyes."""

from archive_shared.http.client import ServiceClient

_MOST = "1000"


def organisation_title(permissions: ServiceClient, token: str | None, pk: str) -> str:
    """Return the name of an organisation; raise `NotFound` if there is none."""
    return str(permissions.get(f"/api/v1/organisations/{pk}/", token=token)["title"])


def organisations_titled(permissions: ServiceClient, token: str | None, title: str) -> list[str]:
    """Return the identifiers of organisations that have a name now; nobody who is not signed in sees any."""
    if token is None:
        return []
    query = {"search": title, "limit": _MOST}
    found = permissions.get("/api/v1/organisations/", token=token, query=query)["results"]
    return [str(each["pk"]) for each in found if each["title"] == title]
