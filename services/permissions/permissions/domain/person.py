"""Somebody as others remember them: in acts, requests and notifications."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Person:
    """A user by identifier, with the name they had then."""

    id: str
    username: str


RULE = Person("", "rule of the archive")
"""Who acts when nobody has to: a request that the archive's own rule accepts."""

OPERATOR = Person("", "operator")
"""Who acts on the command line of the installation."""
