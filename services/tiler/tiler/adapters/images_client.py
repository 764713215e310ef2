"""Asks archive-api whether a caller may see an image, with the caller's own token."""

from archive_shared.http.client import ServiceClient


class HttpImages:
    """The `Images` of the gallery, over HTTP; one round trip per question."""

    def __init__(self, archive_api: ServiceClient) -> None:
        self._archive_api = archive_api

    def require_visible(self, token: str, image: str) -> None:
        self._archive_api.get(f"/api/v1/cases/images/{image}/", token=token)
