"""Reads DICOM: the files of one series become one volume, or several where they do not belong together."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby, islice
from typing import NamedTuple

import numpy as np

from ingest_worker.adapters.checksums_of_files import same_bytes
from ingest_worker.adapters.readers.conversion_input import ConversionInput
from ingest_worker.adapters.readers.dicom_description import attributes_of, describe, has_writing
from ingest_worker.adapters.readers.dicom_frames import Rescale, slice_distance
from ingest_worker.adapters.readers.dicom_members import Member, members_of
from ingest_worker.adapters.readers.dicom_pixels import read_frames, surplus_note
from ingest_worker.adapters.readers.dicom_plain import lies_plain, read_together
from ingest_worker.adapters.readers.dicom_samples import (
    OutOfRange,
    SampleFormat,
    common_type,
    inverted,
    rescaled,
    wider_type,
)
from ingest_worker.adapters.readers.dicom_values import text
from ingest_worker.adapters.volumes import (
    TOGETHER_BYTES,
    Pixels,
    Reading,
    RefusedReading,
    VolumeReading,
    WiderSamplesNeeded,
)
from ingest_worker.domain.layouts import VolumeLayout
from ingest_worker.domain.refusals import Refused
from ingest_worker.domain.slice_grid import Stack
from ingest_worker.domain.slices import Slice, files_of
from ingest_worker.domain.stacking import Unstackable, stacks_of

CROSS_SECTIONAL = ("CT", "MR", "PT", "NM")


class _PlainKind(NamedTuple):
    """How samples are stored and what they stand for."""

    form: SampleFormat
    rescale: Rescale


@dataclass(frozen=True)
class DicomVolume:
    """A volume whose slices lie in DICOM files, read one after another."""

    layout: VolumeLayout
    slices_in_order: tuple[Slice, ...]
    members: dict[str, Member]

    def slices(self) -> Iterator[Pixels]:
        together = TOGETHER_BYTES // self.layout.slice_bytes
        if together > 1:
            yield from self._few_files_at_a_time(together)
        else:
            yield from self._one_by_one(self.slices_in_order)

    def _few_files_at_a_time(self, together: int) -> Iterator[Pixels]:
        """Yield slices of plain files that are alike in arrays of so many, all others one by one."""
        for alike, run in groupby(self.slices_in_order, key=self._plain_kind):
            if alike is None:
                yield from self._one_by_one(run)
                continue
            while some := [self.members[one.file].header for one in islice(run, together)]:
                yield self._real(read_together(some, alike.form), alike.form, alike.rescale)

    def _plain_kind(self, one: Slice) -> "_PlainKind | None":
        """Return what a file has in common with those that are read along with it; None if it has to be read alone."""
        member = self.members[one.file]
        if one.is_empty or len(member.frames) > 1 or not lies_plain(member.header, member.form):
            return None
        return _PlainKind(member.form, member.frames[0].rescale)

    def _one_by_one(self, slices: Iterable[Slice]) -> Iterator[Pixels]:
        for (name, is_empty), run in groupby(slices, key=lambda one: (one.file, one.is_empty)):
            member = self.members[name]
            if is_empty:
                yield from (self._nothing() for _ in run)
                continue
            frames = [one.frame for one in run]
            stored = read_frames(member.header, member.form, frames, len(member.frames))
            for frame, pixels in zip(frames, stored, strict=True):
                yield self._real(pixels, member.form.real, member.frames[frame].rescale)

    def _nothing(self) -> Pixels:
        """Return a slice in which nothing is marked."""
        columns, rows = self.layout.size[:2]
        return np.zeros((rows, columns), self.layout.sample_type)

    def _real(self, pixels: Pixels, form: SampleFormat, rescale: Rescale) -> Pixels:
        little = np.dtype(self.layout.sample_type).newbyteorder("<")
        if form.channels > 1:
            return np.ascontiguousarray(pixels, little)
        try:
            real = rescaled(inverted(pixels, form), form, rescale, self.layout.sample_type)
        except OutOfRange as error:
            raise WiderSamplesNeeded(replace(self, layout=self.layout.of_type(self._wider()))) from error
        return np.ascontiguousarray(real, little)

    def _wider(self) -> str:
        pairs = [
            (self.members[one.file].form.real, self.members[one.file].frames[one.frame].rescale)
            for one in self.slices_in_order
        ]
        return wider_type([form for form, _ in pairs], [rescale for _, rescale in pairs])


def read(given: ConversionInput) -> Iterator[Reading]:
    """Yield every image among the files of one series, and the files that make none."""
    members: dict[str, Member] = {}
    for found in members_of(given):
        if isinstance(found, RefusedReading):
            yield found
        else:
            members[found.header.file.name] = found
    for copy, original in _copies(members).items():
        del members[copy]
        yield RefusedReading((copy,), f"This is a copy of {original}.")
    if members:
        yield from _volumes(members, given)


def _copies(members: dict[str, Member]) -> dict[str, str]:
    """Return which files hold the very same bytes as an earlier one."""
    first: dict[str, str] = {}
    copies: dict[str, str] = {}
    for name, member in members.items():
        original = first.setdefault(member.instance, name)
        if original != name and same_bytes(members[original].header.file.path, member.header.file.path):
            copies[name] = original
    return copies


def _volumes(members: dict[str, Member], given: ConversionInput) -> Iterator[Reading]:
    slices = [frame.slice for member in members.values() for frame in member.frames]
    header = next(iter(members.values())).header
    found = stacks_of(
        slices,
        cross_sectional=text(header.dataset, "Modality") in CROSS_SECTIONAL,
        slice_distance_mm=slice_distance(header),
    )
    for stack in found:
        if isinstance(stack, Unstackable):
            yield RefusedReading(stack.files, stack.reason)
            continue
        try:
            yield _volume(stack, members, given)
        except Refused as refusal:
            yield RefusedReading(files_of(stack.slices), refusal.reason)


def _volume(stack: Stack, members: dict[str, Member], given: ConversionInput) -> VolumeReading:
    first = members[stack.slices[0].file]
    forms = [members[one.file].form.real for one in stack.slices]
    rescales = [members[one.file].frames[one.frame].rescale for one in stack.slices]
    columns, rows = first.form.columns, first.form.rows
    size = (
        (columns, rows, stack.depth)
        if stack.timepoints is None
        else (columns, rows, stack.depth, stack.timepoints)
    )
    layout = VolumeLayout(size, first.form.channels, common_type(forms, rescales), stack.geometry)
    files = files_of(stack.slices)
    layout.check(first.header.file.base_name, given.budget)
    headers = {name: members[name].header for name in files}
    description = describe(stack, layout, headers, forms[0], rescales[0])
    unlike = {id(header.dataset): header for header in headers.values()}  # many have one in common
    return VolumeReading(
        files=files,
        name=description.name,
        volume=DicomVolume(layout, stack.slices, {name: members[name] for name in files}),
        metadata=description.metadata,
        header_fields=description.header_fields,
        notes=(*description.notes, *surplus_note(first.header, first.form, len(first.frames))),
        attributes=attributes_of(headers.values()) if given.deidentification else (),
        burned_in=any(map(has_writing, unlike.values())),
    )
