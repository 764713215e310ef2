"""Unpacks zip archives, archives inside them included, within a budget. Runs in a child.

Nothing in an archive names a file on disk: members are stored under running numbers, and their names are kept as
text only. So there is nothing to traverse with "..", no absolute path and no link to follow.
"""

import posixpath
import re
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from ingest_worker.adapters.first_bytes import first_bytes
from ingest_worker.adapters.refused_by_system import STOPPED_BY_ERRNO
from ingest_worker.domain.budget import MIB, Budget, readable_bytes
from ingest_worker.domain.files import SourceFile, is_one_line, natural_order
from ingest_worker.domain.refusals import Refused
from ingest_worker.domain.report import Rejection

ZIP_MARKS = (b"PK\x03\x04", b"PK\x05\x06")
ENCRYPTED, UTF_8 = 0x1, 0x800  # general purpose bit flag (APPNOTE.TXT 4.4.4)
MS_DOS = "cp437"
BLOCK_BYTES = MIB
OnProgress = Callable[[int], None]
LITTER = frozenset({".ds_store", "desktop.ini", "thumbs.db"})
LITTER_FOLDER = "__MACOSX"

# What zipfile raises on damaged archives, on lies in them, and on methods it lacks.
ZIP_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    OSError,
    OverflowError,
    RuntimeError,
    UnicodeDecodeError,
    ValueError,
)


@dataclass
class Unpacked:
    """What came out of an archive, and what did not."""

    files: list[SourceFile] = field(default_factory=list)
    archives: list[str] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)


@dataclass
class Allowance:
    """What may still be unpacked; shared by all archives of an upload."""

    budget: Budget
    files_left: int
    bytes_left: int
    files_written: int = 0

    @classmethod
    def of(cls, budget: Budget, *, files_used: int = 0, bytes_used: int = 0) -> "Allowance":
        return cls(budget, budget.unpacked_files - files_used, budget.unpacked_bytes - bytes_used)

    def next_number(self) -> int:
        self.files_written += 1
        return self.files_written

    def take_files(self, count: int) -> None:
        self.files_left -= count
        if self.files_left < 0:
            raise Refused(f"The archives of this upload hold more than {self.budget.unpacked_files} files.")

    def take_bytes(self, count: int) -> None:
        self.bytes_left -= count
        if self.bytes_left < 0:
            limit = readable_bytes(self.budget.unpacked_bytes)
            raise Refused(f"The archives of this upload hold more than {limit} unpacked.")


def is_zip(path: Path) -> bool:
    """Tell whether a file begins like a zip archive."""
    return first_bytes(path, 4) in ZIP_MARKS


def unpack(
    archive: SourceFile,
    target: Path,
    allowance: Allowance,
    *,
    depth: int = 1,
    on_progress: OnProgress = lambda thousandths: None,
) -> Unpacked:
    """Unpack an archive and the archives in it into numbered files of an existing folder.

    An archive that cannot be unpacked, or would break the budget, is rejected with all its files: half an archive
    would import half a series.

    Parameters
    ----------
    on_progress
        Told how much of the archive is unpacked, in thousandths of its packed bytes; archives in it are not counted.
    """
    try:
        found = _members(archive, target, allowance, on_progress)
    except Refused as refusal:
        return Unpacked(rejections=[Rejection(archive.name, (refusal.reason,))])
    result = Unpacked(archives=[archive.name], rejections=found.rejections)
    for member in found.files:
        if not is_zip(member.path):
            result.files.append(member)
        elif depth >= allowance.budget.unpacked_depth:
            reason = f"Archives may be nested {allowance.budget.unpacked_depth} deep at most."
            result.rejections.append(Rejection(member.name, (reason,)))
        else:
            inner = unpack(member, target, allowance, depth=depth + 1)
            result.files += inner.files
            result.archives += inner.archives
            result.rejections += inner.rejections
    return result


def _members(archive: SourceFile, target: Path, allowance: Allowance, on_progress: OnProgress) -> Unpacked:
    try:
        with zipfile.ZipFile(archive.path) as opened:
            entries = _wanted(opened, archive)
            allowance.take_files(len(entries))
            _check_announced(entries, archive, allowance)
            return _extracted(opened, _told(entries, on_progress), archive, target, allowance)
    except ZIP_ERRORS as error:
        if (
            isinstance(error, OSError) and error.errno in STOPPED_BY_ERRNO
        ):  # no archive is damaged for want of room
            raise
        raise Refused(
            f"The archive {archive.base_name} is damaged or packed in a way that is not supported."
        ) from error


