"""The audit trail: complete, never changed, shown to whom it concerns, and harmless in a spreadsheet."""

import csv
import io

from archive_shared.documents import Document, Documents
from archive_shared.errors import Unavailable
from permissions.use_cases.tidy_up import tidy_up
from tests.support.permissions_service import ARCHIVE, PermissionsService

OTHER = "0d9e0f6f-4c3d-4e4f-8a2b-1a2b4c3d8e4f"


def since(world: PermissionsService, before: int) -> list[tuple[str, str, str | None]]:
    return world.trail()[before:]


def test_every_change_of_who_may_do_what_is_one_line(world: PermissionsService) -> None:
    before = len(world.trail())

    world.give("out", "user", by="ed")
    world.give("out", "user", by="ed")  # changes nothing
    world.take("out", "user", by="ed")
    for rule in ({"handling": "all"}, {"terms": "Be kind."}):
        world.ok("PATCH", f"archives/{ARCHIVE}/admission/", "ed", json=rule)
    world.person("new")
    asked = world.ok("POST", f"archives/{ARCHIVE}/requests/", "new", json={"terms_version": 1})

    assert asked["state"] == "accepted"
    assert since(world, before) == [
        ("ed", "role.granted", "out"),
        ("ed", "role.revoked", "out"),
        ("ed", "access.rejected", "out"),
        ("ed", "admission.changed", None),
        ("ed", "terms.changed", None),
        ("operator", "user.created", "new"),
        ("operator", "token.issued", "new"),
        ("rule of the archive", "access.accepted", "new"),
        ("rule of the archive", "role.granted", "new"),
    ]


def test_what_is_said_of_people_and_their_secrets_is_in_it(world: PermissionsService) -> None:
    before = len(world.trail())
    pk = world.user("us").id

    world.ok("PATCH", f"users/{pk}/", "root", json={"verified": True})
    world.ok("PATCH", f"users/{pk}/", "root", json={"administrator": True})
    issued = world.ok("POST", "tokens/", "us", json={"name": "laptop"})
    world.ok("DELETE", f"tokens/{issued['pk']}/", "us")
    world.ok("PUT", f"users/{pk}/password/", "us", json={"password": "a long enough one"})
    world.ok("PATCH", f"users/{pk}/", "root", json={"administrator": False, "active": False})

    assert since(world, before) == [
        ("root", "user.verified", "us"),
        ("root", "user.changed", "us"),
        ("us", "token.issued", "us"),
        ("us", "token.revoked", "us"),
        ("us", "password.changed", "us"),
        ("root", "user.changed", "us"),
    ]
    assert "a long enough one" not in str(world.service.documents.find("trail"))
    assert issued["token"] not in str(world.service.documents.find("trail"))


def test_every_use_of_an_administrators_power_is_in_it(world: PermissionsService) -> None:
    before = len(world.trail())

    for _ in range(50):
        assert world.may("root", "archive.use")
    world.may("root", "archive.change")
    world.internal("usable-archives", {"token": world.tokens["root"]})
    world.ok("GET", f"archives/{ARCHIVE}/members/", "root")
    world.ok("GET", "users/", "root")
    world.clock.move(minutes=1)
    world.may("root", "archive.use")

    lines = world.directory.trail.lines.find(sort=[("at", 1)])[before:]
    assert {line.act.action for line in lines} == {"administrator.used"}
    assert [(line.act.details["what"], line.archive) for line in lines] == [
        ("archive.use", ARCHIVE),
        ("archive.change", ARCHIVE),
        ("see all archives", None),
        ("list members", ARCHIVE),
        ("list users", None),
        ("archive.use", ARCHIVE),
    ]


def test_an_administrator_with_a_role_uses_no_power(world: PermissionsService) -> None:
    world.give("root", "editor", by="ed")
    before = len(world.trail())

    assert world.may("root", "archive.change")
    world.ok("GET", f"archives/{ARCHIVE}/members/", "root")
    assert world.may("root", "archive.view", OTHER, public=True)

    assert since(world, before) == []


