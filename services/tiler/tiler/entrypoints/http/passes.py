"""The pass for the pictures of one image, and who shows one instead of a token."""

from datetime import UTC, datetime

from flask import Blueprint, Response, request

from archive_shared.errors import Unauthenticated
from archive_shared.http.app import json_response
from archive_shared.http.requests import bearer_token
from tiler.domain.tile_pass import LIFETIME_S, TilePass
from tiler.entrypoints.http.tile_door import COOKIE, PREFIX, version_of
from tiler.use_cases.watch_slide import Watching


def passes_blueprint(watching: Watching, public_url: str) -> Blueprint:
    """Routes below the address of an image."""
    routes = Blueprint("passes", __name__, url_prefix=f"{PREFIX.rstrip('/')}/<image>")

    @routes.get("/pass")
    def issue(image: str) -> Response:
        """Give a pass for the tiles or slices of an image, in the body and as a cookie."""
        found, written = watching.admit(bearer_token(), image)
        base = f"{PREFIX}{image}/"
        answer = json_response(_shown(found, written, base))
        answer.set_cookie(
            COOKIE,
            written,
            max_age=LIFETIME_S,
            path=base,
            secure=public_url.startswith("https:"),
            httponly=True,
            samesite="Strict",
        )
        answer.headers["Cache-Control"] = "no-store"
        return answer

    return routes


def shown_pass(watching: Watching, image: str) -> TilePass | None:
    """Return the pass that came with a request; None without one, or if there is a token, which counts more.

    Raises what `Watching.check` does. But a cookie whose time is over is as good as none: browsers send it along with the
    session of the page, which may be all right.
    """
    if "Authorization" in request.headers:
        return None
    sent, kept = request.headers.get("X-Tile-Pass"), request.cookies.get(COOKIE)
    if sent is not None:
        return watching.check(sent, image)
    try:
        return watching.check(kept, image) if kept is not None else None
    except Unauthenticated:
        return None


def _shown(found: TilePass, written: str, base: str) -> dict[str, str]:
    versioned = f"{base}v/{version_of(found)}/"
    products = (
        {"tiles": versioned, "iiif": f"{base}iiif"} if found.index_key else {"slices": f"{versioned}slices/"}
    )
    expires_at = datetime.fromtimestamp(found.expires_at, UTC).isoformat()
    return {"pass": written, "expires_at": expires_at, **products}
