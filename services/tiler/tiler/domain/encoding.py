"""How the pixels of one page are written; the numbers are those of the TIFF 6.0 tags."""

from collections.abc import Mapping
from enum import IntEnum
from functools import cached_property
from typing import NamedTuple

from tiler.domain.jpeg_stream import (
    COMPONENTS_ARE_RGB,
    COMPONENTS_ARE_YCBCR,
    SOI,
    is_taken_for_rgb,
    shared_tables,
    without_colours,
)
from tiler.domain.problems import UnreadableImage


class Compression(IntEnum):
    """The compressions that can be read."""

    NONE = 1
    LZW = 5
    JPEG = 7
    DEFLATE = 8
    PACKBITS = 32773
    OLD_DEFLATE = 32946
    JPEG_2000_YCBCR = 33003
    JPEG_2000_LOSSY = 33004
    JPEG_2000_RGB = 33005
    JPEG_2000 = 34712
    LZMA = 34925
    ZSTD = 50000
    WEBP = 50001


class Photometric(IntEnum):
    """The colour models that can be read."""

    WHITE_IS_ZERO = 0
    BLACK_IS_ZERO = 1
    RGB = 2
    PALETTE = 3
    YCBCR = 6


class SampleFormat(IntEnum):
    UNSIGNED = 1
    SIGNED = 2
    FLOAT = 3


class Opacity(IntEnum):
    """Of ExtraSamples those that tell how opaque a pixel is; colours of the first kind are multiplied with it already."""

    NONE = 0
    ASSOCIATED = 1
    UNASSOCIATED = 2


class Predictor(IntEnum):
    NONE = 1
    HORIZONTAL = 2
    FLOAT = 3


_OTHER_COMPRESSIONS = {
    6: "JPEG of the old style",
    34887: "LERC",
    34933: "PNG",
    34934: "JPEG XR",
    50002: "JPEG XL",
}
_OTHER_COLOURS = {5: "CMYK", 8: "CIELab", 9: "ICCLab", 32803: "raw camera"}
"""Names of what people may meet and cannot be read."""

JPEG_2000_KINDS = frozenset(
    (
        Compression.JPEG_2000,
        Compression.JPEG_2000_RGB,
        Compression.JPEG_2000_YCBCR,
        Compression.JPEG_2000_LOSSY,
    )
)
"""By Aperio's numbers, libtiff's, and that of Bio-Formats and QuPath for those with loss."""

_LOSSY = JPEG_2000_KINDS | {Compression.JPEG}
_BITS: Mapping[int, tuple[int, ...]] = {
    SampleFormat.UNSIGNED: (1, 2, 4, 8, 16, 32, 64),
    SampleFormat.SIGNED: (8, 16, 32, 64),
    SampleFormat.FLOAT: (16, 32, 64),
}


class _Tags(NamedTuple):
    """Values of the tags that say how pixels are written, as found in the file.

    Parameters
    ----------
    separate_planes
        Each colour has tiles of its own (PlanarConfiguration 2).
    byte_order
        "<" or ">", for samples wider than a byte.
    jpeg_tables
        The page's JPEGTables stream, empty when there is none.
    reversed_bits
        FillOrder 2: the bits of every byte run from right to left.
    opacity
        What the first sample after the colours says of them.
    palette
        Red, green and blue of 8 bits for every sample value, interleaved; empty without a colour map.
    """

    compression: int
    photometric: int
    samples_per_pixel: int = 1
    bits_per_sample: int = 8
    sample_format: int = SampleFormat.UNSIGNED
    predictor: int = Predictor.NONE
    separate_planes: bool = False
    byte_order: str = "<"
    reversed_bits: bool = False
    opacity: int = Opacity.NONE
    jpeg_tables: bytes = b""
    palette: bytes = b""


