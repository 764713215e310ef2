"""The door for tiles: a plain WSGI callable beside the Flask application, which would cost more than the tile.

`/api/v1/tiles/images/<image>/v/<version>/<z>/<x>/<y>.<format>`, for those who hold a pass for the image (cookie
`tile_pass`, or header `X-Tile-Pass`). The version in the address is that of the index, so what stands there never
changes and browsers keep it without asking again; whenever they do ask, the pass is checked, and whether its holder may
still see the image.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from archive_shared.errors import ArchiveSystemError, NotFound, Unauthenticated
from archive_shared.http import problems
from tiler.domain.picture import Picture
from tiler.domain.problems import UnreadableImage
from tiler.domain.tile_pass import TilePass
from tiler.entrypoints.http.answers import FOR_EVER, unreadable
from tiler.entrypoints.http.entity_tags import entity_tag
from tiler.use_cases.watch_slide import Watching

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Wsgi = Callable[[Environ, StartResponse], Iterable[bytes]]

PREFIX = "/api/v1/tiles/images/"
COOKIE = "tile_pass"
_TILE = re.compile(
    PREFIX + r"([0-9a-f-]{36})/v/([0-9a-f]{32})/(\d{1,3})/(\d{1,9})/(\d{1,9})\.(jpeg|png)", re.ASCII
)
_COOKIE = re.compile(r"(?:^|;\s*)" + COOKIE + r"=([A-Za-z0-9_=.-]+)")
_RANGE = re.compile(r"bytes=(\d{0,12})-(\d{0,12})")
_ALWAYS = [
    ("Cache-Control", FOR_EVER),
    ("X-Content-Type-Options", "nosniff"),
    ("Accept-Ranges", "bytes"),
    ("Vary", "Cookie, X-Tile-Pass"),
]
_EXTENSIONS = {"image/jpeg": "jpeg", "image/png": "png"}


class TileDoor:
    """Answers requests for tiles of the immutable kind, and passes all others on."""

    def __init__(self, watching: Watching, otherwise: Wsgi) -> None:
        self._watching = watching
        self._otherwise = otherwise

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        found = _TILE.fullmatch(environ["PATH_INFO"])
        if found is None or environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return self._otherwise(environ, start_response)
        try:
            return self._answer(environ, start_response, *found.groups())
        except UnreadableImage as damaged:
            return unreadable(found[1], damaged)(environ, start_response)
        except ArchiveSystemError as error:
            return problems.of_error(error)(environ, start_response)

    def _answer(self, environ: Environ, start_response: StartResponse, *address: str) -> Iterable[bytes]:
        image, version, z, x, y, extension = address
        found = self._watching.check(_pass_of(environ), image)
        if version != version_of(found):
            raise NotFound("there is another version of the image now")
        tag = f'"{version[:16]}-{z}-{x}-{y}"'
        if not _is_expected(environ.get("HTTP_IF_MATCH", "*"), tag):
            return problems.problem(412, "The tile is not the one that you ask for.")(environ, start_response)
        known = environ.get("HTTP_IF_NONE_MATCH", "")
        if _is_known(known, tag):
            return _unchanged(start_response, tag)
        picture = self._watching.tile(found, int(z), int(x), int(y))
        if _EXTENSIONS[picture.content_type] != extension:
            raise NotFound(f"there are no {extension} tiles")
        if known.strip() == "*":  # stands for any tag, of what there is (RFC 9110, 13.1.2)
            return _unchanged(start_response, tag)
        return _picture(environ, start_response, picture, tag)


def version_of(found: TilePass) -> str:
    """Return what stands in addresses of tiles and slices; another one as soon as the image, or how we draw, is another one."""
    return entity_tag(found.index_key or found.source_key)


def _pass_of(environ: Environ) -> str:
    written: str | None = environ.get("HTTP_X_TILE_PASS")
    if written is None:
        cookie = _COOKIE.search(environ.get("HTTP_COOKIE", ""))
        if cookie is None:
            raise Unauthenticated("A tile pass was not provided.")
        written = cookie[1]
    return written


def _is_expected(sent: str, tag: str) -> bool:
    """Whether If-Match names the tile (RFC 9110, 13.1.1)."""
    return sent.strip() == "*" or tag in (expected.strip() for expected in sent.split(","))


def _is_known(sent: str, tag: str) -> bool:
    return bool(sent) and tag in (known.strip().removeprefix("W/") for known in sent.split(","))


def _unchanged(start_response: StartResponse, tag: str) -> Sequence[bytes]:
    start_response("304 Not Modified", [("ETag", tag), *_ALWAYS])
    return ()


def _picture(environ: Environ, start_response: StartResponse, picture: Picture, tag: str) -> Sequence[bytes]:
    body = picture.body
    headers = [("Content-Type", picture.content_type), ("ETag", tag), *_ALWAYS]
    is_head = environ["REQUEST_METHOD"] == "HEAD"
    wanted = "" if is_head else environ.get("HTTP_RANGE")
    status = "200 OK"
    if wanted and environ.get("HTTP_IF_RANGE", tag) == tag:
        part = _part(wanted, len(body))
        if part is None:
            start_response("416 Range Not Satisfiable", [("Content-Range", f"bytes */{len(body)}"), *_ALWAYS])
            return ()
        start, end = part
        if (start, end) != (0, len(body)):
            status = "206 Partial Content"
            headers.append(("Content-Range", f"bytes {start}-{end - 1}/{len(body)}"))
            body = body[start:end]
    headers.append(("Content-Length", str(len(body))))
    start_response(status, headers)
    return () if is_head else (body,)


def _part(wanted: str, size: int) -> tuple[int, int] | None:
    """Return start and end of a single range, all of it for what we do not understand, None for one outside."""
    found = _RANGE.fullmatch(wanted)
    if found is None or not (found[1] or found[2]):
        return 0, size
    if not found[1]:
        return (max(0, size - int(found[2])), size) if int(found[2]) else None
    start, end = int(found[1]), min(int(found[2]) + 1, size) if found[2] else size
    return (start, end) if start < end else None
