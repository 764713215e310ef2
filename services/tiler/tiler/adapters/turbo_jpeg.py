"""libturbojpeg, where a machine has it: it decodes JPEG to planes of luma and chroma, which no package of PyPI does.

Debian's package is `libturbojpeg0`. Whoever asks for it has to do without where it is missing.
"""

import ctypes
from ctypes import POINTER, byref, c_char_p, c_int, c_ulong, c_void_p
from functools import cache
from types import TracebackType
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from tiler.domain.jpeg_stream import head_of
from tiler.domain.problems import UnreadableImage

_LIBRARY = "libturbojpeg.so.0"
_YCBCR, _BGRX = 1, 3  # TJCS_YCbCr and TJPF_BGRX
_SUBSAMPLINGS = {0: (1, 1), 1: (2, 1), 2: (2, 2)}  # TJSAMP_444, TJSAMP_422 and TJSAMP_420
_KINDS = {pixels: kind for kind, pixels in _SUBSAMPLINGS.items()}
_THREE_ADDRESSES, _THREE_NUMBERS = c_void_p * 3, c_int * 3


class PlanarFrame(NamedTuple):
    """Width and height of an image in pixels, and how many of them share a sample of chroma, across and down."""

    width: int
    height: int
    across: int
    down: int


class Planes(NamedTuple):
    """Where samples of 8 bits lie: addresses of the first ones of luma, blue and red, and bytes from one row to the next."""

    luma: int
    blue: int
    red: int
    luma_row: int
    chroma_row: int

    @classmethod
    def of(cls, luma: NDArray[np.uint8], blue: NDArray[np.uint8], red: NDArray[np.uint8]) -> Self:
        """Return where arrays of shape (rows, columns) lie; they have to outlive whatever is done there."""
        return cls(luma.ctypes.data, blue.ctypes.data, red.ctypes.data, luma.strides[0], blue.strides[0])


class TurboJpeg:
    """One instance of the library, for one thread; a context manager.

    Raises
    ------
    OSError
        There is no library; `is_there` tells.
    MemoryError
        There is no room for an instance.
    """

    def __init__(self) -> None:
        self._library = _loaded()
        self._handle = self._library.tjInitTransform()
        if not self._handle:
            raise MemoryError
        self._known: tuple[bytes, PlanarFrame | None] = (b"", None)  # a head, and the frame in it

    def frame(self, stream: bytes) -> PlanarFrame:
        """Return what a stream says of itself.

        Raises
        ------
        UnreadableImage
            It is damaged, no YCbCr, or chroma is stored for other pixels than one, two in a row or a square of four.
        """
        width, height, subsampling, colours = c_int(), c_int(), c_int(), c_int()
        self._require(
            self._library.tjDecompressHeader3(
                self._handle,
                stream,
                len(stream),
                byref(width),
                byref(height),
                byref(subsampling),
                byref(colours),
            )
        )
        pixels = _SUBSAMPLINGS.get(subsampling.value)
        if colours.value != _YCBCR or pixels is None:
            raise UnreadableImage("An image is JPEG of another kind than the scanner writes.")
        return PlanarFrame(width.value, height.value, *pixels)

    def decode(self, stream: bytes, frame: PlanarFrame, planes: Planes, *, shrink: int = 1) -> None:
        """Decode luma, blue and red to where there is room for what the frame says.

        Parameters
        ----------
        shrink
            2, 4 or 8 to decode at a fraction of the size, of which chroma is a whole number of samples.

        Raises
        ------
        UnreadableImage
            The stream is damaged, or of another frame.
        """
        self._require_frame(stream, frame)
        addresses, row_bytes = _passed(planes)
        self._require(
            self._library.tjDecompressToYUVPlanes(
                self._handle,
                stream,
                len(stream),
                addresses,
                frame.width // shrink,
                row_bytes,
                frame.height // shrink,
                0,
            )
        )

    def split(self, pixels: NDArray[np.uint8], planes: Planes, *, across: int = 2, down: int = 2) -> None:
        """Write pixels whose rows are contiguous, shape (rows, columns, 4) with blue first, as luma, and as chroma for so many of them.

        Where their number is no multiple of that, there has to be room for one more row or column.
        """
        rows, columns, _ = pixels.shape
        addresses, row_bytes = _passed(planes)
        self._require(
            self._library.tjEncodeYUVPlanes(
                self._handle,
                pixels.ctypes.data,
                columns,
                pixels.strides[0],
                rows,
                _BGRX,
                addresses,
                row_bytes,
                _KINDS[across, down],
                0,
            )
        )

    def _require_frame(self, stream: bytes, frame: PlanarFrame) -> None:
        """Ask the library for the frame of a head on its own, once for all that begin with it: it writes by what it has read there."""
        known, found = self._known
        if found is None or not stream.startswith(known):
            known = head_of(stream)
            found = self.frame(known)
            self._known = known, found
        if found != frame:
            raise UnreadableImage("An image of the slide is not of the size that its settings say.")

    def _require(self, failed: int) -> None:
        if failed:
            raise UnreadableImage("An image of the slide is damaged.")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._library.tjDestroy(self._handle)


def is_there() -> bool:
    """Return whether this machine has the library."""
    try:
        _loaded()
    except OSError:
        return False
    return True


@cache
def _loaded() -> ctypes.CDLL:
    library = ctypes.CDLL(_LIBRARY)
    numbers, addresses = POINTER(c_int), POINTER(c_void_p)
    stream = (c_void_p, c_char_p, c_ulong)
    library.tjInitTransform.argtypes, library.tjInitTransform.restype = (), c_void_p
    library.tjDestroy.argtypes = (c_void_p,)
    library.tjDecompressHeader3.argtypes = (*stream, numbers, numbers, numbers, numbers)
    library.tjDecompressToYUVPlanes.argtypes = (*stream, addresses, c_int, numbers, c_int, c_int)
    library.tjEncodeYUVPlanes.argtypes = (
        c_void_p, c_void_p, c_int, c_int, c_int, c_int, addresses, numbers, c_int, c_int,
    )  # fmt: skip
    return library


def _passed(planes: Planes) -> tuple["ctypes.Array[c_void_p]", "ctypes.Array[c_int]"]:
    return (
        _THREE_ADDRESSES(planes.luma, planes.blue, planes.red),
        _THREE_NUMBERS(planes.luma_row, planes.chroma_row, planes.chroma_row),
    )
