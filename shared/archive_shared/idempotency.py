"""Lets clients repeat a POST whose answer was lost: the same key gives the same things and the same answer.

Whatever a POST creates gets an identifier that follows from the caller and the key. So even when the first
attempt died between its effect and the note about its answer, the second finds what is there already.
"""

import hashlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from archive_shared.clock import Clock, to_text
from archive_shared.documents import Aggregate, Collection, Documents, Repository, at_most
from archive_shared.errors import Duplicate, Invalid, KeyReused
from archive_shared.identifiers import derived_id, new_id

LONGEST_KEY = 255
KEPT_FOR = timedelta(days=7)
"""Nobody repeats a POST later; and whoever does finds what it made, under the identifier that follows from the key."""

Act = Callable[[str], tuple[int, str]]
"""Does something under the identifier it is given, and returns status and text of the answer. It may run more than once and
must then find itself done."""


@dataclass(kw_only=True)
class Answer(Aggregate):
    """What somebody was answered to a POST; its identifier follows from them and their key.

    Parameters
    ----------
    request
        Digest of what they asked.
    status, text
        The answer; 0 while it is not known.
    """

    request: str
    status: int = 0
    text: str = ""
    created_at: datetime


ANSWERS = Collection("answers", fields={"created_at": "created_at"}, indexes=[("created_at",)])


class Seal(Protocol):
    """Keeps answers that hold secrets from whoever reads the store."""

    def close(self, text: str) -> str: ...
    def open(self, sealed: str) -> str: ...


@dataclass(frozen=True)
class AnswerBook:
    """The answers of one service; `seal` for those that hold secrets, None where there are none."""

    repository: Repository[Answer]
    clock: Clock
    seal: Seal | None = None

    def once(self, caller: str, key: str, request: bytes, act: Act) -> tuple[int, str]:
        """Do something unless it was done under this key; return status and text of the answer.

        Parameters
        ----------
        key
            What the client sent as `Idempotency-Key`, "" for nothing: then it is done every time.
        request
            Everything that tells this request from others.

        Raises
        ------
        Invalid
            The key is none.
        KeyReused
            The key was used for another request.
        """
        if not key:
            return act(new_id())
        if len(key) > LONGEST_KEY or not key.isprintable():
            raise Invalid({"Idempotency-Key": [f"Use 1 to {LONGEST_KEY} printable characters."]})
        identifier = derived_id("idempotency", caller, key)
        answer = self._begun(identifier, hashlib.sha256(request).hexdigest())
        if answer.status:
            return answer.status, self.seal.open(answer.text) if self.seal else answer.text
        status, text = act(derived_id("made by", identifier))
        noted = self.seal.close(text) if self.seal else text

        def note(present: Answer) -> None:
            present.status, present.text = status, noted

        self.repository.change(identifier, note)
        return status, text

    def forget(self) -> None:
        """Remove the answers nobody will ask for again."""
        before = to_text(self.clock.now() - KEPT_FOR)
        for identifier in self.repository.identifiers({"created_at": at_most(before)}):
            self.repository.delete(identifier)

    def _begun(self, identifier: str, digest: str) -> Answer:
        with suppress(Duplicate):
            begun = Answer(id=identifier, request=digest, created_at=self.clock.now())
            return self.repository.add(begun)
        present = self.repository.require(identifier)
        if present.request != digest:
            raise KeyReused("This Idempotency-Key was used for another request.")
        return present


def answer_book(documents: Documents, *, source: str, clock: Clock, seal: Seal | None = None) -> AnswerBook:
    """Return the answers that a service keeps in its documents; they need the collection `ANSWERS`."""
    return AnswerBook(Repository(documents, ANSWERS.name, Answer, source=source, clock=clock), clock, seal)
