"""Volumes of real values where a file stores others: slope and intercept of NIfTI, applied slice by slice."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from ingest_worker.adapters.volumes import Pixels, Volume, WiderSamplesNeeded
from ingest_worker.domain.layouts import SAMPLE_BYTES, VolumeLayout

INTEGER_TYPES = ("int16", "uint16", "int32", "uint32")
MORE_DIGITS_THAN_FLOAT32 = ("int32", "uint32", "int64", "uint64", "float64")


@dataclass(frozen=True)
class ScaledVolume:
    """Stored values times slope plus intercept: exact as integers, else computed in double precision."""

    stored: Volume
    slope: float
    intercept: float
    sample_type: str

    @property
    def layout(self) -> VolumeLayout:
        return self.stored.layout.of_type(self.sample_type)

    def slices(self) -> Iterator[Pixels]:
        scaled = self._real if self.sample_type.startswith("float") else self._whole
        for pixels in self.stored.slices():
            yield scaled(pixels)

    def _real(self, pixels: Pixels) -> Pixels:
        with np.errstate(over="raise" if self.sample_type == "float32" else "ignore"):
            try:
                return (pixels * np.float64(self.slope) + np.float64(self.intercept)).astype(self.sample_type)
            except FloatingPointError as error:
                raise WiderSamplesNeeded(replace(self, sample_type="float64")) from error

    def _whole(self, pixels: Pixels) -> Pixels:
        if not _holds(self.sample_type, self._bounds(int(pixels.min()), int(pixels.max()))):
            raise WiderSamplesNeeded(replace(self, sample_type=self._wider()))
        # Modulo 2^n every step is exact, and the result is known to fit.
        values = pixels.astype(self.sample_type)
        values *= _wrapped(self.slope, self.sample_type)
        values += _wrapped(self.intercept, self.sample_type)
        return values

    def _wider(self) -> str:
        """Return the smallest type that holds whatever could be stored."""
        limits = np.iinfo(self.stored.layout.sample_type)
        bounds = self._bounds(int(limits.min), int(limits.max))
        return next((name for name in INTEGER_TYPES if _holds(name, bounds)), "float64")

    def _bounds(self, low: int, high: int) -> tuple[int, int]:
        ends = [stored * int(self.slope) + int(self.intercept) for stored in (low, high)]
        return min(ends), max(ends)


def scaled(stored: Volume, slope: float, intercept: float) -> ScaledVolume:
    """Return the volume of real values.

    Integers stay integers as long as slope and intercept are integral, as in DICOM: of the same width at first, since
    hardly any file uses all of its range, but of 16 bits at least; `WiderSamplesNeeded` says when that was too narrow.
    Other values get single precision, or double if the stored ones have more digits than that or a value is beyond it.
    """
    kind = stored.layout.sample_type
    if kind.startswith("float") or not (slope.is_integer() and intercept.is_integer()):
        fine = kind in MORE_DIGITS_THAN_FLOAT32
        return ScaledVolume(stored, slope, intercept, "float64" if fine else "float32")
    return ScaledVolume(stored, slope, intercept, f"int{max(16, 8 * SAMPLE_BYTES[kind])}")


def _holds(sample_type: str, bounds: tuple[int, int]) -> bool:
    limits = np.iinfo(sample_type)
    return int(limits.min) <= bounds[0] and bounds[1] <= int(limits.max)


def _wrapped(value: float, sample_type: str) -> Pixels:
    return np.array(int(value) % 2**64, "uint64").astype(sample_type)
