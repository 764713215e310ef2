"""The text header of NRRD files (.nrrd, .nhdr): what is needed to find and check the pixels.

Geometry is left to ITK, which only ever sees a copy without any file name (`nrrd_axes.geometry_text`).
Fields and their meaning: https://teem.sourceforge.net/nrrd/format.html.
"""

import math
import re
from dataclasses import dataclass, field

from ingest_worker.adapters.readers.length_units import unit_mm
from ingest_worker.adapters.readers.text_headers import HeaderLines, whole_numbers
from ingest_worker.domain.budget import Budget
from ingest_worker.domain.files import SourceFile
from ingest_worker.domain.layouts import SAMPLE_BYTES
from ingest_worker.domain.refusals import Refused

SAMPLE_TYPES = {
    name: sample_type
    for sample_type, names in {
        "int8": "signed char,int8,int8_t",
        "uint8": "uchar,unsigned char,uint8,uint8_t",
        "int16": "short,short int,signed short,signed short int,int16,int16_t",
        "uint16": "ushort,unsigned short,unsigned short int,uint16,uint16_t",
        "int32": "int,signed int,int32,int32_t",
        "uint32": "uint,unsigned int,uint32,uint32_t",
        "int64": "longlong,long long,long long int,signed long long,signed long long int,int64,int64_t",
        "uint64": "ulonglong,unsigned long long,unsigned long long int,uint64,uint64_t",
        "float32": "float",
        "float64": "double",
    }.items()
    for name in names.split(",")
}

DATA_FILE = ("data file", "datafile")

FOUR_DIMENSIONS = 4
VALUE_OF_AXIS = re.compile(r"\([^)]*\)|\S+")
SEGMENT = re.compile(r"Segment\d+_ID")

QUOTED = re.compile(r'"([^"]*)"')
SPATIAL_KINDS = frozenset({"domain", "space", "time", "???", "none"})

TEXT = "ascii"
HEX = "hex"
ENCODINGS = (
    {"raw": "raw", "gzip": "gzip", "gz": "gzip", "bzip2": "bzip2", "bz2": "bzip2"}
    | dict.fromkeys(("ascii", "text", "txt"), TEXT)
    | {HEX: HEX}
)


@dataclass(frozen=True)
class NrrdHeader:
    """An NRRD header, checked as far as the pixels depend on it.

    Parameters
    ----------
    sizes
        Of all axes, fastest first; one of them may hold the channels.
    data_file
        Where the pixels are; None for right behind the header.
    header_bytes
        Where the header ends.
    byte_skip
        Bytes before the pixels, counted after inflating; -1 for "the last bytes of the file".
    line_skip
        Lines before the pixels, counted before inflating.
    values
        Key/value pairs (`key:=value`) a writer added.
    """

    name: str
    fields: dict[str, str] = field(repr=False)
    values: dict[str, str] = field(repr=False)
    sizes: tuple[int, ...]
    sample_type: str
    big_endian: bool
    encoding: str
    data_file: str | None
    header_bytes: int
    byte_skip: int
    line_skip: int

    @property
    def data_files(self) -> tuple[str, ...]:
        """Names of the files the header refers to."""
        return () if self.data_file is None else (self.data_file,)

    @property
    def channel_axis(self) -> int | None:
        """Return the axis whose kind says that it counts the values of a pixel, None if there is no such axis."""
        if self.series_axis is not None:
            return None
        kinds = self.of_axes("kinds")
        return next((axis for axis, kind in enumerate(kinds) if kind not in SPATIAL_KINDS), None)

    @property
    def series_axis(self) -> int | None:
        """Return the axis along which whole volumes follow one another, None if there is no such axis.

        ITK takes a list for the values of a pixel, as it is in a plane only, and cannot read time that lies outside of space.
        """
        kinds, directions = self.of_axes("kinds"), self.of_axes("space directions")
        outside = [
            axis
            for axis, kind in enumerate(kinds)
            if kind == "list" or (kind == "time" and directions[axis : axis + 1] == ["none"])
        ]
        if not len(self.sizes) == len(kinds) == FOUR_DIMENSIONS or len(outside) != 1:
            return None
        (found,) = outside
        others = (kind for axis, kind in enumerate(kinds) if axis != found)
        return found if SPATIAL_KINDS.issuperset(others) else None

    @property
    def is_list(self) -> bool:
        """Tell whether nothing is said about why volumes follow one another."""
        return "list" in self.of_axes("kinds")

    @property
    def is_segmentation(self) -> bool:
        """Tell whether it is one of 3D Slicer's, which lists layers where segments overlap."""
        return any(SEGMENT.fullmatch(key) for key in self.values)

    def of_axes(self, key: str) -> list[str]:
        """Return what a field says of each axis, in lower case; nothing if there is no such field."""
        return VALUE_OF_AXIS.findall(self.fields.get(key, "").lower())

    @property
    def samples(self) -> int:
        return math.prod(self.sizes)

    @property
    def unit_mm(self) -> float:
        """Return how many millimetres the unit of space has; ITK takes every unit for one.

        Raises
        ------
        Refused
            The axes have several units.
        """
        told = self.fields.get("space units", self.fields.get("units", ""))
        units = {known for name in QUOTED.findall(told) if (known := unit_mm(name)) is not None}
        if len(units) > 1:
            raise Refused(f"The header of {self.name} measures its axes in different units.")
        return min(units, default=1.0)


