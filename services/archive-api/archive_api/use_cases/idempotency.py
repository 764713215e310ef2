"""Lets clients repeat a POST whose answer was lost: the same key gives the same things and the same answer.

Whatever a POST creates gets an identifier that follows from the caller and the key. So even when the first
attempt died between its effect and the note about its answer, the second finds what is there already.
"""

import hashlib
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

from archive_api.domain.answer import Answer
from archive_api.use_cases.library import Library
from archive_shared.clock import to_text
from archive_shared.documents import at_most
from archive_shared.errors import Conflict, Duplicate, Invalid
from archive_shared.identifiers import derived_id, new_id

LONGEST_KEY = 255
KEPT_FOR = timedelta(days=7)
"""Nobody repeats a POST later; and whoever does finds what it made, under the identifier that follows from the key."""


def once(
    library: Library,
    caller: str,
    key: str,
    request: bytes,
    act: Callable[[str], tuple[int, str]],
) -> tuple[int, str]:
    """Do something unless it was done under this key; return status and text of the answer.

    Parameters
    ----------
    key
        What the client sent as `Idempotency-Key`, "" for nothing: then it is done every time.
    request
        Everything that tells this request from others.
    act
        Does it, under the identifier it is given; may run more than once and must then find itself done.

    Raises
    ------
    Conflict
        The key was used for another request.
    """
    if not key:
        return act(new_id())
    if len(key) > LONGEST_KEY or not key.isprintable():
        raise Invalid({"Idempotency-Key": [f"Use 1 to {LONGEST_KEY} printable characters."]})
    identifier = derived_id("idempotency", caller, key)
    answer = _begun(library, identifier, hashlib.sha256(request).hexdigest())
    if answer.status:
        return answer.status, answer.text
    status, text = act(derived_id("made by", identifier))

    def note(present: Answer) -> None:
        present.status, present.text = status, text

    library.answers.change(identifier, note)
    return status, text


def forget_answers(library: Library) -> None:
    """Remove the answers nobody will ask for again."""
    before = to_text(library.clock.now() - KEPT_FOR)
    for identifier in library.answers.identifiers({"created_at": at_most(before)}):
        library.answers.delete(identifier)


def _begun(library: Library, identifier: str, digest: str) -> Answer:
    with suppress(Duplicate):
        begun = Answer(id=identifier, request=digest, created_at=library.clock.now())
        return library.answers.add(begun)
    present = library.answers.require(identifier)
    if present.request != digest:
        raise Conflict("This Idempotency-Key was used for another request.")
    return present
