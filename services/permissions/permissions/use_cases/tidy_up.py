"""Finishes what was begun by somebody who died: acts that were not filed, accepted requests without their role."""

from permissions.use_cases.decide_requests import settle_leftovers
from permissions.use_cases.directory import Directory
from permissions.use_cases.slow_guessing import forget_places


def tidy_up(directory: Directory) -> int:
    """Finish what is unfinished; return how much that was. Doing it twice at once does no harm."""
    ledgers = (
        directory.users,
        directory.tokens,
        directory.rosters,
        directory.requests,
        directory.admissions,
        directory.organisations,
        directory.accounts,
    )
    forget_places(directory)
    directory.answers.forget()
    return settle_leftovers(directory) + sum(ledger.file_leftovers() for ledger in ledgers)
