"""Adler-32 of parts joined into that of the whole (RFC 1950, section 8.2): parts are summed on several threads."""

BASE = 65521
EMPTY = 1


def joined(first: int, second: int, second_bytes: int) -> int:
    """Return adler32(A + B) from adler32(A), adler32(B) and the length of B."""
    first_low, first_high = first & 0xFFFF, first >> 16
    second_low, second_high = second & 0xFFFF, second >> 16
    low = (first_low + second_low - 1) % BASE
    high = (first_high + second_high + second_bytes % BASE * (first_low - 1)) % BASE
    return high << 16 | low
