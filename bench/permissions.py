"""`make bench-permissions`: what a decision costs, beside a database query per check and beside pycasbin.

Everybody answers the same questions about the same roles: may this person use the data of that archive? Each archive has
an editor, two uploaders and a dozen users. In each round some people ask, in random order, about archives they have a
role on, which is what tiles, images and items ask all day; questions whose answer is no have rows of their own.

- *query per check*: one indexed look into a SQLite table of roles, in process, without any protocol around it.
- *pycasbin*: its model of roles per domain (RBAC with domains), all roles in memory, in the form that was quickest.
- *pycasbin, remembered*: a dictionary in front of it. pycasbin has none; this is what the cached enforcers of casbin in other
  languages do. Nothing ever empties it here, so it answers whatever became of the role.
- *ours, remembered*: what a service does between the moments it asks permissions.
- *ours, as time goes by*: the same with the second's bound on age, so that the askings are in it. The permissions service
  answers within this process, through HTTP, JSON and the document store, but without a network.
- *ours, asked every time*: without remembering.
- *ours, a no*: remembering, but the answer is no, which is never remembered.

Of many archives at once, ours is asked *one question each* in one call, or for *the list* of all that somebody may use; nobody asked
before, except *again*.

Nothing of it waits for anything, so decisions per second are counted in the time a core worked on them, whatever else the
machine does; p50 and p99 are what a clock on the wall says.
"""

import argparse
import random
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import TypeVar

from casbin.fast_enforcer import FastEnforcer

from archive_shared.http.access_client import HttpAccess
from archive_shared.http.cached_access import CachedAccess
from archive_shared.observability import configure_logging
from bench.measuring import Figures, compare, conditions, percentile, table
from bench.permissions_contestants import (
    Check,
    CheckMany,
    Roles,
    ask_casbin,
    ask_casbin_often,
    ask_ours,
    ask_ours_at_once,
    ask_query,
    ask_query_often,
    list_ours,
    make_roles,
    ours,
    pycasbin,
    query_per_check,
)

T = TypeVar("T")
BATCH = 500
MEMORY = Path("/dev/shm")  # storing 12,000 documents waits for no disk there; what is measured only reads


@dataclass(frozen=True)
class Single:
    """A way to get one decision, how often it is asked in a round, and whether about what is allowed."""

    check: Check
    count: int
    allowed: bool = True


@dataclass(frozen=True)
class Batch:
    """A way to get many decisions at once, how often it is asked in a round, and whether after the same was asked before."""

    check: CheckMany
    count: int
    again: bool = False


def main() -> None:
    options = _options()
    configure_logging("bench", level="ERROR", json=True)
    with _folder() as folder:
        roles = _told(
            "roles", lambda: make_roles(random.Random(1), archives=options.archives, people=options.users)
        )
        query = _told("query per check", lambda: query_per_check(folder, roles))
        enforcer = _told("pycasbin", lambda: pycasbin(folder, roles))
        access = _told("ours", lambda: ours(folder, roles))
        singles, batches = (
            _singles(query, enforcer, access, options),
            _batches(query, enforcer, access, options),
        )
        _report_singles(roles, singles, rounds=options.rounds)
        _report_batches(roles, batches, rounds=options.rounds, own=False)
        _report_batches(roles, batches, rounds=options.rounds, own=True)


def _singles(
    query: sqlite3.Connection, enforcer: FastEnforcer, access: HttpAccess, options: argparse.Namespace
) -> dict[str, Single]:
    remembered, ageing = CachedAccess(access, now_s=lambda: 0.0), CachedAccess(access)
    asked_query, asked_casbin = partial(ask_query, query), partial(ask_casbin, enforcer)
    many, some, few = options.checks, options.checks // 20, options.checks // 40
    return {
        "query per check": Single(asked_query, many),
        "query per check, a no": Single(asked_query, many, allowed=False),
        "pycasbin": Single(asked_casbin, some),
        "pycasbin, a no": Single(asked_casbin, some, allowed=False),
        "pycasbin, remembered": Single(cache(asked_casbin), many),
        "ours, remembered": Single(partial(ask_ours, remembered), many),
        "ours, as time goes by": Single(partial(ask_ours, ageing), many),
        "ours, asked every time": Single(partial(ask_ours, access), few),
        "ours, a no": Single(partial(ask_ours, ageing), few, allowed=False),
    }


