"""A whole service: keeps the titles of all items in a SQLite file, whatever happens to it, the broker or the network.

ARCHIVE_BUS_URL=amqp://user:password@host/vhost python item_titles.py titles.db
"""

import logging
import sqlite3
import sys

from archive_subscriber import Event, Subscription

TYPES = ["archive.item.created.v1", "archive.item.updated.v1", "archive.item.deleted.v1"]
TABLE = "CREATE TABLE IF NOT EXISTS titles (item TEXT PRIMARY KEY, sequence INTEGER, title TEXT)"
NEWER = """
INSERT INTO titles VALUES (:item, :sequence, :title) ON CONFLICT (item)
DO UPDATE SET sequence = excluded.sequence, title = excluded.title WHERE excluded.sequence > titles.sequence
"""


def main(file: str) -> None:
    """Follow the archive until SIGTERM or Ctrl-C."""
    logging.basicConfig(level=logging.INFO)
    titles = sqlite3.connect(file)
    titles.execute(TABLE)
    with Subscription("item-titles", TYPES, since="first") as subscription:
        subscription.stop_on_signals()
        subscription.run(lambda event: note(titles, event))
    titles.close()


def note(titles: sqlite3.Connection, event: Event) -> None:
    """Keep what an event says, unless something newer is known: so one that comes twice, or late, changes nothing."""
    row = {
        "item": event.subject,
        "sequence": event.sequence,
        "title": event.data.get("title"),
    }  # None: deleted
    with titles:  # one transaction
        titles.execute(NEWER, row)


if __name__ == "__main__":
    main(sys.argv[1])
