"""ICC profiles without the names, dates and serial numbers that scanners write into them (ICC.1:2022).

What is kept is what colours are computed with. Everything else goes: texts, who made the profile and when, private tags.
"""

import struct
from collections.abc import Iterator, Mapping

_HEADER = 128
_MOST_TAGS = 256
_TAG = struct.Struct(">4sII")
_VERSION_4 = 4

_XYZ = (b"XYZ ",)
_CURVE = (b"curv", b"para")
_LOOK_UP = (b"mft1", b"mft2", b"mAB ", b"mBA ", b"mpet")
_NUMBERS = (b"sf32",)
_KEPT: Mapping[bytes, tuple[bytes, ...]] = {
    **dict.fromkeys((b"wtpt", b"bkpt", b"lumi", b"rXYZ", b"gXYZ", b"bXYZ"), _XYZ),
    **dict.fromkeys((b"rTRC", b"gTRC", b"bTRC", b"kTRC"), _CURVE),
    **{
        kind + digit: _LOOK_UP
        for kind in (b"A2B", b"B2A", b"D2B", b"B2D")
        for digit in (b"0", b"1", b"2", b"3")
    },
    b"gamt": _LOOK_UP,
    b"chad": _NUMBERS,
    b"chrm": (b"chrm",),
}
"""Tags by signature (ICC.1 chapter 9), with the types that their contents may have."""

_ZEROED = ((4, 8), (24, 36), (40, 44), (48, 64), (80, 128))
"""Of the header (7.2): CMM, date, platform, maker, model and its attributes, creator, and the checksum of all that."""

_NAME, _RIGHTS = "Colours of the scanner", "None"


def without_origin(profile: bytes) -> bytes:
    """Return a profile that means the same colours and does not say whose it is; nothing of one that is damaged."""
    if len(profile) < _HEADER + 4 or profile[36:40] != b"acsp":
        return b""
    kept = dict(_kept(profile))
    if not kept:
        return b""
    version = profile[8]
    return _packed(profile, {b"desc": _text(_NAME, version), b"cprt": _rights(version), **kept})


def _kept(profile: bytes) -> Iterator[tuple[bytes, bytes]]:
    (count,) = struct.unpack_from(">I", profile, _HEADER)
    table = profile[_HEADER + 4 : _HEADER + 4 + _TAG.size * min(count, _MOST_TAGS)]
    for name, start, size in _TAG.iter_unpack(table[: len(table) // _TAG.size * _TAG.size]):
        contents = profile[start : start + size]
        if len(contents) == size >= 8 and contents[:4] in _KEPT.get(name, ()):
            yield name, contents


def _packed(profile: bytes, tags: Mapping[bytes, bytes]) -> bytes:
    """Put header, table and contents together; tags that are alike, as curves often are, share theirs."""
    at = _HEADER + 4 + _TAG.size * len(tags)
    places: dict[bytes, int] = {}
    for contents in tags.values():
        if contents not in places:
            places[contents] = at
            at += len(contents) + -len(contents) % 4
    table = b"".join(_TAG.pack(name, places[contents], len(contents)) for name, contents in tags.items())
    body = b"".join(contents + bytes(-len(contents) % 4) for contents in places)
    return _header(profile, at) + struct.pack(">I", len(tags)) + table + body


def _header(profile: bytes, size: int) -> bytes:
    header = bytearray(profile[:_HEADER])
    header[:4] = struct.pack(">I", size)
    for start, end in _ZEROED:
        header[start:end] = bytes(end - start)
    return bytes(header)


def _text(text: str, version: int) -> bytes:
    """Return a description, which every profile must have (ICC.1:2001 6.5.17; 10.15 since version 4)."""
    if version >= _VERSION_4:
        body = text.encode("utf-16-be")
        return b"mluc" + struct.pack(">III2s2sII", 0, 1, 12, b"en", b"US", len(body), 28) + body
    ascii_text = text.encode() + b"\0"
    return b"desc" + struct.pack(">II", 0, len(ascii_text)) + ascii_text + bytes(4 + 4 + 2 + 1 + 67)


def _rights(version: int) -> bytes:
    return _text(_RIGHTS, version) if version >= _VERSION_4 else b"text\0\0\0\0" + _RIGHTS.encode() + b"\0"