class Encoding(_Tags):
    """What those values mean; `require_readable` says whether we can do anything with them."""

    @property
    def is_jpeg(self) -> bool:
        return self.compression == Compression.JPEG

    @property
    def planes(self) -> int:
        return self.samples_per_pixel if self.separate_planes else 1

    @property
    def samples_per_tile(self) -> int:
        """Samples of each pixel that one stored tile holds."""
        return 1 if self.separate_planes else self.samples_per_pixel

    @property
    def is_colour(self) -> bool:
        """Whether decoded pixels have three channels."""
        return self.photometric in (Photometric.RGB, Photometric.YCBCR, Photometric.PALETTE)

    @property
    def has_further_channels(self) -> bool:
        """Whether there is more to see than colours, or gray, and how opaque they are."""
        shown = 1 if self.photometric == Photometric.PALETTE or not self.is_colour else 3
        return self.samples_per_pixel > shown + (self.opacity != Opacity.NONE)

    @property
    def is_continuous(self) -> bool:
        """Whether neighbouring pixels may be averaged; the values of a label map may not."""
        return self.compression in _LOSSY or self.photometric == Photometric.RGB

    @property
    def is_eight_bit(self) -> bool:
        """Whether decoded values are display values already."""
        return self.photometric == Photometric.PALETTE or (
            self.bits_per_sample == 8 and self.sample_format == SampleFormat.UNSIGNED
        )

    @property
    def is_shown_by_browsers(self) -> bool:
        """Whether stored tiles are pictures as soon as their tables are put in front."""
        return (
            self.is_jpeg
            and self.bits_per_sample == 8
            and not (self.separate_planes and self.samples_per_pixel > 1)
            and (self.photometric, self.samples_per_pixel) in _BROWSER_COLOURS
        )

    @cached_property
    def jpeg_start(self) -> bytes:
        """What a stored JPEG tile needs in place of its first marker, when decoders take its colours for those of the page."""
        return SOI + shared_tables(self.jpeg_tables)

    @cached_property
    def jpeg_start_with_colours(self) -> bytes:
        """The same for tiles without markers of their own that would say what their components are."""
        is_rgb = self.photometric == Photometric.RGB
        tables = without_colours(self.jpeg_start).removeprefix(SOI)
        return SOI + (COMPONENTS_ARE_RGB if is_rgb else COMPONENTS_ARE_YCBCR) + tables

    def has_colours_of(self, stream: bytes) -> bool:
        """Whether decoders take the components of a complete stream for what the page says they are.

        TIFF readers, libtiff and OpenSlide among them, go by the page alone; browsers know nothing but the stream.
        """
        if self.samples_per_tile != 3:
            return True
        return is_taken_for_rgb(stream) is (self.photometric == Photometric.RGB)

    def require_readable(self) -> None:
        """Raise `UnreadableImage` with the reason unless pixels written like this can be decoded."""
        reason = self._refusal()
        if reason:
            raise UnreadableImage(reason)
        if self.is_jpeg:
            shared_tables(self.jpeg_tables)

    def _refusal(self) -> str | None:
        if self.compression not in tuple(Compression):
            name = _OTHER_COMPRESSIONS.get(self.compression, f"with number {self.compression}")
            return f"TIFF compression {name} is not supported."
        if self.photometric not in tuple(Photometric):
            name = _OTHER_COLOURS.get(self.photometric, f"with number {self.photometric}")
            return f"TIFF colour model {name} is not supported."
        if self.bits_per_sample not in _BITS.get(self.sample_format, ()):
            return f"Samples of {self.bits_per_sample} bits in format {self.sample_format} are not supported."
        return self._refused_combination()

    def _refused_combination(self) -> str | None:
        if not 1 <= self.samples_per_pixel <= 4:
            return f"Images of {self.samples_per_pixel} channels are not supported."
        if self.photometric in (Photometric.RGB, Photometric.YCBCR) and self.samples_per_pixel < 3:
            return "A colour image has fewer than three channels."
        if self.photometric == Photometric.YCBCR and self.compression not in _LOSSY:
            return "YCbCr pixels are only supported inside JPEG and JPEG 2000."
        if self.photometric == Photometric.YCBCR and self.separate_planes:
            return "YCbCr pixels in separate planes are not supported."
        if self.photometric == Photometric.PALETTE and len(self.palette) != 3 << self.bits_per_sample:
            return "The colour map does not fit the pixels."
        if self.compression in _LOSSY and (self.bits_per_sample != 8 or self.samples_per_tile not in (1, 3)):
            return "JPEG is only supported with one or three channels of 8 bits."
        if self.compression == Compression.WEBP and not self._is_webp_colour:
            return "WebP is only supported with red, green and blue of 8 bits in one plane."
        if self.reversed_bits and not self.is_jpeg:
            return "Bytes with reversed bits (FillOrder 2) are not supported."
        return self._refused_predictor()

    @property
    def _is_webp_colour(self) -> bool:
        return (self.photometric, self.bits_per_sample, self.separate_planes) == (Photometric.RGB, 8, False)

    def _refused_predictor(self) -> str | None:
        if self.predictor not in tuple(Predictor):
            return f"TIFF predictor {self.predictor} is not supported."
        floating = self.sample_format == SampleFormat.FLOAT
        if self.predictor == Predictor.FLOAT and not floating:
            return "The floating-point predictor needs floating-point samples."
        if self.predictor == Predictor.HORIZONTAL and (floating or self.bits_per_sample < 8):
            return "The horizontal predictor needs whole samples of at least 8 bits."
        return None


_BROWSER_COLOURS = {(Photometric.BLACK_IS_ZERO, 1), (Photometric.RGB, 3), (Photometric.YCBCR, 3)}
