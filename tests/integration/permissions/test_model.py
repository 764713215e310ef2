"""Random people do random things; a small model says what they may, and permissions never says anything else."""

from contextlib import ExitStack

from httpx2 import WSGITransport
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from archive_shared.access import Action, Question
from archive_shared.clock import SystemClock
from archive_shared.http.access_client import HttpAccess
from archive_shared.http.cached_access import CachedAccess
from archive_shared.http.client import ServiceClient
from permissions.domain.request import MOST_WITHDRAWN, request_id
from permissions.entrypoints.http.app import app_for
from tests.support.folders import folder_in_memory
from tests.support.permissions_service import (
    ARCHIVE,
    SECRET,
    PermissionsService,
    permissions_service,
    permissions_settings,
)

PEOPLE = ("ann", "bob", "eve")
ALLOWED = {"user": 2, "uploader": 3, "editor": 4}  # how many of ACTIONS
ACTIONS = (Action.VIEW_ARCHIVE, Action.USE_ARCHIVE, Action.UPLOAD, Action.CHANGE_ARCHIVE)

person = st.sampled_from(PEOPLE)
role = st.sampled_from(sorted(ALLOWED))


class Model:
    """Who may do what, as simply as it can be said."""

    def __init__(self) -> None:
        self.roles = {("ann", "editor")}
        self.pending: set[str] = set()
        self.refused: set[str] = set()  # by an editor, ever
        self.cooling: set[str] = set()  # not long ago
        self.withdrawn = dict.fromkeys(PEOPLE, 0)  # in a row
        self.verified: set[str] = set()
        self.rule = "manual"

    def may(self, who: str) -> list[bool]:
        most = max((ALLOWED[role] for name, role in self.roles if name == who), default=0)
        return [number < most for number in range(len(ACTIONS))]

    def edits(self, who: str) -> bool:
        return (who, "editor") in self.roles

    def member(self, who: str) -> bool:
        return any(name == who for name, _ in self.roles)

    def refuse(self, who: str) -> None:
        self.pending.discard(who)
        self.refused.add(who)
        self.cooling.add(who)
        self.withdrawn[who] = 0

    def admit_pending(self) -> None:
        willing = {"manual": set(), "verified": self.verified, "all": set(PEOPLE)}[self.rule]
        admitted = self.pending & willing - self.refused
        self.roles |= {(who, "user") for who in admitted}
        self.pending -= admitted


class Permissions(RuleBasedStateMachine):
    """Drives the service and the model side by side."""

    @initialize()
    def begin(self) -> None:
        self.model = Model()
        self.stack = ExitStack()
        self.service: PermissionsService = permissions_service(self.stack.enter_context(folder_in_memory()))
        self.service.administrator("root")
        self.service.people(*PEOPLE)
        self.service.archive("ann")
        self.cached = CachedAccess(self._client())

    def teardown(self) -> None:
        if hasattr(self, "stack"):
            self.stack.close()

    @rule(by=person, who=person, role=role)
    def give(self, by: str, who: str, role: str) -> None:
        sent = {"user": who, "role": role}
        done = self._do("POST", f"archives/{ARCHIVE}/members/", by, json=sent)

        assert done is self.model.edits(by)
        if done:
            self.model.roles.add((who, role))
            self.model.pending.discard(who)

    @rule(by=person, who=person, role=role)
    def take(self, by: str, who: str, role: str) -> None:
        editors = [name for name, held in self.model.roles if held == "editor"]
        last = role == "editor" and editors == [who]
        path = f"archives/{ARCHIVE}/members/{self.service.user(who).id}/{role}/"
        done = self._do("DELETE", path, by)

        assert done is (self.model.edits(by) and (who, role) in self.model.roles and not last)
        if done:
            self.model.roles.discard((who, role))
            if not self.model.member(who):
                self.model.refuse(who)

    @rule(who=person)
    def ask(self, who: str) -> None:
        done = self._do("POST", f"archives/{ARCHIVE}/requests/", who)

        model = self.model
        tires = model.withdrawn[who] >= MOST_WITHDRAWN
        assert done is not (model.member(who) or who in model.pending or who in model.cooling or tires)
        if done:
            model.pending.add(who)
            model.admit_pending()

    @rule(by=person, who=person, decision=st.sampled_from(["accept", "reject", "withdraw"]))
    def decide(self, by: str, who: str, decision: str) -> None:
        identifier = request_id(ARCHIVE, self.service.user(who).id)
        done = self._do("POST", f"archives/{ARCHIVE}/requests/{identifier}/{decision}/", by)

        allowed = by == who if decision == "withdraw" else self.model.edits(by)
        assert done is (allowed and who in self.model.pending)
        if done:
            self.model.pending.discard(who)
            self.model.withdrawn[who] = self.model.withdrawn[who] + 1 if decision == "withdraw" else 0
            if decision == "accept":
                self.model.roles.add((who, "user"))
            if decision == "reject":
                self.model.refuse(who)

    @rule(by=person, handling=st.sampled_from(["manual", "verified", "all"]))
    def change_rule(self, by: str, handling: str) -> None:
        done = self._do("PATCH", f"archives/{ARCHIVE}/admission/", by, json={"handling": handling})

        assert done is self.model.edits(by)
        if done:
            self.model.rule = handling
            self.model.admit_pending()

    @rule(who=person, verified=st.booleans())
    def verify(self, who: str, verified: bool) -> None:
        assert self._do("PATCH", f"users/{self.service.user(who).id}/", "root", json={"verified": verified})
        self.model.verified = self.model.verified | {who} if verified else self.model.verified - {who}
        self.model.admit_pending()

    @rule()
    def wait(self) -> None:
        self.service.clock.move(days=8)
        self.model.cooling.clear()
        self.model.withdrawn |= dict.fromkeys(set(PEOPLE) - self.model.pending, 0)

    @invariant()
    def both_say_the_same(self) -> None:
        if not hasattr(self, "model"):
            return
        questions = [Question(action, ARCHIVE) for action in ACTIONS]
        for who in PEOPLE:
            token, expected = self.service.tokens[who], self.model.may(who)
            assert list(self.http.ask(token, questions).allowed) == expected
            assert list(self.cached.ask(token, questions).allowed) == expected
            assert self.cached.usable(token).includes(ARCHIVE) is self.model.member(who)

    def _do(self, method: str, path: str, who: str, **content: object) -> bool:
        answer = self.service.call(method, path, who, **content)
        assert answer.status_code < 300 or answer.status_code in (403, 404, 409), answer.text
        self.cached.forget()  # as the bus tells
        return answer.status_code < 300

    def _client(self) -> HttpAccess:
        app = app_for(self.service.service, permissions_settings())
        client = ServiceClient(
            "http://permissions",
            service="tests",
            secret=SECRET,
            clock=SystemClock(),
            transport=WSGITransport(app=app),
        )
        self.http = HttpAccess(client)
        return self.http


TestPermissions = Permissions.TestCase
TestPermissions.settings = settings(
    max_examples=20,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
