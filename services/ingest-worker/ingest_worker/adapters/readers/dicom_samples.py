"""How stored DICOM samples become canonical ones: unused bits, sign, inversion, rescale, and the type that holds them."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from ingest_worker.adapters.readers.dicom_frames import LABEL_MAP_SEGMENTATION, Rescale
from ingest_worker.adapters.readers.dicom_headers import DicomHeader
from ingest_worker.adapters.readers.dicom_modality import ModalityTable, modality_table
from ingest_worker.adapters.readers.dicom_palette import Palette, palette_of
from ingest_worker.adapters.readers.dicom_values import text, whole_number
from ingest_worker.adapters.volumes import Pixels
from ingest_worker.domain.refusals import Refused

GRAY = ("MONOCHROME1", "MONOCHROME2")
PALETTE = "PALETTE COLOR"
FLOAT_DIGITS_BITS = 24
INTEGER_TYPES = ("int16", "uint16", "int32", "uint32")


class OutOfRange(Exception):
    """A value does not fit the sample type chosen for the volume."""


@dataclass(frozen=True)
class SampleFormat:
    """How the samples of one file are stored (PS3.3 C.7.6.3, PS3.5 section 8)."""

    rows: int
    columns: int
    photometric: str
    samples: int
    planar: bool
    allocated_bits: int
    stored_bits: int
    high_bit: int
    signed: bool
    kind: str
    palette: Palette | None = None
    modality: ModalityTable | None = None

    @property
    def channels(self) -> int:
        """Return how many channels the canonical image has."""
        return 3 if self.photometric == PALETTE else self.samples

    @property
    def shape(self) -> tuple[int, ...]:
        """Return the shape of a stored frame with its samples interleaved."""
        return (self.rows, self.columns) if self.samples == 1 else (self.rows, self.columns, self.samples)

    @cached_property
    def native_bits(self) -> int:
        """Return how many bits an uncompressed frame takes; YBR_FULL_422 stores two samples per pixel."""
        samples = 2 if self.photometric == "YBR_FULL_422" else self.samples
        return self.rows * self.columns * samples * self.allocated_bits

    @property
    def stored_type(self) -> str:
        """Return numpy's name of a sample."""
        if self.kind != "integer":
            return self.kind
        return f"{'int' if self.signed else 'uint'}{max(8, self.allocated_bits)}"

    @cached_property
    def little_endian(self) -> np.dtype[Any]:
        """Return the type of a sample as it lies in most files."""
        return np.dtype(self.stored_type).newbyteorder("<")

    @property
    def real(self) -> "SampleFormat":
        """Return what samples are like once they were looked up in the table of real values, if there is one."""
        if self.modality is None:
            return self
        bits = self.modality.bits
        allocated = 8 if bits == 8 else 16
        return replace(
            self, allocated_bits=allocated, stored_bits=bits, high_bit=bits - 1, signed=False, modality=None
        )

    @property
    def is_shifted(self) -> bool:
        """Tell whether there are bits below a sample, as standards of old had it."""
        return self.high_bit >= self.stored_bits

    @property
    def low(self) -> int:
        return -(1 << (self.stored_bits - 1)) if self.signed else 0

    @property
    def high(self) -> int:
        return (1 << (self.stored_bits - 1)) - 1 if self.signed else (1 << self.stored_bits) - 1


def sample_format(header: DicomHeader) -> SampleFormat:
    """Return how a file stores its samples.

    Raises
    ------
    Refused
        The description is contradictory, or of a kind that is not converted.
    """
    dataset, name = header.dataset, header.file.base_name
    allocated = whole_number(dataset, "BitsAllocated") or 0
    stored = whole_number(dataset, "BitsStored") or allocated
    high_bit = whole_number(dataset, "HighBit")
    photometric = _photometric(dataset)
    samples = whole_number(dataset, "SamplesPerPixel") or 1
    _require_convertible(name, allocated=allocated, stored=stored, samples=samples, photometric=photometric)
    if header.pixels.kind not in ("integer", f"float{allocated}"):
        raise Refused(
            f"The pixels of {name} are described in a contradictory way ({header.pixels.kind} in {allocated} bits)."
        )
    signed = whole_number(dataset, "PixelRepresentation") == 1
    return SampleFormat(
        rows=int(dataset.Rows),
        columns=int(dataset.Columns),
        photometric=photometric,
        samples=samples,
        planar=whole_number(dataset, "PlanarConfiguration") == 1,
        allocated_bits=allocated,
        stored_bits=stored,
        high_bit=stored - 1 if high_bit is None or not stored - 1 <= high_bit < allocated else high_bit,
        signed=signed,
        kind=header.pixels.kind,
        palette=palette_of(header, signed=signed) if photometric == PALETTE else None,
        modality=modality_table(header, signed=signed) if photometric in GRAY else None,
    )


def _photometric(dataset: Dataset) -> str:
    """Return how samples are meant; those of a label map are numbers of segments, for which its palette has colours."""
    if dataset.get("SOPClassUID") == LABEL_MAP_SEGMENTATION:
        return "MONOCHROME2"
    return text(dataset, "PhotometricInterpretation") or "MONOCHROME2"


