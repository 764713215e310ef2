"""Ways to damage files, chosen by whoever is asked for random numbers."""

from collections.abc import Callable
from random import Random

Way = Callable[[bytes, Random, int], bytes]
INTERESTING = (0, 1, 2, 3, 7, 8, 16, 31, 32, 64, 127, 128, 255)
NUMBERS = (0, 1, 255, 256, 65_535, 65_536, 2**31 - 1, 2**31, 2**32 - 1)
TEXTS = (b"65535", b"-1", b"0", b"99999999999", b"LIST", b"/etc/passwd", b"../../x", b"nan", b"%d", b"1e999")


def damaged(data: bytes, random: Random, *, start: int = 0) -> bytes:
    """Return the bytes with one to four things wrong behind `start`."""
    for _ in range(random.choice((1, 1, 1, 2, 4))):
        way: Way = random.choice(WAYS)
        data = way(data, random, start)
    return data


def _place(data: bytes, random: Random, start: int) -> int:
    """Return a place behind `start`, more often near the beginning, where headers are."""
    room = max(1, len(data) - start)
    reach = random.choice((room, min(room, 64), min(room, 512), min(room, 2048)))
    return min(start + random.randrange(reach), max(start, len(data) - 1))


def _flip_bit(data: bytes, random: Random, start: int) -> bytes:
    at = _place(data, random, start)
    return data[:at] + bytes([data[at] ^ 1 << random.randrange(8)]) + data[at + 1 :] if data[at:] else data


def _set_byte(data: bytes, random: Random, start: int) -> bytes:
    at = _place(data, random, start)
    return data[:at] + bytes([random.choice(INTERESTING)]) + data[at + 1 :]


def _set_number(data: bytes, random: Random, start: int) -> bytes:
    at, length = _place(data, random, start), random.choice((2, 4, 8))
    number: int = random.choice(NUMBERS) % (1 << 8 * length)
    return data[:at] + number.to_bytes(length, random.choice(("little", "big"))) + data[at + length :]


def _set_text(data: bytes, random: Random, start: int) -> bytes:
    at, text = _place(data, random, start), random.choice(TEXTS)
    return data[:at] + text + data[at + len(text) :]


def _cut(data: bytes, random: Random, start: int) -> bytes:
    return data[: _place(data, random, start)]


def _leave_out(data: bytes, random: Random, start: int) -> bytes:
    at = _place(data, random, start)
    return data[:at] + data[at + random.choice((1, 2, 4, 64)) :]


def _repeat(data: bytes, random: Random, start: int) -> bytes:
    at = _place(data, random, start)
    return data[:at] + data[at : at + random.choice((1, 4, 64))] * random.choice((1, 2, 50)) + data[at:]


def _put_in(data: bytes, random: Random, start: int) -> bytes:
    at = _place(data, random, start)
    return data[:at] + random.randbytes(random.choice((1, 2, 4, 64))) + data[at:]


def _swap(data: bytes, random: Random, start: int) -> bytes:
    one, other = sorted((_place(data, random, start), _place(data, random, start)))
    return data[:one] + data[other:] + data[one:other]


WAYS: tuple[Way, ...] = (
    _flip_bit, _flip_bit, _set_byte, _set_number, _set_number, _set_text, _cut, _leave_out, _repeat, _put_in, _swap,
)  # fmt: skip
