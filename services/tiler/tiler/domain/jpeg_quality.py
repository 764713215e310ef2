"""How well a JPEG stream was quantised, so that what is generated beside it is neither worse nor larger."""

from tiler.domain.jpeg_stream import segments

_QUANTISATION = 0xDB
_DEFAULT = 85
_LUMINANCE = bytes.fromhex(  # ITU-T T.81, table K.1, in zigzag order
    "100b0c0e0c0a100e0d0e1211101318281a181616183123251d283a333d3c3933"
    "383740485c4e404457453738506d51575f626768673e4d71797064785c656763"
)


def quality_of(stream: bytes) -> int:
    """Return the quality from 1 to 100, as libjpeg counts, whose luminance table is the nearest; 85 without any."""
    table = _first_table(stream)
    if table is None:
        return _DEFAULT
    return min(range(1, 101), key=lambda quality: _distance(table, _scaled(quality)))


def _first_table(stream: bytes) -> bytes | None:
    for marker, start, end in segments(stream):
        if marker == _QUANTISATION and end - start >= 65 and stream[start] >> 4 == 0:
            return stream[start + 1 : start + 65]
    return None


def _scaled(quality: int) -> list[int]:
    scale = 5000 // quality if quality < 50 else 200 - 2 * quality
    return [min(max((value * scale + 50) // 100, 1), 255) for value in _LUMINANCE]


def _distance(table: bytes, other: list[int]) -> int:
    return sum(abs(ours - theirs) for ours, theirs in zip(table, other, strict=True))
