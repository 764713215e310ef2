"""Random people move items between two archives, and roles come and go; a small model says who sees what, and no service differs."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from archive_shared.identifiers import new_id
from tests.support.assembled_platform import AssembledPlatform, assembled_platform

PEOPLE = ("ann", "bob", "eve")
ARCHIVES = ("one", "two")
ITEMS = ("first", "second", "shared")  # "shared" shows the image of "first" once more
ADDS = {"uploader", "editor"}
BEGINNING = [
    ("ann", "one", "editor"),
    ("bob", "two", "editor"),
    ("bob", "one", "user"),
    ("ann", "two", "uploader"),
    ("eve", "one", "uploader"),
    ("eve", "two", "uploader"),
]

person = st.sampled_from(PEOPLE)
archive = st.sampled_from(ARCHIVES)
item = st.sampled_from(ITEMS)
role = st.sampled_from(["user", "uploader", "editor"])


class Model:
    """Who may what, as simply as it can be said: rights follow from roles, and from where an item is now."""

    def __init__(self) -> None:
        self.roles = set(BEGINNING)
        self.place = {"first": "one", "second": "two", "shared": "two"}
        self.removed: set[tuple[str, str]] = set()

    def of(self, who: str, archive: str) -> set[str]:
        return {role for name, where, role in self.roles if (name, where) == (who, archive)}

    def sees(self, who: str, item: str) -> bool:
        return bool(self.of(who, self.place[item]))

    def moves(self, who: str, item: str, to: str) -> bool:
        return "editor" in self.of(who, self.place[item]) and bool(ADDS & self.of(who, to))


class Moves(RuleBasedStateMachine):
    """Drives all services and the model side by side; archives and people are new in each run."""

    platform: AssembledPlatform

    @initialize()
    def begin(self) -> None:
        self.model = Model()
        self.names = {who: f"{who}-{new_id()}" for who in PEOPLE}
        for name in self.names.values():
            self.platform.person(name)
        self.archives = {
            name: self.platform.archive(editor=self.names[who], public=False, title=new_id())
            for who, name in (("ann", "one"), ("bob", "two"))
        }
        for who, name, role in BEGINNING:
            editor = {"one": "ann", "two": "bob"}[name]
            self._ok("PATCH", f"archives/{self.archives[name]}/admission/", editor, json={"handling": "all"})
            self.platform.give(self.archives[name], self.names[who], role, by=self.names[editor])
        self.images = {name: self._import(who, name) for who, name in (("ann", "one"), ("bob", "two"))}
        self.items = {"first": self._item_in("ann", "one"), "second": self._item_in("bob", "two")}
        self.items["shared"] = self._show_again()

    @rule(by=person, who=person, archive=archive, role=role)
    def give(self, by: str, who: str, archive: str, role: str) -> None:
        sent = {"user": self.names[who], "role": role}
        done = self._do("POST", f"archives/{self.archives[archive]}/members/", by, json=sent)

        assert done is ("editor" in self.model.of(by, archive))
        if done:
            self.model.roles.add((who, archive, role))

    @rule(by=person, who=person, archive=archive, role=role)
    def take(self, by: str, who: str, archive: str, role: str) -> None:
        held, model = (who, archive, role), self.model
        last = [each for each in model.roles if each[1:] == (archive, "editor")] == [held]
        user = self.platform.user_id(self.names[who])
        done = self._do("DELETE", f"archives/{self.archives[archive]}/members/{user}/{role}/", by)

        assert done is ("editor" in model.of(by, archive) and held in model.roles and not last)
        if done:
            model.roles.discard(held)
            model.removed |= set() if model.of(who, archive) else {(who, archive)}

    @rule(who=person, archive=archive)
    def ask(self, who: str, archive: str) -> None:
        """Ask for access; the rule of both archives lets everybody in who was not removed."""
        done = self._do("POST", f"archives/{self.archives[archive]}/requests/", who, json={})

        assert done is not (bool(self.model.of(who, archive)) or (who, archive) in self.model.removed)
        if done:
            self.model.roles.add((who, archive, "user"))

    @rule(by=person, item=item, to=archive)
    def move(self, by: str, item: str, to: str) -> None:
        address = f"{self.platform.settings.public_url}/api/v1/archives/{self.archives[to]}/"
        done = self._do("POST", f"archives/items/{self.items[item]}/move/", by, json={"archive": address})

        assert done is self.model.moves(by, item, to)
        if done:
            self.model.place[item] = to

    @invariant()
    def everybody_sees_what_the_model_says(self) -> None:
        if not hasattr(self, "items"):
            return
        for who in PEOPLE:
            seen = {name for name in ITEMS if self.model.sees(who, name)}
            listed = self._ok("GET", "archives/items/?limit=1000", who)["results"]
            assert {each["pk"] for each in listed} == {self.items[name] for name in seen}
            opened = {name for name in ITEMS if self._do("GET", f"archives/items/{self.items[name]}/", who)}
            assert opened == seen
            pictures = {"first": seen & {"first", "shared"}, "second": seen & {"second"}}
            for name, holders in pictures.items():
                assert self._do("GET", f"cases/images/{self._image(name)}/", who) is bool(holders)

    def _image(self, item: str) -> str:
        return self.images["one" if item == "first" else "two"]

    def _import(self, who: str, archive: str) -> str:
        return self.platform.import_image(
            archive=self.archives[archive], creator=self.names[who], name=f"{new_id()}.mha"
        )

    def _item_in(self, who: str, archive: str) -> str:
        path = f"archives/items/?archive={self.archives[archive]}"
        [made] = self._ok("GET", path, who)["results"]
        return str(made["pk"])

    def _show_again(self) -> str:
        """Put another item into archive two that holds the image of archive one; bob may, who has roles on both."""
        base = f"{self.platform.settings.public_url}/api/v1"
        sent = {"archive": f"{base}/archives/{self.archives['two']}/", "title": new_id()}
        made = self._ok("POST", "archives/items/", "bob", json=sent)
        value = {
            "interface": "generic-medical-image",
            "image": f"{base}/cases/images/{self.images['one']}/",
        }
        self._ok("PATCH", f"archives/items/{made['pk']}/", "bob", json={"values": [value]})
        return str(made["pk"])

    def _ok(self, method: str, path: str, who: str, **content: object) -> dict[str, list[dict[str, str]]]:
        found: dict[str, list[dict[str, str]]] = self.platform.ok(
            method, f"/api/v1/{path}", self.names[who], **content
        )
        return found

    def _do(self, method: str, path: str, who: str, **content: object) -> bool:
        answer = self.platform.call(method, f"/api/v1/{path}", self.names[who], **content)
        assert answer.status_code < 300 or answer.status_code in (400, 403, 404, 409), answer.text
        return answer.status_code < 300


@pytest.fixture(scope="module")
def platform() -> Iterator[AssembledPlatform]:
    """Nothing is remembered: no relay runs that would tell of a role taken away, and a second is too long to wait."""
    with ExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        patch.setattr("archive_shared.http.cached_access.LONGEST_AGE_S", 0.0)
        yield stack.enter_context(assembled_platform())


def test_items_are_seen_by_those_with_a_role_where_they_are_now(platform: AssembledPlatform) -> None:
    patient = settings(
        max_examples=8,
        stateful_step_count=20,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )
    run_state_machine_as_test(type("MovesHere", (Moves,), {"platform": platform}), settings=patient)
