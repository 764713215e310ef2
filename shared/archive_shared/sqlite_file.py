"""Opening an SQLite file that several processes share and that must survive kill -9 and power loss."""

import sqlite3
import time
from pathlib import Path

BUSY_TIMEOUT_S = 30
_BUSY_PAUSE_S = 0.02
_PAGE_BYTES = 8192
"""Of files made from here on. A page keeps a quarter of its size of a document and puts the rest on pages of its own:
with the usual 4096 bytes, archives took nearly twice the space, and each document of an item a second read."""


def open_sqlite(file: Path) -> sqlite3.Connection:
    """Open a file, made when missing and readable for its owner alone; for use by one thread at a time.

    Every statement is a transaction of its own unless one is begun; once it returns, it is on the disk.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch(mode=0o600)  # SQLite gives its other files the same mode
    give_up_at_s = time.monotonic() + BUSY_TIMEOUT_S
    while True:  # while another process switches the file to WAL, SQLite refuses at once instead of waiting
        try:
            return _open(file)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > give_up_at_s:
                raise
            time.sleep(_BUSY_PAUSE_S)


def _open(file: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(file, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False)
    try:
        connection.execute(f"pragma page_size = {_PAGE_BYTES}")
        connection.execute("pragma journal_mode = wal")
        connection.execute("pragma synchronous = full")
    except sqlite3.OperationalError:
        connection.close()
        raise
    return connection
