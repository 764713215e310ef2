"""Threads of gunicorn that stay with a client for a moment: whoever looks at a slide asks for the next tile at once.

gunicorn's own hand a connection back to the main thread after every answer, which hands it to a thread again: four
switches between threads per request, more than a tile costs.
"""

import select
from typing import Any, Final

from gunicorn.workers.gthread import ThreadWorker

MOMENT_MS: Final = 20
"""How long a thread waits for the next request; clients that ask for one after another need a few milliseconds."""


class StayingThreads(ThreadWorker):
    """Like gthread, but a thread waits a moment for the next request; at least one is left for others."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[no-untyped-call]
        self._staying = 0  # about right is right enough, so it is not locked

    def handle(self, conn: Any) -> Any:
        """Answer requests of a connection until none follows for a moment."""
        answer = super().handle
        outcome = answer(conn)  # type: ignore[no-untyped-call]
        while outcome is True and self._follows(conn):
            outcome = answer(conn)  # type: ignore[no-untyped-call]
        return outcome

    def _follows(self, conn: Any) -> bool:
        """Wait for a request; False when none comes, or others need the thread."""
        if not self.alive or self._staying >= self.cfg.threads - 1:
            return False
        self._staying += 1
        try:
            return _is_readable(conn, MOMENT_MS)
        finally:
            self._staying -= 1


def _is_readable(conn: Any, wait_ms: int) -> bool:
    if conn.parser.unreader.buf.getvalue() or getattr(conn.sock, "pending", lambda: 0)():
        return True  # it was read with the request before, or decrypted with it
    waiting = select.poll()
    waiting.register(conn.sock, select.POLLIN)
    return bool(waiting.poll(wait_ms))