def test_editors_read_the_lines_of_their_archive_and_no_others(world: PermissionsService) -> None:
    world.person("eve")
    world.archive("eve", OTHER)

    mine = world.ok("GET", f"archives/{ARCHIVE}/trail/", "ed")["results"]
    others = world.ok("GET", f"archives/{OTHER}/trail/", "eve")["results"]

    assert {each["archive"] for each in mine} == {ARCHIVE}
    assert [(each["action"], each["subject"]["username"]) for each in mine] == [
        ("role.granted", "us"),
        ("role.granted", "up"),
        ("role.granted", "ed"),
    ]
    assert [each["archive"] for each in others] == [OTHER]
    assert world.call("GET", f"archives/{OTHER}/trail/", "ed").status_code == 404


def test_administrators_read_all_of_it(world: PermissionsService) -> None:
    listed = world.ok("GET", "trail/?limit=1000", "root")

    assert listed["count"] == len(world.trail())
    assert {each["action"] for each in listed["results"]} >= {"user.created", "token.issued", "role.granted"}


def test_the_file_has_every_line_and_no_formulas(world: PermissionsService) -> None:
    for reason in ("=cmd|' /C calc'!A0", "+1", "-1", "@SUM(1)", 'a "quoted", one\nwith two lines'):
        world.clock.move(days=30)
        asked = world.ok("POST", f"archives/{ARCHIVE}/requests/", "out")
        path = f"archives/{ARCHIVE}/requests/{asked['pk']}/reject/"
        world.ok("POST", path, "ed", json={"reason": reason})

    answer = world.call("GET", f"archives/{ARCHIVE}/trail.csv", "ed")

    rows = list(csv.reader(io.StringIO(answer.get_data(as_text=True), newline="")))
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer.headers["Content-Disposition"]
    assert rows[0] == ["id", "at", "actor", "action", "archive", "subject", "details"]
    assert len(rows) == 1 + world.ok("GET", f"archives/{ARCHIVE}/trail/", "ed")["count"]
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row)


def test_nothing_changes_or_removes_a_line(world: PermissionsService) -> None:
    routes = world.http.application.url_map.iter_rules()

    methods = {method for rule in routes if "trail" in rule.rule for method in rule.methods or set()}

    assert methods == {"GET", "HEAD", "OPTIONS"}


class Failing:
    """A document store that takes no lines of the trail for a while."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self.fails = False

    def put_new(self, collection: str, document: Document) -> Document:
        if self.fails and collection == "trail":
            raise Unavailable("full")
        return self._documents.put_new(collection, document)

    def __getattr__(self, name: str) -> object:
        return getattr(self._documents, name)


def test_a_change_whose_line_could_not_be_written_keeps_it_until_it_can(world: PermissionsService) -> None:
    lines = world.directory.trail.lines
    failing = Failing(lines._documents)
    lines._documents = failing  # type: ignore[assignment]  # all the methods are there
    failing.fails = True

    world.give("out", "user", by="ed")
    waiting = world.service.documents.get("rosters", ARCHIVE)
    failing.fails = False
    done = tidy_up(world.directory)

    assert world.may("out", "archive.use")
    assert waiting is not None
    assert [act["action"] for act in waiting["unfiled"]] == ["role.granted"]
    assert done == 1
    assert world.trail()[-1] == ("ed", "role.granted", "out")
    assert [each["kind"] for each in world.ok("GET", "notifications/", "out")["results"]] == ["role.granted"]
    assert tidy_up(world.directory) == 0


def test_a_role_that_was_promised_by_somebody_who_died_is_given(world: PermissionsService) -> None:
    asked = world.ok("POST", f"archives/{ARCHIVE}/requests/", "out")
    at, editor = world.clock.now(), world.user("ed").person
    world.directory.requests.change(asked["pk"], lambda request: request.accept(by=editor, at=at))
    assert not world.may("out", "archive.use")

    assert tidy_up(world.directory) == 1

    assert world.may("out", "archive.use")
    assert tidy_up(world.directory) == 0
