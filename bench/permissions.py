"""`make bench-permissions`: what a decision costs, beside a database query per check and beside pycasbin.

Everybody answers the same questions about the same roles: may this person use the data of that archive? Each archive has
an editor, two uploaders and a dozen users. In each round some people ask, in random order, about archives they have a
role on, which is what tiles, images and items ask all day; a question whose answer is no has a row of its own.

- *query per check*: one indexed look into a SQLite table of roles, in process, without any protocol around it.
- *pycasbin*: its model of roles per domain (RBAC with domains), all roles in memory.
- *ours, remembered*: what a service does between the moments it asks permissions.
- *ours, as time goes by*: the same with the second's bound on age, so that the askings are in it. The permissions service
  answers within this process, through HTTP, JSON and the document store, but without a network.
- *ours, asked every time*: without remembering.
- *ours, a no*: remembering, but the answer is no, which is never remembered.
"""

import argparse
import random
import sqlite3
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import casbin
from httpx2 import WSGITransport

from archive_shared.access import Action, Question
from archive_shared.clock import SystemClock
from archive_shared.documents import Documents, Repository
from archive_shared.documents.sqlite import SqliteDocuments
from archive_shared.http.access_client import HttpAccess
from archive_shared.http.cached_access import CachedAccess
from archive_shared.http.client import ServiceClient
from archive_shared.observability import configure_logging
from archive_shared.settings import PlatformSettings
from bench.measuring import Figures, compare, conditions, percentile, table
from permissions.bootstrap import COLLECTIONS, over
from permissions.domain.roster import ROSTERS, Roster
from permissions.domain.token import TOKENS, Token, digest
from permissions.domain.user import USERS, User
from permissions.entrypoints.http.app import app_for
from permissions.settings import Settings

SECRET = b"a secret of at least thirty-two bytes!"
MEMBERS = {"editor": 1, "uploader": 2, "user": 12}
BATCH = 500
ASKING = 40  # people at a time
MODEL = """
[request_definition]
r = sub, dom, act
[policy_definition]
p = sub, act
[role_definition]
g = _, _, _
[policy_effect]
e = some(where (p.eft == allow))
[matchers]
m = g(r.sub, p.sub, r.dom) && r.act == p.act
"""
POLICY = {"editor": ("use", "upload", "change"), "uploader": ("use", "upload"), "user": ("use",)}


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


Check = Callable[[str, str], bool]
CheckMany = Callable[[str, Sequence[str]], int]


@dataclass(frozen=True)
class Single:
    """A way to get one decision, how often it is asked in a round, and whether about what is allowed."""

    check: Check
    count: int
    allowed: bool = True


