"""Answers that browsers may keep, but have to ask about each time: see `tiler.entrypoints.http.images`."""

import hashlib

import structlog
from flask import Response, request

from archive_shared.http import problems
from archive_shared.http.ranges import answer_as_asked
from tiler.domain.problems import NoLevelSmallEnough, UnreadableImage
from tiler.entrypoints.http.entity_tags import entity_tag
from tiler.use_cases.show_image import Shown

log = structlog.get_logger()

ASKING = "private, no-cache"
FOR_EVER = "private, max-age=31536000, immutable"


def answered_picture(shown: Shown, *, never_changes: bool = False) -> Response:
    """Answer with a picture, or say that the client has it; it is only made if not.

    Parameters
    ----------
    never_changes
        The address stands for this picture for ever, so nobody has to ask again.
    """
    tag, kept = entity_tag(shown.name), FOR_EVER if never_changes else ASKING
    if _is_known(tag):
        return _kept(Response(status=304), tag, kept)
    picture = shown.read()
    return _kept(Response(picture.body, content_type=picture.content_type), tag, kept)


def answered_text(response: Response) -> Response:
    """Tag an answer by its text."""
    return _kept(response, entity_tag(response.get_data(as_text=True)))


def answered_bytes(body: bytes, content_type: str) -> Response:
    """Tag an answer by its bytes."""
    tag = entity_tag(hashlib.sha256(body).hexdigest())
    return _kept(Response(body, content_type=content_type), tag)


def unreadable(image: str, error: UnreadableImage) -> Response:
    """Answer that it is us who hold a damaged image, or one whose levels are not made yet; the request was right."""
    if isinstance(error, NoLevelSmallEnough):
        return problems.problem(503, error.reason)
    log.error("stored image is damaged", image=image, reason=error.reason)
    return problems.problem(500, error.reason)


def damaged(error: UnreadableImage) -> Response:
    """Answer the same, for routes whose address names the image."""
    return unreadable((request.view_args or {}).get("image", ""), error)


def _kept(response: Response, tag: str, kept: str = ASKING) -> Response:
    response.set_etag(tag)
    response.headers["Cache-Control"] = kept
    answer_as_asked(response, len(response.get_data()))
    return response


def _is_known(tag: str) -> bool:
    """Whether the client has it; "*" does not say so, it asks whether there is anything."""
    sent = request.if_none_match
    return sent.is_strong(tag) or sent.is_weak(tag)
