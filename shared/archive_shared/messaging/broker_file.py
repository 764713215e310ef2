"""The embedded broker: exchanges, queues and messages in one SQLite file that all processes share.

It knows what the platform uses of AMQP 0-9-1: topic, direct and fanout exchanges, durable queues with
redelivery and dead letters, and a log (a "stream") that keeps what passed. A message that was taken and neither
acknowledged nor extended comes back to its own queue after a while; that is how the death of a consumer is noticed.

What was published is on the disk, and so is who wants it. That it was taken or settled is not waited for: kill -9 loses nothing of
it, and after a power cut it may be delivered once more, as by any broker that did not hear of an acknowledgement.
Only `embedded` uses this, as a kombu transport.
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from archive_shared.bells import Bells
from archive_shared.messaging.binding_keys import wants
from archive_shared.sqlite_file import open_sqlite

Payload = dict[str, Any]

_SCHEMA = """
create table if not exists exchange (name text primary key, kind text not null) without rowid;
create table if not exists queue (name text primary key, arguments text not null) without rowid;
create table if not exists binding (
    exchange text, key text, queue text, primary key (exchange, key, queue)) without rowid;
create table if not exists message (
    id integer primary key autoincrement, queue text not null, visible_at_s real not null,
    deliveries integer not null default 0, tag text, payload text not null);
create index if not exists message_by_queue on message (queue, id);
create table if not exists log (
    number integer primary key autoincrement, queue text not null, at_s real not null, payload text not null);
