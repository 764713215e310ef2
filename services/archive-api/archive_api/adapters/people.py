"""Asks permissions about people, with the caller's own token and so with their own eyes."""

from archive_shared.errors import NotFound
from archive_shared.http.client import ServiceClient


def username_of(permissions: ServiceClient, token: str | None, name: str) -> str:
    """Return the username of the one person of this username, as it is spelt; raise `NotFound` if there is none."""
    found = permissions.get("/api/v1/users/find/", token=token, query={"name": name})["results"]
    wanted = name.strip().lower()
    for person in found:  # who is found by an e-mail address was not named
        if person["username"] == wanted:
            return wanted
    raise NotFound(f"there is no user {name}")
