"""Dead letters as operators see them: the reason's kind and where it came from; what it says only when asked for."""

import base64
from collections.abc import Sequence
from typing import Any

from archive_shared.errors import NotFound
from archive_shared.messaging.connection import Connection
from archive_shared.messaging.dead_letters import DeadLetter, list_dead_letters


def choose(letters: Sequence[DeadLetter], ids: Sequence[str], *, queue: str | None) -> list[DeadLetter]:
    """Return the letters of a queue, if one is named, and of these those with the identifiers, if any are given.

    Raises
    ------
    NotFound
        There is no letter with one of the identifiers.
    """
    found = [letter for letter in letters if queue in (None, letter.queue)]
    missing = set(ids) - {letter.id for letter in found}
    if missing:
        raise NotFound(f"There is no dead letter {', '.join(sorted(missing))}.")
    return [letter for letter in found if not ids or letter.id in ids]


def find_letter(connection: Connection, identifier: str, *, limit: int) -> DeadLetter:
    """Return one letter; raise `NotFound` when it is not among the oldest `limit`."""
    return choose(list_dead_letters(connection, limit=limit), [identifier], queue=None)[0]


def summary(letter: DeadLetter) -> dict[str, Any]:
    """Return what a list shows. Reasons quote what they choked on, so only their kind is told."""
    return {
        "id": letter.id,
        "queue": letter.queue,
        "type": letter.routing_key,
        "subject": str(letter.headers.get("ce-subject", "")),
        "attempts": letter.attempts,
        "at": letter.at,
        "reason": letter.reason.partition(":")[0],
    }


def particulars(letter: DeadLetter, *, body: bool) -> dict[str, Any]:
    """Return all of a letter; what may name patients, its body and its whole reason, only on demand."""
    headers = {name: str(value) for name, value in sorted(letter.headers.items())}
    shown = summary(letter) | {
        "message_id": letter.message_id,
        "content_type": letter.content_type,
        **headers,
    }
    return shown | {"reason": letter.reason, "body": _text(letter.body)} if body else shown


def _text(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError:
        return f"base64: {base64.b64encode(body).decode()}"