def _wanted(opened: zipfile.ZipFile, archive: SourceFile) -> list[zipfile.ZipInfo]:
    """Return the entries that are files, without what operating systems leave behind."""
    named = [(entry, _path(entry)) for entry in opened.infolist()]
    entries = [entry for entry, path in named if not path.endswith("/") and not _is_litter(path)]
    if not entries:
        raise Refused(f"The archive {archive.base_name} is empty.")
    if any(entry.flag_bits & ENCRYPTED for entry in entries):
        raise Refused(
            f"The archive {archive.base_name} is encrypted; it can only be imported without a password."
        )
    return sorted(entries, key=lambda entry: natural_order(entry.filename))


def _path(entry: zipfile.ZipInfo) -> str:
    """Return an entry's name in Unicode, with folders separated by "/", whatever the archive was packed on.

    macOS writes UTF-8 without saying so, which zipfile then takes for what MS-DOS had.
    """
    name = entry.filename
    if not (entry.flag_bits & UTF_8 or name.isascii()):
        with suppress(UnicodeError):
            name = name.encode(MS_DOS).decode("utf-8")
    return name.replace("\\", "/")


def _is_litter(name: str) -> bool:
    folders = name.split("/")
    return folders[-1].lower() in LITTER or LITTER_FOLDER in folders[:-1]


def _check_announced(entries: list[zipfile.ZipInfo], archive: SourceFile, allowance: Allowance) -> None:
    """Compare what the directory announces with the budget, before anything is written."""
    announced = sum(entry.file_size for entry in entries)
    if announced > allowance.bytes_left:
        allowance.take_bytes(announced)
    packed = archive.path.stat().st_size
    _check_ratio(announced, packed, archive, allowance.budget)


def _check_ratio(unpacked: int, packed: int, archive: SourceFile, budget: Budget) -> None:
    if unpacked > budget.unpacked_ratio_free_bytes and unpacked > packed * budget.unpacked_ratio:
        raise Refused(
            f"The archive {archive.base_name} would grow more than {budget.unpacked_ratio} times; it looks like a bomb."
        )


def _extracted(
    opened: zipfile.ZipFile,
    entries: Iterable[zipfile.ZipInfo],
    archive: SourceFile,
    target: Path,
    allowance: Allowance,
) -> Unpacked:
    found = Unpacked()
    written = 0
    for entry in entries:
        name = _member_name(archive, entry)
        reason = _unfit(entry)
        if reason:
            found.rejections.append(Rejection(name, (reason,)))
            continue
        path = target / f"{allowance.next_number():06}"
        written += _copy(opened, entry, path, allowance)
        _check_ratio(written, archive.path.stat().st_size, archive, allowance.budget)
        found.files.append(SourceFile(name, path))
    return found


def _told(entries: list[zipfile.ZipInfo], on_progress: OnProgress) -> Iterator[zipfile.ZipInfo]:
    """Yield entries, and tell when the next one is asked for how much is done."""
    done, whole = 0, sum(entry.compress_size for entry in entries)
    for entry in entries:
        yield entry
        done += entry.compress_size
        on_progress(1000 * done // max(1, whole))


def _member_name(archive: SourceFile, entry: zipfile.ZipInfo) -> str:
    """Return what a member is called from now on: inside a folder named like its archive, never outside of it."""
    parts = [part for part in _path(entry).split("/") if part not in ("", ".", "..")]
    name = posixpath.join(archive.name, *parts)
    return name if is_one_line(name) else "".join(char if is_one_line(char) else "?" for char in name)


def _unfit(entry: zipfile.ZipInfo) -> str:
    """Return why an entry is not unpacked, "" if it is."""
    name = _path(entry)
    leads_out = name.startswith("/") or ".." in name.split("/") or re.match("[A-Za-z]:", name)
    if leads_out or not is_one_line(name):
        return "The name of this file leads out of its archive, or is no name; such files are left out."
    if stat.S_ISLNK(entry.external_attr >> 16):
        return "This is a link, and links in archives are not followed."
    return ""


def _copy(opened: zipfile.ZipFile, entry: zipfile.ZipInfo, path: Path, allowance: Allowance) -> int:
    """Write one member; zipfile compares its CRC-32 at the end."""
    with opened.open(entry) as packed, path.open("xb") as stream:
        for block in _blocks(packed):
            allowance.take_bytes(len(block))
            stream.write(block)
        return stream.tell()


def _blocks(packed: IO[bytes]) -> Iterator[bytes]:
    while block := packed.read(BLOCK_BYTES):
        yield block
