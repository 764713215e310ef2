"""The feed over HTTP."""

from functools import partial

from flask import Blueprint, Response, request

from archive_shared.errors import Invalid, Unauthenticated
from archive_shared.http import problems
from archive_shared.http.app import json_response
from archive_shared.http.requests import bearer_token, page
from feed.bootstrap import Feed
from feed.domain import cursor
from feed.domain.problems import NoLongerKept
from feed.domain.selection import Selection, checked_types
from feed.use_cases.read_feed import Page

LONGEST_WAIT_S = 20
LATEST = "latest"


def events_blueprint(feed: Feed) -> Blueprint:
    """Routes for the feed."""
    routes = Blueprint("events", __name__, url_prefix="/api/v1/events")
    routes.register_error_handler(NoLongerKept, lambda gone: problems.problem(410, str(gone)))

    @routes.get("/")
    def read() -> Response:
        """Return the events after a cursor that the caller may see, and the cursor to go on with."""
        token = bearer_token()
        if token is None:
            raise Unauthenticated("Authentication credentials were not provided.")
        found, early = feed.waiting.page(
            partial(feed.access.ask, token),
            Selection(_types(), request.args.get("archive")),
            after=_after(feed),
            limit=page().limit,
            wait_s=_wait_s(),
        )
        response = json_response(_body(found))
        response.headers["Cache-Control"] = "no-store"
        if early:
            response.headers["Retry-After"] = str(problems.RETRY_AFTER_S)
        return response

    return routes


def _body(page: Page) -> dict[str, object]:
    return {
        "events": [entry.cloud_event() for entry in page.entries],
        "cursor": cursor.encode(page.position),
        "more": page.more,
    }


def _types() -> tuple[str, ...]:
    written = [part.strip() for text in request.args.getlist("types") for part in text.split(",")]
    return checked_types([part for part in written if part])


def _after(feed: Feed) -> int:
    text = request.args.get("after", "")
    if not text:
        return feed.reader.start()
    return feed.reader.newest() if text == LATEST else cursor.decode(text)


def _wait_s() -> int:
    text = request.args.get("wait", "0")
    if not (text.isascii() and text.isdigit()):
        raise Invalid({"wait": ["Must be a whole number of seconds."]})
    return min(int(text[:9]), LONGEST_WAIT_S)
