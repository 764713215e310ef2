"""3DHISTECH's MRXS: a small JPEG beside a folder of its name, whose Slidedat.ini names the files that hold the pixels."""

import re
from collections.abc import Iterator

from tiler.adapters.bounded_reader import read_exactly
from tiler.domain.limits import MIB
from tiler.domain.missing_files import require_files
from tiler.domain.region import Region
from tiler.domain.slide import DecodePlan, SlideFacts, Vendor
from tiler.domain.slide_files import SlideFiles

_MOST_BYTES = MIB
_NAMED = re.compile(r"^[ \t]*(?:INDEXFILE|FILE_\d+)[ \t]*=[ \t]*(.*\S)", re.MULTILINE)


def has_settings(files: SlideFiles) -> bool:
    """Whether the folder of a slide is beside its main file."""
    return _settings(files) in files.names()


def plan_mirax(files: SlideFiles) -> DecodePlan:
    """Leave the slide to OpenSlide, if its files are there; it does not say which of them it lacks."""
    require_files(files, _named(files))
    return DecodePlan(SlideFacts(Vendor.MIRAX), Region(0, 0, 0, 0))


def _named(files: SlideFiles) -> Iterator[str]:
    source = files.open(_settings(files))
    text = read_exactly(source, 0, min(_MOST_BYTES, source.size_bytes)).decode("utf-8", "replace")
    return (f"{_folder(files)}/{name}" for name in _NAMED.findall(text))


def _settings(files: SlideFiles) -> str:
    return f"{_folder(files)}/Slidedat.ini"


def _folder(files: SlideFiles) -> str:
    return files.main.rpartition(".")[0]
