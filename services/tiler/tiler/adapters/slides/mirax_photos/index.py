"""The index of an MRXS: which bytes of which data file are the images of the full resolution, and the positions."""

import struct
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tiler.adapters.slides.mirax_photos.layout import MiraxLayout, NotUnderstood

_VERSION = b"01.02"
_POINTER_BYTES = 4
_PAGE_HEAD_BYTES = 8
_ENTRY_NUMBERS = 4
Numbers = NDArray[np.int32]


class MiraxIndex(NamedTuple):
    """The bytes of an index, read where its pointers lead.

    Behind the slide's identifier stand two of them: to the levels, and to records of everything else. Methods raise
    `struct.error` or `ValueError` where they lead outside, and `NotUnderstood` where it contradicts itself or the settings.
    """

    layout: MiraxLayout
    body: bytes

    def images(self) -> Numbers:
        """Return place, offset, length and number of the file of each image, in the order of their places."""
        (levels,) = self._numbers(self._roots, 1)
        (level,) = self._numbers(levels, 1)
        entries = np.concatenate(self._pages(level)).reshape(-1, _ENTRY_NUMBERS)
        entries = entries[np.argsort(entries[:, 0])]
        places, files = entries[:, 0], entries[:, 3]
        if entries.min() < 0 or places[-1] >= self._places or files.max() >= len(self.layout.data_files):
            raise NotUnderstood
        if (places[1:] == places[:-1]).any():
            raise NotUnderstood
        return entries

    def positions(self) -> tuple[int, int, int]:
        """Return offset, length and number of the file of the positions of photographs."""
        (records,) = self._numbers(self._roots + _POINTER_BYTES, 1)
        (record,) = self._numbers(records + _POINTER_BYTES * self.layout.positions_record, 1)
        _, page = self._numbers(record, 2)
        *_, offset, length, file = self._numbers(page, 7)
        if file not in range(len(self.layout.data_files)):
            raise NotUnderstood
        return offset, length, file

    @property
    def _roots(self) -> int:
        start = _VERSION + self.layout.slide.encode()
        if not self.body.startswith(start):
            raise NotUnderstood
        return len(start)

    @property
    def _places(self) -> int:
        return self.layout.columns * self.layout.rows

    def _pages(self, level: int) -> list[Numbers]:
        """Return the entries of all pages of a level, each of which points to the next; they may go in a circle."""
        _, page = self._numbers(level, 2)
        pages: list[Numbers] = []
        listed = 0
        while page:
            count, following = self._numbers(page, 2)
            listed += count
            if count <= 0 or listed > self._places:
                raise NotUnderstood
            pages.append(np.frombuffer(self.body, "<i4", _ENTRY_NUMBERS * count, page + _PAGE_HEAD_BYTES))
            page = following
        return pages

    def _numbers(self, at: int, count: int) -> tuple[int, ...]:
        if at < 0:  # it would count from the end
            raise NotUnderstood
        return struct.unpack_from(f"<{count}i", self.body, at)
