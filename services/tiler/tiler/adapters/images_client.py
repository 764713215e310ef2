"""Asks archive-api whether a caller may see an image, with the caller's own token."""

from archive_shared.http.client import ServiceClient
from tiler.domain.sight import Sight


class HttpImages:
    """The `Images` of the gallery, over HTTP; one round trip per question."""

    def __init__(self, archive_api: ServiceClient) -> None:
        self._archive_api = archive_api

    def sight(self, token: str, image: str) -> Sight:
        answer = self._archive_api.get(f"/internal/v1/images/{image}/sight/", token=token)
        return Sight(tuple(answer["archives"]), answer["is_theirs"])
