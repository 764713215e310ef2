"""Answers that browsers may keep, but have to ask about each time: see `tiler.entrypoints.http.images`."""

from flask import Response, request

from tiler.entrypoints.http.entity_tags import entity_tag
from tiler.use_cases.show_image import Shown


def answered_picture(shown: Shown) -> Response:
    """Answer with a picture, or say that the client has it; it is only made if not."""
    tag = entity_tag(shown.name)
    if _is_known(tag):
        return _kept(Response(status=304), tag)
    picture = shown.read()
    return _kept(Response(picture.body, content_type=picture.content_type), tag)


def answered_text(response: Response) -> Response:
    """Tag an answer by its text."""
    return _kept(response, entity_tag(response.get_data(as_text=True)))


def _kept(response: Response, tag: str) -> Response:
    response.set_etag(tag)
    response.headers["Cache-Control"] = "private, no-cache"
    response.make_conditional(request)
    return response


def _is_known(tag: str) -> bool:
    """Whether the client has it; "*" does not say so, it asks whether there is anything."""
    sent = request.if_none_match
    return sent.is_strong(tag) or sent.is_weak(tag)
