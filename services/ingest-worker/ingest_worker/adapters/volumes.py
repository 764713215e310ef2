"""Volumes as readers hand them to writers: a layout, and slices that come one after another."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ingest_worker.domain.budget import KIB
from ingest_worker.domain.images import ImageMetadata
from ingest_worker.domain.layouts import VolumeLayout

Pixels: TypeAlias = NDArray[Any]

# A slice of most CT. With 256 KiB small slices take 2 % longer, and 15 % with 1024, which leave the cache.
TOGETHER_BYTES: Final = 512 * KIB
"""Smaller slices are worked on together, up to so many bytes of them."""


class Volume(Protocol):
    """Pixels that are read while they are written, so that memory holds a few slices at a time."""

    @property
    def layout(self) -> VolumeLayout:
        """Return the volume's shape, known before any pixel is read."""
        ...

    def slices(self) -> Iterator[Pixels]:
        """Yield every slice once, z fastest, then t.

        Each has the shape (rows, columns) or (rows, columns, channels), is C-contiguous and little-endian, and
        stays unchanged after the next one was asked for. Several that come together have an axis more, the first one; they
        are no more than `TOGETHER_BYTES`.

        Raises
        ------
        Refused
            The pixels cannot be read, at any point of the iteration; nothing yielded so far may be kept.
        WiderSamplesNeeded
            A value does not fit the layout's sample type.
        """
        ...


class WiderSamplesNeeded(Exception):
    """Met a value outside the sample type of the layout; `volume` is the same with a type that holds it."""

    def __init__(self, volume: Volume) -> None:
        super().__init__(volume.layout.sample_type)
        self.volume = volume


@dataclass(frozen=True)
class ArrayVolume:
    """A volume that is in memory already: rows of the first axis are its slices unless it is one picture."""

    layout: VolumeLayout
    pixels: Pixels

    def slices(self) -> Iterator[Pixels]:
        rows, columns = self.layout.size[1], self.layout.size[0]
        shape = (
            (-1, rows, columns) if self.layout.channels == 1 else (-1, rows, columns, self.layout.channels)
        )
        little = np.dtype(self.layout.sample_type).newbyteorder("<")
        yield from np.ascontiguousarray(self.pixels, dtype=little).reshape(shape)


@dataclass(frozen=True)
class VolumeReading:
    """An image found by a reader, to be written as MHA.

    Parameters
    ----------
    files
        Names of the files it is made from.
    name
        For people.
    header_fields
        Extra keys for the MHA header that the reference converter writes too, without patient data.
    attributes
        Keywords of all that any of its DICOM files says, "" for private ones; only if it is to be de-identified.
    burned_in
        Whether the source says that there is writing in its pixels.
    removed
        What did not come along for the sake of anonymity.
    """

    files: tuple[str, ...]
    name: str
    volume: Volume
    metadata: ImageMetadata
    header_fields: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    attributes: tuple[str, ...] = ()
    burned_in: bool = False
    removed: tuple[str, ...] = ()


@dataclass(frozen=True)
class PyramidReading:
    """An image found by a reader, to be kept as tiled pyramidal TIFF.

    Parameters
    ----------
    path
        The TIFF it comes from.
    ready
        Whether that is canonical already, so that its tiles are kept as they are.
    is_label_map
        Whether lower levels must repeat values rather than average them.
    """

    files: tuple[str, ...]
    name: str
    path: Path
    ready: bool
    is_label_map: bool
    sample_type: str
    metadata: ImageMetadata
    notes: tuple[str, ...] = ()
    attributes: tuple[str, ...] = ()
    burned_in: bool = False
    removed: tuple[str, ...] = ()


@dataclass(frozen=True)
class RefusedReading:
    """Files of a candidate that make no image although others of it may."""

    files: tuple[str, ...]
    reason: str


Reading: TypeAlias = VolumeReading | PyramidReading | RefusedReading
