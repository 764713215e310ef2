"""`make bench-api`: lists, details and searches of archives of a thousand, a hundred thousand and a million items.

Requests go through the whole service (WSGI, permissions in memory, documents in SQLite on this disk, and in MongoDB where an
address is given) in one process and one thread, in turns over the sizes; what must come out is that a page costs the same
at any size. A round trip to the store by itself tells how much of a page is the way there.
"""

import argparse
import logging
import random
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import structlog

from archive_shared.http import gunicorn_settings
from archive_shared.identifiers import derived_id
from bench.archive_api_filled import WORDS, Filled, filled
from bench.measuring import Figures, compare, conditions, percentile, table


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--sizes", default="1000,100000,1000000")
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--requests", type=int, default=100, help="per round, size and kind")
    arguments.add_argument("--mongo", metavar="URL", help="a MongoDB server to measure on as well")
    arguments.add_argument("--only-mongo", action="store_true", help="do not measure on SQLite")
    asked = arguments.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    sizes = [int(size) for size in asked.sizes.split(",")]
    stores = ([] if asked.only_mongo else [None]) + ([asked.mongo] if asked.mongo else [])
    services = {
        "SQLite" if url is None else "MongoDB": [filled(size, url) for size in sizes] for url in stores
    }
    gunicorn_settings.post_worker_init(None)  # as in the processes that serve
    for title, ask in KINDS.items():
        for store, compared in services.items():
            contestants = {
                f"{store}, {each.size:,} items": partial(measure, each, ask, asked.requests)
                for each in compared
            }
            comparison = compare(contestants, rounds=asked.rounds)
            print(
                f"\n{title}\n\n{table(comparison, against=next(iter(contestants)))}\n\n{conditions(comparison)}"
            )


def measure(service: Filled, ask: Callable[[Filled, random.Random], Any], requests: int) -> Figures:
    """Send requests one after the other and say how long they took, and how long without what others took meanwhile."""
    chance = random.Random(requests)
    took_ms, cpu_ms = [], []
    for _ in range(requests):
        begun_s, cpu_begun_s = time.perf_counter(), time.process_time()
        ask(service, chance)
        took_ms.append((time.perf_counter() - begun_s) * 1000)
        cpu_ms.append((time.process_time() - cpu_begun_s) * 1000)
    return {
        "p50 ms": percentile(took_ms, 50),
        "p99 ms": percentile(took_ms, 99),
        "p99 CPU ms": percentile(cpu_ms, 99),
        "requests per s and core": requests * 1000 / sum(cpu_ms),
    }


def first_page(service: Filled, chance: random.Random) -> Any:
    return service.get(f"/api/v1/archives/items/?archive={service.archive}&limit=100")


def far_page(service: Filled, chance: random.Random) -> Any:
    return service.get(service.far)


def detail(service: Filled, chance: random.Random) -> Any:
    identifier = derived_id("bench item", str(chance.randrange(service.size)))
    return service.get(f"/api/v1/archives/items/{identifier}/")


def by_value(service: Filled, chance: random.Random) -> Any:
    low = chance.random() * 0.9
    query = f"archive={service.archive}&limit=100&value[score][gte]={low}"
    return service.get(f"/api/v1/archives/items/?{query}")


def by_word(service: Filled, chance: random.Random) -> Any:
    query = f"archive={service.archive}&limit=100&search={chance.choice(WORDS)}"
    return service.get(f"/api/v1/archives/items/?{query}")


def by_word_and_value(service: Filled, chance: random.Random) -> Any:
    query = f"archive={service.archive}&limit=20&search={chance.choice(WORDS)}&value[score][lt]=0.5"
    return service.get(f"/api/v1/archives/items/?{query}")


def round_trip(service: Filled, chance: random.Random) -> Any:
    assert service.documents.get("items", "nobody's") is None


KINDS = {
    "List of 100 items, the first page": first_page,
    "List of 100 items, from the middle by cursor": far_page,
    "One item": detail,
    "Search by value (a range), 100 items": by_value,
    "Search by a word a tenth of the items have, 100 items": by_word,
    "Search by such a word and a value half of them have, 20 items": by_word_and_value,
    "One round trip to the store, for a document that is not there": round_trip,
}


if __name__ == "__main__":
    main()
