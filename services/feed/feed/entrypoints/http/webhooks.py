"""Webhooks over HTTP; each exists for its owner alone."""

from collections.abc import Callable
from dataclasses import dataclass

from flask import Blueprint, Response

from archive_shared.http.app import json_response
from archive_shared.http.posting import Acted, posted
from archive_shared.http.requests import bearer_token, body, page, page_body, signed_in
from archive_shared.idempotency import AnswerBook
from feed.domain.delivery import Delivery
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

    hooks, deliveries = _Webhooks(webhooks, answers, url), _Deliveries(webhooks, answers, url)
    routes.get("/")(hooks.list_mine)
    routes.post("/")(hooks.create)
    routes.get("/<pk>/")(hooks.show)
    routes.patch("/<pk>/")(hooks.change)
    routes.delete("/<pk>/")(hooks.delete)
    routes.post("/<pk>/rotate-secret/")(hooks.rotate_secret)
    routes.post("/<pk>/test/")(deliveries.test)
    routes.get("/<pk>/deliveries/")(deliveries.list_deliveries)
    routes.get("/<pk>/deliveries/<delivery>/")(deliveries.show_one_delivery)
    routes.post("/<pk>/deliveries/<delivery>/redeliver/")(deliveries.redeliver)
    return routes


@dataclass(frozen=True)
class _Webhooks:
    """What requests about webhooks themselves are answered."""

    webhooks: Webhooks
    answers: AnswerBook
    url: str

    def list_mine(self) -> Response:
        """List the caller's webhooks."""
        wanted = page()
        found = self.webhooks.list(bearer_token())
        shown = found[wanted.offset : wanted.offset + wanted.limit]
        results = [show_webhook(webhook, url=self.url) for webhook in shown]
        return json_response(page_body(wanted, url=self.url, count=len(found), results=results))

    def create(self) -> Response:
        """Create a webhook; the secret it signs with is shown this once."""
        sent = body(NewWebhook())

        def act(identifier: str) -> Acted:
            webhook = self.webhooks.create(bearer_token(), identifier, **sent)
            return 201, show_webhook(webhook, url=self.url) | {"secret": webhook.secrets[0].value}

        return _secret(self._posted(act))

    def show(self, pk: str) -> Response:
        """Show a webhook."""
        return json_response(show_webhook(self.webhooks.get(bearer_token(), pk), url=self.url))

    def change(self, pk: str) -> Response:
        """Change a webhook, start it or stop it."""
        changed = self.webhooks.change(bearer_token(), pk, body(ChangedWebhook()))
        return json_response(show_webhook(changed, url=self.url))

    def delete(self, pk: str) -> Response:
        """Delete a webhook; nothing more is sent."""
        self.webhooks.delete(bearer_token(), pk)
        return Response(status=204)

    def rotate_secret(self, pk: str) -> Response:
        """Replace the secret; the old one signs as well for a day."""
        self.webhooks.get(bearer_token(), pk)

        def act(_: str) -> Acted:
            changed, secret = self.webhooks.replace_secret(bearer_token(), pk)
            return 200, show_webhook(changed, url=self.url) | {"secret": secret}

        return _secret(self._posted(act))

    def _posted(self, act: Callable[[str], Acted]) -> Response:
        return posted(self.answers, signed_in(self.webhooks.access).account, act)


@dataclass(frozen=True)
class _Deliveries:
    """What requests about the deliveries of a webhook are answered."""

    webhooks: Webhooks
    answers: AnswerBook
    url: str

    def test(self, pk: str) -> Response:
        """Send an event that means nothing, to see whether it arrives."""
        token = bearer_token()
        self.webhooks.get(token, pk)
        return self._begun(lambda identifier: self.webhooks.test(token, pk, identifier))

    def list_deliveries(self, pk: str) -> Response:
        """List what was sent and what became of it, the newest first."""
        wanted = page()
        count, found = self.webhooks.list_deliveries(
            bearer_token(), pk, skip=wanted.offset, limit=wanted.limit
        )
        url, results = f"{self.url}{pk}/deliveries/", show_deliveries(found)
        return json_response(page_body(wanted, url=url, count=count, results=results))

    def show_one_delivery(self, pk: str, delivery: str) -> Response:
        """Show a delivery with its attempts."""
        return json_response(show_delivery(self.webhooks.get_delivery(bearer_token(), pk, delivery)))

    def redeliver(self, pk: str, delivery: str) -> Response:
        """Send an event once more, under the same identifier."""
        token = bearer_token()
        self.webhooks.get_delivery(token, pk, delivery)
        return self._begun(lambda _: self.webhooks.send_again(token, pk, delivery))

    def _begun(self, begin: Callable[[str], Delivery]) -> Response:
        """Answer with the delivery that `begin` returns for its identifier; it is under way."""
        caller = signed_in(self.webhooks.access)
        return posted(
            self.answers, caller.account, lambda identifier: (202, show_delivery(begin(identifier)))
        )


def _secret(response: Response) -> Response:
    """Mark an answer that nobody on the way may keep."""
    response.headers["Cache-Control"] = "no-store"
    return response
