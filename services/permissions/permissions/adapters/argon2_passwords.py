"""Passwords hashed with argon2id, with the parameters of RFC 9106 for little memory (64 MiB, about 50 ms)."""

import argon2
from argon2.exceptions import VerificationError


class Argon2Passwords:
    """Hashes and judges; thread-safe. Every call costs 64 MiB and tens of milliseconds, on purpose."""

    def __init__(self, hasher: argon2.PasswordHasher | None = None) -> None:
        self._hasher = hasher or argon2.PasswordHasher.from_parameters(argon2.profiles.RFC_9106_LOW_MEMORY)

    def hash(self, password: str) -> str:
        return self._hasher.hash(password)

    def matches(self, password: str, hashed: str) -> bool:
        try:
            return self._hasher.verify(hashed, password)
        except VerificationError:
            return False
