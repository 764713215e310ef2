"""Who `bench.permissions` lets decide: a query per check, pycasbin, and ours; all hold the same roles.

Each is set up in the quickest way it has, because setting up is not what is measured.
"""

import random
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from casbin.fast_enforcer import FastEnforcer
from casbin.model.model import Model
from casbin.persist.adapter import Adapter
from httpx2 import WSGITransport

from archive_shared.access import Access, Action, Question
from archive_shared.clock import SystemClock
from archive_shared.documents import Documents, Repository
from archive_shared.documents.sqlite import SqliteDocuments
from archive_shared.http.access_client import HttpAccess
from archive_shared.http.client import ServiceClient
from archive_shared.settings import PlatformSettings
from permissions.bootstrap import COLLECTIONS, over
from permissions.domain.role import Role
from permissions.domain.roster import FIELD_OF, ROSTERS, Roster
from permissions.domain.token import TOKENS, Token, digest
from permissions.domain.user import USERS, User
from permissions.entrypoints.http.app import app_for
from permissions.settings import Settings

SECRET = b"a secret of at least thirty-two bytes!"
MEMBERS = {"editor": 1, "uploader": 2, "user": 12}
ASKING = 40  # people at a time

Check = Callable[[str, str], bool]
"""May this person use the data of that archive?"""
CheckMany = Callable[[str, Sequence[str]], int]
"""How many of these archives may this person use the data of?"""


@dataclass(frozen=True)
class Roles:
    """Who holds which role where; people and archives by their identifiers."""

    people: Sequence[str]
    archives: Sequence[str]
    held: Sequence[tuple[str, str, str]]  # archive, role, person

    def questions(self, random_: random.Random, count: int, *, allowed: bool = True) -> list[tuple[str, str]]:
        """Draw pairs of person and archive, of a few people; all of them with a role there, or none."""
        asking = set(random_.sample(self.people, min(ASKING, len(self.people))))
        theirs = [(person, archive) for archive, _, person in self.held if person in asking]
        if allowed:
            return [random_.choice(theirs) for _ in range(count)]
        known, people = set(theirs), sorted(asking)
        drawn = ((random_.choice(people), random_.choice(self.archives)) for _ in range(count * 2))
        return [pair for pair in drawn if pair not in known][:count]

    def any(self, random_: random.Random, *, at_most: int) -> tuple[str, list[str]]:
        """Draw somebody, and archives of any kind."""
        archives = random_.sample(self.archives, min(at_most, len(self.archives)))
        return random_.choice(self.people), archives

    def own(self, random_: random.Random, *, at_most: int) -> tuple[str, list[str]]:
        """Draw somebody, and the archives they have a role on."""
        person = random_.choice(self.people)
        return person, self._archives_by_person[person][:at_most]

    @cached_property
    def _archives_by_person(self) -> Mapping[str, list[str]]:
        found: dict[str, list[str]] = {person: [] for person in self.people}
        for archive, _, person in self.held:
            found[person].append(archive)
        return {person: list(dict.fromkeys(archives)) for person, archives in found.items()}


def make_roles(random_: random.Random, *, archives: int, people: int) -> Roles:
    names = [f"user-{number:05d}" for number in range(people)]
    places = [f"archive-{number:06d}" for number in range(archives)]
    held = [
        (archive, role, person)
        for archive in places
        for role, count in MEMBERS.items()
        for person in random_.sample(names, min(count, people))
    ]
    return Roles(names, places, held)


# --- Ours


def ours(folder: Path, roles: Roles) -> HttpAccess:
    """Return the client of a permissions service within this process that holds these roles."""
    documents = SqliteDocuments(folder / "permissions.db", COLLECTIONS)
    _store_people(documents, roles)
    _store_rosters(documents, roles)
    settings = Settings(
        PlatformSettings(public_url="", documents_url="", bus_url="", blobs_url="", secret=SECRET)
    )
    transport = WSGITransport(app=app_for(over(documents, settings), settings))
    return HttpAccess(
        ServiceClient(
            "http://permissions", service="bench", secret=SECRET, clock=SystemClock(), transport=transport
        )
    )


