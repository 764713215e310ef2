"""Webhooks over HTTP; each exists for its owner alone."""

from collections.abc import Callable

from flask import Blueprint, Response

from archive_shared.http.app import json_response
from archive_shared.http.posting import Acted, posted
from archive_shared.http.requests import bearer_token, body, page, page_body, signed_in
from archive_shared.idempotency import AnswerBook
from feed.entrypoints.http.schemas import (
    ChangedWebhook,
    NewWebhook,
    show_deliveries,
    show_delivery,
    show_webhook,
)
from feed.use_cases.webhooks import Webhooks


def webhooks_blueprint(webhooks: Webhooks, answers: AnswerBook, *, public_url: str) -> Blueprint:
    """Routes for webhooks and their deliveries."""
    routes = Blueprint("webhooks", __name__, url_prefix="/api/v1/webhooks")
    url = f"{public_url}/api/v1/webhooks/"

    @routes.before_request
    def somebody_who_may() -> None:
        """Refuse nobody, and whoever would change something with a token for reading."""
        signed_in(webhooks.access)

    @routes.get("/")
    def list_mine() -> Response:
        wanted = page()
        found = webhooks.list(bearer_token())
        shown = found[wanted.offset : wanted.offset + wanted.limit]
        results = [show_webhook(webhook, url=url) for webhook in shown]
        return json_response(page_body(wanted, url=url, count=len(found), results=results))

    @routes.post("/")
    def create() -> Response:
        sent = body(NewWebhook())

        def act(identifier: str) -> Acted:
            webhook = webhooks.create(bearer_token(), identifier, **sent)
            return 201, show_webhook(webhook, url=url) | {"secret": webhook.secrets[0].value}

        return _secret(_posted(act))

    @routes.get("/<pk>/")
    def show(pk: str) -> Response:
        return json_response(show_webhook(webhooks.get(bearer_token(), pk), url=url))

    @routes.patch("/<pk>/")
    def change(pk: str) -> Response:
        changed = webhooks.change(bearer_token(), pk, body(ChangedWebhook()))
        return json_response(show_webhook(changed, url=url))

    @routes.delete("/<pk>/")
    def delete(pk: str) -> Response:
        webhooks.delete(bearer_token(), pk)
        return Response(status=204)

    @routes.post("/<pk>/rotate-secret/")
    def rotate_secret(pk: str) -> Response:
        webhooks.get(bearer_token(), pk)

        def act(_: str) -> Acted:
            changed, secret = webhooks.replace_secret(bearer_token(), pk)
            return 200, show_webhook(changed, url=url) | {"secret": secret}

        return _secret(_posted(act))

    @routes.post("/<pk>/test/")
    def test(pk: str) -> Response:
        token = bearer_token()
        webhooks.get(token, pk)
        return _posted(lambda identifier: (202, show_delivery(webhooks.test(token, pk, identifier))))

    @routes.get("/<pk>/deliveries/")
    def list_deliveries(pk: str) -> Response:
        wanted = page()
        count, found = webhooks.list_deliveries(bearer_token(), pk, skip=wanted.offset, limit=wanted.limit)
        results = show_deliveries(found)
        return json_response(page_body(wanted, url=f"{url}{pk}/deliveries/", count=count, results=results))

    @routes.get("/<pk>/deliveries/<delivery>/")
    def show_one_delivery(pk: str, delivery: str) -> Response:
        return json_response(show_delivery(webhooks.get_delivery(bearer_token(), pk, delivery)))

    @routes.post("/<pk>/deliveries/<delivery>/redeliver/")
    def redeliver(pk: str, delivery: str) -> Response:
        token = bearer_token()
        webhooks.get_delivery(token, pk, delivery)
        return _posted(lambda _: (202, show_delivery(webhooks.send_again(token, pk, delivery))))

    def _posted(act: Callable[[str], Acted]) -> Response:
        return posted(answers, signed_in(webhooks.access).id, act)

    return routes


def _secret(response: Response) -> Response:
    """Mark an answer that nobody on the way may keep."""
    response.headers["Cache-Control"] = "no-store"
    return response
