"""Counts attempts at passwords, and makes those wait who made too many; see `permissions.domain.guessing`."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import TypeVar

from archive_shared.clock import to_text
from archive_shared.documents import at_most
from archive_shared.errors import Duplicate, TooManyAttempts
from permissions.domain.account import Account
from permissions.domain.guessing import Brake, Place, place_of
from permissions.use_cases.directory import Directory

B = TypeVar("B", bound=Brake)


def count_attempt(directory: Directory, account: Account | None, address: str | None) -> None:
    """Write an attempt down before its password is judged, so that many at once do not help.

    Parameters
    ----------
    account
        None for one that does not exist.
    address
        Where the attempt comes from; None where that is not known.

    Raises
    ------
    TooManyAttempts
        It comes too early; its password must not be judged.
    """
    now = directory.clock.now()
    known = _acquaintance(directory, account, address, now)
    if known is not None:
        directory.places.change(known.id, _attempt(now, Place.note_attempt))
        return
    if address is not None:
        place = _place(directory, place_of(address), now)
        directory.places.change(place, _attempt(now, Place.note_attempt_of_stranger))
    if account is not None:
        directory.accounts.change(account.id, _attempt(now, Account.note_attempt))


def forgive(directory: Directory, account: Account, address: str | None) -> None:
    """End the pauses after a right password, where it came from; that is no stranger's place from now on."""
    now = directory.clock.now()
    if _acquaintance(directory, account, address, now) is None:
        directory.accounts.change(account.id, Account.note_success)
        if address is not None:
            directory.places.change(place_of(address), Place.take_back_attempt)
    if address is not None:
        known = _place(directory, place_of(address, account.id), now)
        directory.places.change(known, lambda place: place.welcome(now))


def forget_places(directory: Directory) -> int:
    """Remove places that are of no interest any more; return how many."""
    old = directory.places.find({"forget_at": at_most(to_text(directory.clock.now()))}, limit=100)
    return sum(directory.places.delete(place.id) for place in old)


def _acquaintance(
    directory: Directory, account: Account | None, address: str | None, now: datetime
) -> Place | None:
    """Return the account's own place at this address, if somebody signed in to it from there."""
    if account is None or address is None:
        return None
    found = directory.places.get(place_of(address, account.id))
    return found if found is not None and now < found.forget_at else None


def _place(directory: Directory, identifier: str, now: datetime) -> str:
    if directory.places.get(identifier) is None:
        with suppress(Duplicate):
            directory.places.add(Place(id=identifier, forget_at=now))
    return identifier


def _attempt(now: datetime, count: Callable[[B, datetime], None]) -> Callable[[B], None]:
    def attempt(present: B) -> None:
        if wait_s := present.wait_s(now):
            raise TooManyAttempts("Too many wrong passwords; wait a while.", retry_after_s=wait_s)
        count(present, now)

    return attempt
