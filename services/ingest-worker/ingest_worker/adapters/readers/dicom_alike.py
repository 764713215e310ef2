"""Reads the headers of many DICOM files, most of which are laid out like the ones before: comparing is faster than parsing.

Within a series some values differ, and the bytes between those are the same in every file.
"""

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ingest_worker.adapters.first_bytes import first_bytes
from ingest_worker.adapters.readers.dicom_quick import (
    OWN,
    PREAMBLE,
    Element,
    Odd,
    QuickHeader,
    elements_of,
    header_of,
)

HEAD_BYTES: Final = 16 * 1024
MOST_HEAD_BYTES: Final = 1024 * 1024
OUTLINES: Final = 4
"""Kept at a time, so that files of several series may come in turns."""

_LENGTHS: Final = {2: struct.Struct("<H"), 4: struct.Struct("<I")}


class HeadersAlike:
    """Reads quick headers, with the same result as reading each by itself.

    Parameters
    ----------
    remember
        Whether files will be asked for once more: a kilobyte of memory for each.
    """

    def __init__(self, *, remember: bool = False) -> None:
        self._outlines: list[_Outline] = []
        self._last: _Walked | None = None
        self._remember = remember
        self._known: dict[str, QuickHeader | None] = {}  # paths are slow keys

    def read(self, path: Path, head: bytes = b"") -> QuickHeader | None:
        """Return the header of a plain DICOM file of one frame, None if it is not certain to be one.

        Parameters
        ----------
        head
            The file's beginning, if it was read already.
        """
        if str(path) in self._known:
            return self._known[str(path)]
        found = self._read(path, head or first_bytes(path, HEAD_BYTES))
        if self._remember:
            self._known[str(path)] = found
        return found

    def _read(self, path: Path, head: bytes) -> QuickHeader | None:
        for outline in self._outlines:
            if found := outline.read(head):
                return found
        walked = _walked(head)
        if walked is None and len(head) >= HEAD_BYTES:
            walked = _walked(first_bytes(path, MOST_HEAD_BYTES))
        if walked is None:
            return None
        self._learn(walked)
        return walked.header

    def _learn(self, walked: "_Walked") -> None:
        """Note what differs between this file and the one before, if these are of one series, and what did so before."""
        if self._last is not None and walked.is_like(self._last):
            others = [one for one in self._outlines if one.shared != walked.header.shared]
            before = [one.varying for one in self._outlines if one not in others]
            varying = walked.differing(self._last).union(*before)
            self._outlines = [_Outline.of(walked, varying), *others][:OUTLINES]
        self._last = walked


def _walked(head: bytes) -> "_Walked | None":
    try:
        elements = elements_of(head)
        return _Walked(head, elements, header_of(head, elements))
    except (struct.error, RecursionError, Odd):  # the header is longer than what was read, or not simple
        return None


@dataclass(frozen=True)
class _Walked:
    """The beginning of a file, and what was found in it."""

    head: bytes
    elements: list[Element]
    header: QuickHeader

    def is_like(self, other: "_Walked") -> bool:
        """Tell whether both have the same elements, encoded in the same way, and equal values where a series has them."""
        return (
            [(one.key, one.length_bytes) for one in self.elements]
            == [(one.key, one.length_bytes) for one in other.elements]
            and self.header.transfer_syntax == other.header.transfer_syntax
            and self.header.shared == other.header.shared
        )

    def differing(self, other: "_Walked") -> frozenset[int]:
        """Return the tags of elements before the pixels whose values differ."""
        pairs = zip(self.elements[:-1], other.elements[:-1], strict=True)
        return frozenset(
            mine.key
            for mine, its in pairs
            if self.head[mine.start : mine.end] != other.head[its.start : its.end]
        )


@dataclass(frozen=True)
class _Outline:
    """How the files of a series begin.

    Parameters
    ----------
    pieces
        Bytes between the values that differ, each up to the length of the next one; how that length is encoded; and the tag.
    last
        The bytes from the last value that differs up to the pixels.
    varying
        Tags of the elements whose values differ.
    constant
        Values of a slice's own elements that do not differ so far.
    """

    pieces: tuple[tuple[bytes, struct.Struct, int], ...]
    last: bytes
    varying: frozenset[int]
    constant: dict[int, bytes]
    shared: dict[int, bytes]
    transfer_syntax: bytes
    pixel_length: int

    @classmethod
    def of(cls, walked: _Walked, varying: frozenset[int]) -> "_Outline":
        head, header, begin, pieces = walked.head, walked.header, PREAMBLE, []
        for key, start, end, length_bytes in walked.elements:
            if key in varying and length_bytes:
                pieces.append((head[begin : start - length_bytes], _LENGTHS[length_bytes], key))
                begin = end
        return cls(
            pieces=tuple(pieces),
            last=head[begin : header.pixel_offset],
            varying=varying,
            constant={key: value for key, value in header.own.items() if key not in varying},
            shared=header.shared,
            transfer_syntax=header.transfer_syntax,
            pixel_length=header.pixel_length,
        )

    def read(self, head: bytes) -> QuickHeader | None:
        """Return the header of another file that differs from this outline in nothing but the values that may."""
        own, at = self.constant.copy(), PREAMBLE
        try:
            for piece, length, key in self.pieces:
                if not head.startswith(piece, at):
                    return None
                start = at + len(piece) + length.size
                at = start + length.unpack_from(head, start - length.size)[0]
                if key in OWN:
                    own[key] = head[start:at]
        except struct.error:  # it is shorter
            return None
        if not head.startswith(self.last, at):
            return None
        return QuickHeader(own, self.shared, self.transfer_syntax, at + len(self.last), self.pixel_length)