create index if not exists log_by_age on log (queue, at_s);
"""
_TRIM_EVERY = 1000
_DAY_S = 86_400


@dataclass(frozen=True)
class Taken:
    """A message on its way to a consumer.

    Parameters
    ----------
    tag
        Names this delivery: once the message came back and was taken again, it settles nothing any more.
    deliveries
        How often it was delivered, this time included.
    """

    tag: str
    deliveries: int
    payload: Payload


@dataclass(frozen=True)
class Logged:
    """A message in a log, and its number there."""

    number: int
    payload: Payload


class BrokerFile:
    """One process's view of the broker; for use by one thread at a time."""

    def __init__(self, file: Path, *, now_s: Callable[[], float] = time.time) -> None:
        self._now_s = now_s
        self.bells = Bells(file)
        self._connection = open_sqlite(file)
        self._connection.execute("pragma synchronous = normal")
        with self._transaction():
            for statement in _SCHEMA.strip().split(";\n"):
                self._connection.execute(statement)

    def close(self) -> None:
        self._connection.close()

    # --- topology ----------------------------------------------------------------------------------------------------

    # All of it is declared by everybody all the time, so nothing is written when nothing is new.

    def declare_exchange(self, name: str, kind: str) -> None:
        if self._one("select 1 from exchange where name = ?", (name,)) is None:
            self._keep("insert or ignore into exchange values (?, ?)", (name, kind))

    def declare_queue(self, name: str, arguments: Mapping[str, Any]) -> bool:
        """Make a queue; return False when there is one with other arguments."""
        if not self.has_queue(name):
            self._keep("insert or ignore into queue values (?, ?)", (name, json.dumps(arguments)))
        return self._arguments(name) == arguments

    def has_queue(self, name: str) -> bool:
        return self._arguments(name) is not None

    def bind(self, queue: str, exchange: str, key: str) -> None:
        if not self._is_bound(queue, exchange, key):
            self._keep("insert or ignore into binding values (?, ?, ?)", (exchange, key, queue))

    def unbind(self, queue: str, exchange: str, key: str) -> None:
        if self._is_bound(queue, exchange, key):
            self._connection.execute(
                "delete from binding where exchange = ? and key = ? and queue = ?", (exchange, key, queue)
            )

    def delete_queue(self, name: str) -> None:
        with self._transaction():
            for table in ("message", "log", "binding"):
                self._connection.execute(f"delete from {table} where queue = ?", (name,))
            self._connection.execute("delete from queue where name = ?", (name,))

    # --- messages ----------------------------------------------------------------------------------------------------

    def publish(self, exchange: str, key: str, payload: Payload) -> int:
        """Put a message into all queues that want it, or into none; return how many that were."""
        queues = self._route(exchange, key)
        if queues:
            with self._on_disk(), self._transaction():
                for queue in queues:
                    self._put(queue, payload)
        for queue in queues:
            self.bells.ring(queue)
        return len(queues)

    def take(self, queue: str, *, visible_again_s: float) -> Taken | None:
        """Take the oldest message that nobody holds, for so many seconds unless that is extended."""
        while found := self._take(queue, visible_again_s):
            if found.deliveries <= self._most_deliveries(queue):
                return found
            self.bury(found.tag, "delivery_limit")
        return None

    def extend(self, tags: Sequence[str], *, visible_again_s: float) -> None:
        """Keep messages for longer."""
        with self._transaction():
            for tag in tags:
                self._set_visible(tag, self._now_s() + visible_again_s)

    def settle(self, tag: str) -> None:
        """Forget a message: its consumer is done with it."""
        self._connection.execute("delete from message where id = ? and tag = ?", _id_and_tag(tag))

    def give_back(self, tag: str) -> None:
        """Let the next consumer of the same queue have it."""
        self._set_visible(tag, 0)

    def bury(self, tag: str, reason: str) -> None:
        """Move a message to where dead letters of its queue go, if they go anywhere."""
        with self._transaction():
            row = self._one(
                "delete from message where id = ? and tag = ? returning queue, deliveries, payload",
                _id_and_tag(tag),
            )
            if row is not None:
                self._put_dead_letter(row[0], int(row[1]), json.loads(row[2]), reason)

    def size(self, queue: str) -> int:
        """Count the messages that could be taken now, as the count of an AMQP queue does."""
        row = self._one(
            "select count(*) from message where queue = ? and visible_at_s <= ?", (queue, self._now_s())
        )
        return int(row[0]) if row else 0

    def purge(self, queue: str) -> int:
        return self._connection.execute(
            "delete from message where queue = ? and visible_at_s <= ?", (queue, self._now_s())
        ).rowcount

    def read_log(self, queue: str, *, after: int, limit: int) -> list[Logged]:
        """Return messages of a log in order, from the one after this number on; 0 is before all of them."""
        rows = self._connection.execute(
            "select number, payload from log where queue = ? and number > ? order by number limit ?",
            (queue, after, limit),
        )
        return [Logged(int(number), json.loads(payload)) for number, payload in rows]

    def last_in_log(self, queue: str) -> int:
        """Return the number of the newest message that a log ever held, 0 if none."""
        row = self._one("select max(number) from log where queue = ?", (queue,))
        return int(row[0] or 0) if row else 0

    # --- inside ------------------------------------------------------------------------------------------------------

    def _route(self, exchange: str, key: str) -> list[str]:
        if not exchange:  # the default exchange: every queue by its name
            return [key] if self.has_queue(key) else []
        row = self._one("select kind from exchange where name = ?", (exchange,))
        kind = "" if row is None else str(row[0])
        bindings = self._connection.execute("select key, queue from binding where exchange = ?", (exchange,))
        return sorted({queue for pattern, queue in bindings if wants(kind, pattern, key)})

    def _put(self, queue: str, payload: Payload) -> None:
        arguments = self._arguments(queue) or {}
        if arguments.get("x-queue-type") == "stream":
            self._append(queue, payload, arguments)
            return
        self._connection.execute(
            "insert into message (queue, visible_at_s, payload) values (?, 0, ?)",
            (queue, json.dumps(payload)),
        )

    def _append(self, log: str, payload: Payload, arguments: Mapping[str, Any]) -> None:
        now_s = self._now_s()
        number = self._connection.execute(
            "insert into log (queue, at_s, payload) values (?, ?, ?)", (log, now_s, json.dumps(payload))
        ).lastrowid
        if number is not None and number % _TRIM_EVERY == 0:
            oldest_s = now_s - int(arguments["x-max-age"].removesuffix("D")) * _DAY_S
            self._connection.execute("delete from log where queue = ? and at_s < ?", (log, oldest_s))

    def _take(self, queue: str, visible_again_s: float) -> Taken | None:
        now_s = self._now_s()
        oldest = "select id from message where queue = ? and visible_at_s <= ? order by id limit 1"
        if self._one(oldest, (queue, now_s)) is None:  # looking needs no write lock
            return None
        row = self._one(
            "update message set visible_at_s = ?, deliveries = deliveries + 1, tag = hex(randomblob(8))"
            f" where id = ({oldest}) returning id, tag, deliveries, payload",
            (now_s + visible_again_s, queue, now_s),
        )
        if row is None:  # somebody else was faster
            return None
        return Taken(tag=f"{row[0]}.{row[1]}", deliveries=int(row[2]), payload=json.loads(row[3]))

    def _most_deliveries(self, queue: str) -> float:
        limit = (self._arguments(queue) or {}).get("x-delivery-limit")
        return float("inf") if limit is None else limit + 1

    def _put_dead_letter(self, queue: str, deliveries: int, payload: Payload, reason: str) -> None:
        exchange = (self._arguments(queue) or {}).get("x-dead-letter-exchange")
        if exchange is None:
            return
        source = payload["properties"]["delivery_info"]
        death = {"queue": queue, "reason": reason, "count": deliveries, "exchange": source["exchange"]}
        payload["headers"] = payload["headers"] | {"x-death": [death], "x-first-death-queue": queue}
        for target in self._route(exchange, source["routing_key"]):
            self._put(target, payload)

    def _set_visible(self, tag: str, at_s: float) -> None:
        self._connection.execute(
            "update message set visible_at_s = ? where id = ? and tag = ?", (at_s, *_id_and_tag(tag))
        )

    def _is_bound(self, queue: str, exchange: str, key: str) -> bool:
        condition = "exchange = ? and key = ? and queue = ?"
        return self._one(f"select 1 from binding where {condition}", (exchange, key, queue)) is not None

    def _arguments(self, queue: str) -> dict[str, Any] | None:
        row = self._one("select arguments from queue where name = ?", (queue,))
        return None if row is None else dict(json.loads(row[0]))

    def _one(self, statement: str, values: tuple[Any, ...]) -> tuple[Any, ...] | None:
        # Fetch all rows, or a statement with "returning" stays open and holds the write lock.
        rows = self._connection.execute(statement, values).fetchall()
        return tuple(rows[0]) if rows else None

    def _keep(self, statement: str, values: tuple[Any, ...]) -> None:
        with self._on_disk():
            self._connection.execute(statement, values)

    @contextmanager
    def _on_disk(self) -> Iterator[None]:
        """Have what is written, and all that anybody wrote before, on the disk when it ends."""
        self._connection.execute("pragma synchronous = full")
        try:
            yield
        finally:
            self._connection.execute("pragma synchronous = normal")

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("begin immediate")
        try:
            yield
        except BaseException:
            self._connection.execute("rollback")
            raise
        self._connection.execute("commit")


def _id_and_tag(tag: str) -> tuple[int, str]:
    identifier, _, delivery = tag.partition(".")
    return int(identifier), delivery
