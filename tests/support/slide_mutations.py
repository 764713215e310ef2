"""Damages slides in ways that are the same every time: number n of a file is always the same damage."""

import random
from collections.abc import Callable

_EXTREMES = (0, 1, 2, 7, 8, 0xFF, 0x7FFF, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 1_000_000)
_HUGE = (1 << 40, (1 << 63) - 1, (1 << 64) - 1)


def mutated(body: bytes, number: int) -> bytes:
    """Return the file with one to six wounds; most hit the places where formats keep their structure."""
    chance = random.Random(number)
    damaged = bytearray(body)
    for _ in range(chance.randint(1, 6)):
        chance.choice(_WOUNDS)(damaged, chance)
    return bytes(damaged)


def _place(body: bytearray, chance: random.Random) -> int:
    """Heads and tails are where directories are, so they are hit as often as all the rest."""
    span = chance.choice((64, 4096, len(body)))
    at = chance.randrange(min(span, len(body)))
    return at if chance.random() < 0.5 else len(body) - 1 - at


def _bit(body: bytearray, chance: random.Random) -> None:
    body[_place(body, chance)] ^= 1 << chance.randrange(8)


def _byte(body: bytearray, chance: random.Random) -> None:
    body[_place(body, chance)] = chance.choice((0, 1, 0x7F, 0x80, 0xD0, 0xDA, 0xFF))


def _number(body: bytearray, chance: random.Random) -> None:
    size = chance.choice((2, 4, 8))
    at = _place(body, chance) // 2 * 2
    value = chance.choice(_EXTREMES + (_HUGE if size == 8 else ())) % (1 << (8 * size))
    body[at : at + size] = value.to_bytes(size, chance.choice(("little", "big")))


def _copy(body: bytearray, chance: random.Random) -> None:
    """A directory entry in the place of another one."""
    source, target, size = _place(body, chance), _place(body, chance), chance.choice((2, 4, 12, 20, 64))
    body[target : target + size] = body[source : source + size]


def _cut(body: bytearray, chance: random.Random) -> None:
    if chance.random() < 0.2:
        del body[chance.randrange(16, len(body)) :]


def _gap(body: bytearray, chance: random.Random) -> None:
    at, size = _place(body, chance), chance.randrange(1, 64)
    body[at : at + size] = bytes(size)


_WOUNDS: tuple[Callable[[bytearray, random.Random], None], ...] = (
    _bit,
    _byte,
    _number,
    _number,
    _copy,
    _cut,
    _gap,
)