def main() -> None:
    options = _options()
    configure_logging("bench", level="ERROR", json=True)
    roles = make_roles(random.Random(1), archives=options.archives, people=options.users)
    with tempfile.TemporaryDirectory(prefix="bench-permissions-") as name:
        access = ours(Path(name), roles)
        remembered, ageing = CachedAccess(access, now_s=lambda: 0.0), CachedAccess(access)
        query = query_per_check(Path(name), roles)
        enforcer = pycasbin(Path(name), roles)
        singles = {
            "query per check": Single(partial(ask_query, query), options.checks),
            "pycasbin": Single(partial(ask_casbin, enforcer), options.checks // 20),
            "ours, remembered": Single(partial(ask_ours, remembered), options.checks),
            "ours, as time goes by": Single(partial(ask_ours, ageing), options.checks),
            "ours, asked every time": Single(partial(ask_ours, access), options.checks // 100),
            "ours, a no": Single(partial(ask_ours, ageing), options.checks // 100, allowed=False),
        }
        batches: dict[str, tuple[CheckMany, int]] = {
            "query per check": (partial(ask_query_often, query), options.batches),
            "pycasbin, batch_enforce": (partial(ask_casbin_often, enforcer), options.batches // 10),
            "ours": (partial(ask_ours_at_once, ageing), options.batches),
        }
        _report(roles, singles, batches, rounds=options.rounds)


def _report(
    roles: Roles,
    singles: dict[str, Single],
    batches: dict[str, tuple[CheckMany, int]],
    *,
    rounds: int,
) -> None:
    random_ = random.Random(2)
    one = compare(
        {name: partial(measure, single, roles, random_) for name, single in singles.items()},
        rounds=rounds,
    )
    print(
        f"One decision: {len(roles.archives)} archives, {len(roles.people)} users, {len(roles.held)} roles."
    )
    print(conditions(one), "\n")
    print(table(one, against="pycasbin"), "\n")
    many = compare(
        {
            name: partial(measure_batch, check, roles, random_, count)
            for name, (check, count) in batches.items()
        },
        rounds=rounds,
    )
    print(f"Which of these {BATCH} archives may somebody use.", conditions(many), "\n")
    print(table(many, against="pycasbin, batch_enforce"))


def measure(single: Single, roles: Roles, random_: random.Random) -> Figures:
    """Ask one question after another; one core is busy. Everybody has asked once before."""
    questions = roles.questions(random_, single.count, allowed=single.allowed)
    for person, archive in dict(questions).items():
        single.check(person, archive)
    took_s = []
    for person, archive in questions:
        began_s = time.perf_counter()
        answer = single.check(person, archive)
        took_s.append(time.perf_counter() - began_s)
        assert answer is single.allowed
    return {
        "decisions per s": len(took_s) / sum(took_s),
        "p50 µs": percentile(took_s, 50) * 1e6,
        "p99 µs": percentile(took_s, 99) * 1e6,
    }


def measure_batch(check: CheckMany, roles: Roles, random_: random.Random, count: int) -> Figures:
    took_s = []
    for _ in range(max(count, 3)):
        person, archives = (
            random_.choice(roles.people),
            random_.sample(roles.archives, min(BATCH, len(roles.archives))),
        )
        began_s = time.perf_counter()
        check(person, archives)
        took_s.append(time.perf_counter() - began_s)
    return {
        "decisions per s": BATCH * len(took_s) / sum(took_s),
        "p50 ms": percentile(took_s, 50) * 1e3,
        "p99 ms": percentile(took_s, 99) * 1e3,
    }


# --- What everybody knows


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
    _store(documents, roles)
    settings = Settings(
        PlatformSettings(public_url="", documents_url="", bus_url="", blobs_url="", secret=SECRET)
    )
    transport = WSGITransport(app=app_for(over(documents, settings), settings))
    return HttpAccess(
        ServiceClient(
            "http://permissions", service="bench", secret=SECRET, clock=SystemClock(), transport=transport
        )
    )


def _store(documents: Documents, roles: Roles) -> None:
    now = SystemClock().now()
    users = Repository(documents, USERS.name, User, source="bench")
    tokens = Repository(documents, TOKENS.name, Token, source="bench")
    rosters = Repository(documents, ROSTERS.name, Roster, source="bench")
    for number, name in enumerate(roles.people, start=1):
        users.add(User(id=name, username=name, number=number, administrator=False, created_at=now))
        tokens.add(
            Token(
                id=name,
                user=name,
                name="bench",
                digest=digest(name),
                ending="",
                created_at=now,
                last_used_at=now,
            )
        )
    made = {archive: Roster(id=archive) for archive in roles.archives}
    for archive, role, person in roles.held:
        getattr(made[archive], f"{role}s").append(person)
    for roster in made.values():
        rosters.add(roster)


def ask_ours(access: HttpAccess | CachedAccess, person: str, archive: str) -> bool:
    return bool(access.ask(person, [Question(Action.USE_ARCHIVE, archive)]).allowed[0])


def ask_ours_at_once(access: HttpAccess | CachedAccess, person: str, archives: Sequence[str]) -> int:
    usable = access.usable(person)
    return sum(usable.includes(archive) for archive in archives)


# --- A query per check


def query_per_check(folder: Path, roles: Roles) -> sqlite3.Connection:
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


def pycasbin(folder: Path, roles: Roles) -> casbin.Enforcer:
    model = folder / "model.conf"
    model.write_text(MODEL)
    enforcer = casbin.Enforcer(str(model))
    enforcer.enable_auto_build_role_links(False)
    enforcer.add_policies([[role, action] for role, actions in POLICY.items() for action in actions])
    enforcer.add_grouping_policies([[person, role, archive] for archive, role, person in roles.held])
    enforcer.build_role_links()
    return enforcer


def ask_casbin(enforcer: casbin.Enforcer, person: str, archive: str) -> bool:
    return bool(enforcer.enforce(person, archive, "use"))


def ask_casbin_often(enforcer: casbin.Enforcer, person: str, archives: Sequence[str]) -> int:
    return sum(enforcer.batch_enforce([(person, archive, "use") for archive in archives]))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--archives", type=int, default=10_000)
    parser.add_argument("--users", type=int, default=1_000)
    parser.add_argument("--checks", type=int, default=20_000, help="questions of a round")
    parser.add_argument("--batches", type=int, default=50, help=f"times {BATCH} archives of a round")
    parser.add_argument("--rounds", type=int, default=5)
    return parser.parse_args()


if __name__ == "__main__":
    main()