def _store_people(documents: Documents, roles: Roles) -> None:
    now = SystemClock().now()
    users = Repository(documents, USERS.name, User, source="bench")
    tokens = Repository(documents, TOKENS.name, Token, source="bench")
    for number, name in enumerate(roles.people, start=1):
        users.add(User(id=name, username=name, number=number, administrator=False, created_at=now))
        token = Token(
            id=name,
            user=name,
            name="bench",
            digest=digest(name),
            ending="",
            created_at=now,
            last_used_at=now,
        )
        tokens.add(token)


def _store_rosters(documents: Documents, roles: Roles) -> None:
    made = {archive: Roster(id=archive) for archive in roles.archives}
    for archive, role, person in roles.held:
        getattr(made[archive], FIELD_OF[Role(role)]).append(person)
    rosters = Repository(documents, ROSTERS.name, Roster, source="bench")
    for roster in made.values():
        rosters.add(roster)


def ask_ours(access: Access, person: str, archive: str) -> bool:
    return bool(access.ask(person, [Question(Action.USE_ARCHIVE, archive)]).allowed[0])


def ask_ours_at_once(access: Access, person: str, archives: Sequence[str]) -> int:
    return sum(access.ask(person, [Question(Action.USE_ARCHIVE, archive) for archive in archives]).allowed)


def list_ours(access: Access, person: str, archives: Sequence[str]) -> int:
    usable = access.usable(person)
    return sum(usable.includes(archive) for archive in archives)


# --- A query per check


def query_per_check(folder: Path, roles: Roles) -> sqlite3.Connection:
    """Return a table with an index that answers each check by itself."""
    connection = sqlite3.connect(folder / "roles.db")
    connection.execute(
        "create table role (archive text, person text, role text, primary key (archive, person, role)) without rowid"
    )
    connection.executemany("insert or ignore into role (archive, role, person) values (?, ?, ?)", roles.held)
    connection.commit()
    return connection


def ask_query(connection: sqlite3.Connection, person: str, archive: str) -> bool:
    query = "select 1 from role where archive = ? and person = ? limit 1"
    return connection.execute(query, (archive, person)).fetchone() is not None


def ask_query_often(connection: sqlite3.Connection, person: str, archives: Sequence[str]) -> int:
    return sum(ask_query(connection, person, archive) for archive in archives)


# --- pycasbin

# Roles per domain, asked by its FastEnforcer, which looks only at rules of the action asked about (second word).
MODEL = """
[request_definition]
r = sub, act, dom
[policy_definition]
p = sub, act
[role_definition]
g = _, _, _
[policy_effect]
e = some(where (p.eft == allow))
[matchers]
m = g(r.sub, p.sub, r.dom)
"""
ACTION = 1
POLICY = {"editor": ("use", "upload", "change"), "uploader": ("use", "upload"), "user": ("use",)}


class _Rules(Adapter):
    """Hands all rules to casbin as they lie in memory; adding them one by one compares each with all before it."""

    def __init__(self, roles: Roles) -> None:
        self._roles = roles

    def load_policy(self, model: Model) -> None:
        for role, action in self._policy():
            model.model["p"]["p"].policy.append([role, action])
        model.model["g"]["g"].policy.extend(
            [person, role, archive] for archive, role, person in self._roles.held
        )

    def _policy(self) -> Iterator[tuple[str, str]]:
        return ((role, action) for role, actions in POLICY.items() for action in actions)


def pycasbin(folder: Path, roles: Roles) -> FastEnforcer:
    model = folder / "model.conf"
    model.write_text(MODEL)
    return FastEnforcer(str(model), _Rules(roles), cache_key_order=[ACTION])


def ask_casbin(enforcer: FastEnforcer, person: str, archive: str) -> bool:
    return bool(enforcer.enforce(person, "use", archive))


def ask_casbin_often(enforcer: FastEnforcer, person: str, archives: Sequence[str]) -> int:
    return sum(enforcer.batch_enforce([(person, "use", archive) for archive in archives]))
