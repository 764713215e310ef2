"""What owners do with their webhooks and read of them; what is somebody else's does not exist for them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from archive_shared.access import Access, Action, Caller, Question, require
from archive_shared.clock import Clock
from archive_shared.documents import Repository, one_of
from archive_shared.errors import Conflict, Invalid, NotFound, Unauthenticated
from archive_shared.identifiers import new_id
from archive_shared.jobs.job import Job
from feed.domain.delivery import OPEN, TEST_TYPE, Delivery
from feed.domain.destination import Refused
from feed.domain.selection import checked_types
from feed.domain.webhook import MOST_PER_OWNER, Webhook
from feed.use_cases.read_feed import Reader


@dataclass(frozen=True)
class Webhooks:
    """The webhooks of everybody.

    Parameters
    ----------
    check_url
        Raises `Refused` for an address that must not be called.
    """

    webhooks: Repository[Webhook]
    deliveries: Repository[Delivery]
    reader: Reader
    access: Access
    clock: Clock
    check_url: Callable[[str], None]

    def create(
        self, token: str | None, identifier: str, *, url: str, types: Sequence[str], archive: str | None
    ) -> Webhook:
        """Add a webhook of the caller; it gets what happens from now on. Its only secret is in it.

        The same again is the same webhook.
        """
        caller = self._caller(token)
        present = self.webhooks.get(identifier)
        if present is not None:
            return present
        self._check(token, caller, {"url": url, "archive": archive})
        if self.webhooks.count({"owner": caller.id}) >= MOST_PER_OWNER:
            raise Conflict(f"At most {MOST_PER_OWNER} webhooks per person.")
        now = self.clock.now()
        webhook = Webhook(
            id=identifier,
            owner=caller.id,
            url=url,
            types=list(checked_types(types)),
            archive=archive,
            position=self.reader.newest(),
            created_at=now,
        )
        webhook.replace_secret(now)
        return self.webhooks.add(webhook)

    def list(self, token: str | None) -> Sequence[Webhook]:
        """Return the webhooks of the caller, oldest first; `MOST_PER_OWNER` at most."""
        caller = self._caller(token)
        mine = self.webhooks.find({"owner": caller.id}, sort=[("created_at", 1)])
        return [webhook for webhook in mine if self._reaches(token, caller, webhook)]

    def get(self, token: str | None, identifier: str) -> Webhook:
        caller = self._caller(token)
        webhook = self.webhooks.get(identifier)
        if webhook is None or webhook.owner != caller.id or not self._reaches(token, caller, webhook):
            raise NotFound(f"webhook {identifier} may not be seen")
        return webhook

    def change(self, token: str | None, identifier: str, wanted: Mapping[str, Any]) -> Webhook:
        """Change what is named in `wanted`: url, types, archive, active.

        Calling a stopped webhook again goes on where it stopped, with what waits first.
        """
        self.get(token, identifier)
        self._check(token, self._caller(token), wanted)
        types = list(checked_types(wanted["types"])) if "types" in wanted else None

        def step(webhook: Webhook) -> None:
            webhook.url = wanted.get("url", webhook.url)
            webhook.archive = wanted.get("archive", webhook.archive)
            webhook.types = webhook.types if types is None else types
            if "active" in wanted and wanted["active"] != webhook.active:
                webhook.resume() if wanted["active"] else webhook.stop("Its owner stopped it.")

        changed = self.webhooks.change(identifier, step)
        if wanted.get("active"):
            self._hurry(identifier)
        return changed

    def delete(self, token: str | None, identifier: str) -> None:
        """Remove a webhook; nothing more is sent, and its log is gone from sight."""
        self.webhooks.delete(self.get(token, identifier).id)

    def replace_secret(self, token: str | None, identifier: str) -> tuple[Webhook, str]:
        """Give a webhook a new secret and return it; the old one signs as well for a day."""
        now = self.clock.now()
        secrets: list[str] = []
        changed = self.webhooks.change(
            self.get(token, identifier).id, lambda webhook: secrets.append(webhook.replace_secret(now))
        )
        return changed, secrets[-1]

    def test(self, token: str | None, identifier: str, delivery: str) -> Delivery:
        """Send an event that means nothing, to see whether it arrives; also while the webhook is stopped.

        The same delivery again is not sent twice.
        """
        webhook = self.get(token, identifier)
        present = self.deliveries.get(delivery)
        if present is not None:
            return present
        waiting = self.deliveries.find({"webhook": webhook.id, "job_state": one_of(OPEN)})
        if any(each.is_test for each in waiting):
            raise Conflict("A test is on its way already.")
        now = self.clock.now()
        return self.deliveries.add(
            Delivery(
                id=delivery,
                webhook=webhook.id,
                event=new_id(),
                type=TEST_TYPE,
                position=None,
                created_at=now,
                job=Job.queued(now),
            )
        )

    def list_deliveries(
        self, token: str | None, identifier: str, *, skip: int, limit: int
    ) -> tuple[int, Sequence[Delivery]]:
        """Return how many deliveries a webhook has had, and a page of them, newest first."""
        ours = {"webhook": self.get(token, identifier).id}
        found = self.deliveries.find(ours, sort=[("created_at", -1)], skip=skip, limit=limit)
        return self.deliveries.count(ours), found

    def get_delivery(self, token: str | None, identifier: str, delivery: str) -> Delivery:
        webhook = self.get(token, identifier)
        found = self.deliveries.get(delivery)
        if found is None or found.webhook != webhook.id:
            raise NotFound(f"delivery {delivery} may not be seen")
        return found

    def send_again(self, token: str | None, identifier: str, delivery: str) -> Delivery:
        """Send one event once more, under the same identifier; raise `Conflict` while it is on its way."""
        if not self.get(token, identifier).active:
            raise Conflict("The webhook is stopped; make it active first.")
        now = self.clock.now()
        found = self.get_delivery(token, identifier, delivery)
        return self.deliveries.change(found.id, lambda each: each.send_again(now))

    def _hurry(self, webhook: str) -> None:
        now = self.clock.now()
        for waiting in self.deliveries.find({"webhook": webhook, "job_state": one_of(OPEN)}):
            self.deliveries.change(waiting.id, partial(Delivery.hurry, now=now))

    def _caller(self, token: str | None) -> Caller:
        caller = self.access.ask(token, ()).caller
        if caller is None:
            raise Unauthenticated("Authentication credentials were not provided.")
        return caller

    def _reaches(self, token: str | None, caller: Caller, webhook: Webhook) -> bool:
        """Tell whether the token is good for a webhook of its user: webhooks have all the rights of their owner, so a
        token for some archives must not turn those of others elsewhere.
        """
        if caller.everywhere or webhook.archive is None:
            return caller.everywhere
        return all(self.access.ask(token, [Question(Action.USE_ARCHIVE, webhook.archive)]).allowed)

    def _check(self, token: str | None, caller: Caller, wanted: Mapping[str, Any]) -> None:
        if "archive" in wanted:
            self._check_archive(token, caller, wanted["archive"])
        if "url" in wanted:
            try:
                self.check_url(wanted["url"])
            except Refused as refusal:
                raise Invalid({"url": [str(refusal)]}) from refusal

    def _check_archive(self, token: str | None, caller: Caller, archive: str | None) -> None:
        if archive is None:
            if not caller.everywhere:
                raise Invalid({"archive": ["Your token is good for some archives only: name one."]})
            return
        try:
            require(self.access, token, Action.USE_ARCHIVE, archive)
        except NotFound as error:
            raise Invalid({"archive": ["There is no such archive."]}) from error