def _batches(
    query: sqlite3.Connection, enforcer: FastEnforcer, access: HttpAccess, options: argparse.Namespace
) -> dict[str, Batch]:
    ageing = CachedAccess(access)
    return {
        "query per check": Batch(partial(ask_query_often, query), options.batches),
        "pycasbin, batch_enforce": Batch(partial(ask_casbin_often, enforcer), options.batches // 10),
        "ours, one question each": Batch(partial(ask_ours_at_once, ageing), options.batches),
        "ours, from the list": Batch(partial(list_ours, ageing), options.batches),
        "ours, one question each, again": Batch(
            partial(ask_ours_at_once, ageing), options.batches, again=True
        ),
    }


def _report_singles(roles: Roles, singles: dict[str, Single], *, rounds: int) -> None:
    random_ = random.Random(2)
    measures = {name: partial(measure, single, roles, random_) for name, single in singles.items()}
    compared = compare(measures, rounds=rounds)
    print(
        f"\nOne decision: {len(roles.archives)} archives, {len(roles.people)} users, {len(roles.held)} roles."
    )
    print(conditions(compared), "\n")
    print(table(compared, against="pycasbin"), flush=True)


def _report_batches(roles: Roles, batches: dict[str, Batch], *, rounds: int, own: bool) -> None:
    random_ = random.Random(3)
    draw = partial(roles.own if own else roles.any, random_, at_most=BATCH)
    measures = {name: partial(measure_batch, batch, draw) for name, batch in batches.items()}
    compared = compare(measures, rounds=rounds)
    which = "all they have a role on" if own else f"{BATCH} drawn from all"
    print(f"\nWhich of these archives may somebody use: {which}.", conditions(compared), "\n")
    print(table(compared, against="pycasbin, batch_enforce"), flush=True)


def measure(single: Single, roles: Roles, random_: random.Random) -> Figures:
    """Ask one question after another; one core is busy. Everything was asked once before."""
    questions = roles.questions(random_, single.count, allowed=single.allowed)
    for person, archive in set(questions):
        single.check(person, archive)
    took_s, answers = [], []
    busy_s = -time.thread_time()
    for person, archive in questions:
        began_s = time.perf_counter()
        answers.append(single.check(person, archive))
        took_s.append(time.perf_counter() - began_s)
    busy_s += time.thread_time()
    assert set(answers) == {single.allowed}
    return {
        "decisions per s and core": len(answers) / busy_s,
        "p50 µs": percentile(took_s, 50) * 1e6,
        "p99 µs": percentile(took_s, 99) * 1e6,
    }


def measure_batch(batch: Batch, draw: Callable[[], tuple[str, list[str]]]) -> Figures:
    """Ask for one person after another."""
    took_s, busy_s, decisions = [], 0.0, 0
    for _ in range(max(batch.count, 3)):
        person, archives = draw()
        if batch.again:
            batch.check(person, archives)
        began_s, busy_s = time.perf_counter(), busy_s - time.thread_time()
        batch.check(person, archives)
        took_s.append(time.perf_counter() - began_s)
        busy_s += time.thread_time()
        decisions += len(archives)
    return {
        "decisions per s and core": decisions / busy_s,
        "p50 ms": percentile(took_s, 50) * 1e3,
        "p99 ms": percentile(took_s, 99) * 1e3,
    }


@contextmanager
def _folder() -> Iterator[Path]:
    parent = MEMORY if MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="bench-permissions-", dir=parent) as name:
        yield Path(name)


def _told(what: str, make: Callable[[], T]) -> T:
    """Make something, and say how long it took."""
    print(f"setting up {what} ...", end=" ", flush=True)
    began_s = time.perf_counter()
    made = make()
    print(f"{time.perf_counter() - began_s:.1f} s", flush=True)
    return made


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