def _require_convertible(name: str, *, allocated: int, stored: int, samples: int, photometric: str) -> None:
    if allocated not in (1, 8, 16, 32, 64) or not 1 <= stored <= allocated:
        raise Refused(f"The samples of {name} have {stored} of {allocated} bits, which cannot be imported.")
    if allocated == 1 and (samples != 1 or photometric != "MONOCHROME2"):
        raise Refused(
            f"The single bits of {name} are no mask, which is all that can be imported of their kind."
        )
    if samples not in (1, 3) or (photometric in (*GRAY, PALETTE)) != (samples == 1):
        raise Refused(
            f"The pixels of {name} are described in a contradictory way ({photometric}, {samples} samples)."
        )


def meaningful(pixels: Pixels, form: SampleFormat, *, as_stored: bool) -> Pixels:
    """Drop bits that hold no sample (overlays were kept there) and restore the sign.

    Parameters
    ----------
    as_stored
        Whether the samples still lie where the header says; most compressed ones never had bits below them.
    """
    if form.kind != "integer" or form.stored_bits == form.allocated_bits:
        return pixels
    unsigned: NDArray[Any] = pixels.astype(form.stored_type, copy=False).view(f"uint{form.allocated_bits}")
    shift = form.high_bit + 1 - form.stored_bits if as_stored else 0
    mask = unsigned.dtype.type((1 << form.stored_bits) - 1)
    bits = (unsigned >> shift if shift else unsigned) & mask
    if not form.signed:
        return np.asarray(bits)
    sign = unsigned.dtype.type(1 << (form.stored_bits - 1))
    result: Pixels = ((bits ^ sign) - sign).view(form.stored_type)
    return result


def inverted(pixels: Pixels, form: SampleFormat) -> Pixels:
    """Turn MONOCHROME1, where the highest value is black, into MONOCHROME2.

    Mirrored within what the samples could hold, not within what they happen to hold: images of one detector
    stay comparable, and slices need not wait for each other.
    """
    if form.photometric != "MONOCHROME1" or form.kind != "integer":
        return pixels
    mirror = np.array(form.low + form.high).astype(pixels.dtype)
    result: Pixels = mirror - pixels  # exact modulo the type's range, and the result is in range
    return result


def inverted_center(center: float, form: SampleFormat, rescale: Rescale) -> float:
    """Return where a window's centre lies after the values were mirrored."""
    if form.photometric != "MONOCHROME1":
        return center
    return rescale.of(form.low) + rescale.of(form.high) - center


def common_type(formats: list[SampleFormat], rescales: list[Rescale]) -> str:
    """Return the smallest sample type for a volume of such frames.

    Integers stay integers as long as every slope and intercept is integral. If what could be stored does not fit
    16 bits, 16 are tried nevertheless: samples announced with 16 bits hardly ever use all of them. The attempt
    ends with `OutOfRange` and is repeated with `wider_type`.
    """
    if formats[0].kind != "integer":
        return formats[0].kind
    if formats[0].channels > 1:
        palette = formats[0].palette
        return palette.sample_type if palette else f"uint{max(form.allocated_bits for form in formats)}"
    if all(rescale.is_identity for rescale in rescales) and len({form.stored_type for form in formats}) == 1:
        return formats[0].stored_type
    if not all(rescale.is_integral for rescale in rescales):
        return "float32" if max(form.stored_bits for form in formats) <= FLOAT_DIGITS_BITS else "float64"
    low, high = _bounds(formats, rescales)
    narrow = [name for name in INTEGER_TYPES[:2] if _holds(name, low, high)]
    if narrow:
        return narrow[0]
    return "int16" if max(form.stored_bits for form in formats) <= 16 else wider_type(formats, rescales)


def wider_type(formats: list[SampleFormat], rescales: list[Rescale]) -> str:
    """Return the smallest type that holds whatever could be stored."""
    low, high = _bounds(formats, rescales)
    return next((name for name in INTEGER_TYPES if _holds(name, low, high)), "float64")


def _bounds(formats: list[SampleFormat], rescales: list[Rescale]) -> tuple[float, float]:
    corners = [
        rescale.of(stored)
        for form, rescale in set(zip(formats, rescales, strict=True))
        for stored in (form.low, form.high)
    ]
    return min(corners), max(corners)


def _holds(sample_type: str, low: float, high: float) -> bool:
    limits = np.iinfo(sample_type)
    return int(limits.min) <= low and high <= int(limits.max)


def rescaled(pixels: Pixels, form: SampleFormat, rescale: Rescale, sample_type: str) -> Pixels:
    """Return real values of the given type.

    Raises
    ------
    OutOfRange
        A value does not fit.
    """
    if rescale.is_identity and pixels.dtype == sample_type:
        return pixels
    if sample_type.startswith("float"):
        return (pixels * np.float64(rescale.slope) + np.float64(rescale.intercept)).astype(sample_type)
    corners = sorted((rescale.of(form.low), rescale.of(form.high)))
    if not _holds("int64", *corners):
        raise OutOfRange
    factor, summand = int(rescale.slope), int(rescale.intercept)
    if _holds(sample_type, *corners):
        # Modulo 2^n every step is exact, and the result is known to fit.
        values = pixels.astype(sample_type)
        if factor != 1:
            values *= _wrapped(factor, sample_type)
        values += _wrapped(summand, sample_type)
        return values
    exact = pixels.astype("int64") * factor + summand
    if not _holds(sample_type, float(exact.min()), float(exact.max())):
        raise OutOfRange
    return exact.astype(sample_type)


def _wrapped(value: int, sample_type: str) -> Pixels:
    return np.array(value, "int64").astype(sample_type)