def read_header(file: SourceFile, budget: Budget) -> NrrdHeader:
    """Read and check the header.

    Raises
    ------
    Refused
        It is no complete NRRD header, or of a kind that is not converted.
    """
    fields, values, header_bytes = _fields(file, budget)
    name = file.base_name
    return NrrdHeader(
        name=name,
        fields=fields,
        values=values,
        sizes=_sizes(fields, name),
        sample_type=_sample_type(fields, name),
        big_endian=_is_big_endian(fields, name),
        encoding=_encoding(fields, name),
        data_file=_data_file(fields, name),
        header_bytes=header_bytes,
        byte_skip=_skip(fields, name, ("byte skip", "byteskip"), lowest=-1),
        line_skip=_skip(fields, name, ("line skip", "lineskip"), lowest=0),
    )


def _fields(file: SourceFile, budget: Budget) -> tuple[dict[str, str], dict[str, str], int]:
    """Return fields, key/value pairs and the length of the header, which ends at an empty line or the file's end."""
    lines = HeaderLines(file, budget)
    magic = lines.next() or ""
    if not re.fullmatch(r"NRRD000[1-5]", magic.strip()):
        raise Refused(f"The file {lines.name} has an unknown NRRD version.")
    fields: dict[str, str] = {}
    values: dict[str, str] = {}
    while (line := lines.next()) is not None and line.strip():
        if line.startswith("#"):
            continue
        key, sign, value = line.partition(":=")
        if sign:
            values[key.strip()] = value.strip()
            continue
        key, sign, value = line.partition(":")
        key = key.strip().lower()
        if not sign or key in fields:
            raise Refused(
                f"The header of {lines.name} has a line that is not of the form 'field: value', or a field twice."
            )
        fields[key] = value.strip()
        if key in DATA_FILE and _is_list(value):  # names of files follow, not fields
            break
    return fields, values, lines.offset


def _sizes(fields: dict[str, str], name: str) -> tuple[int, ...]:
    sizes = whole_numbers(fields.get("sizes", ""), name, "sizes")
    dimension = whole_numbers(fields.get("dimension", "0"), name, "dimension")
    if (len(sizes),) != dimension or min(sizes, default=0) < 1:
        raise Refused(f"The header of {name} has no usable sizes.")
    return sizes


def _sample_type(fields: dict[str, str], name: str) -> str:
    sample_type = SAMPLE_TYPES.get(" ".join(fields.get("type", "").lower().split()))
    if sample_type is None:
        raise Refused(f"The header of {name} has no type of pixels that can be imported.")
    return sample_type


def _is_big_endian(fields: dict[str, str], name: str) -> bool:
    if _encoding(fields, name) == TEXT:
        return False
    order = fields.get("endian", "").lower()
    if order not in ("little", "big") and SAMPLE_BYTES[_sample_type(fields, name)] > 1:
        raise Refused(
            f"The header of {name} does not say in which order the bytes of its pixels are (endian)."
        )
    return order == "big"


def _encoding(fields: dict[str, str], name: str) -> str:
    encoding = ENCODINGS.get(fields.get("encoding", "").lower())
    if encoding is None:
        raise Refused(
            f"The pixels of {name} are neither raw, nor text or hex, nor compressed with gzip or bzip2."
        )
    return encoding


def _data_file(fields: dict[str, str], name: str) -> str | None:
    value = next((fields[spelling] for spelling in DATA_FILE if spelling in fields), None)
    if value is None:
        return None
    if _is_list(value) or "%" in value or not value:
        raise Refused(f"The pixels of {name} are spread over a list of files, which cannot be imported.")
    return value


def _is_list(data_file: str) -> bool:
    return data_file.split()[:1] == ["LIST"]


def _skip(fields: dict[str, str], name: str, spellings: tuple[str, ...], *, lowest: int) -> int:
    text = next((fields[spelling] for spelling in spellings if spelling in fields), "0")
    numbers = whole_numbers(text, name, spellings[0])
    if len(numbers) != 1 or numbers[0] < lowest:
        raise Refused(f"The header of {name} has an unusable {spellings[0]}.")
    return numbers[0]
