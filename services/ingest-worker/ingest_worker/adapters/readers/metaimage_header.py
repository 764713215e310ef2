"""The text header of MetaImage files (.mha, .mhd): what is needed to find and check the pixels.

Geometry is left to ITK, which only ever sees a copy made of the fields listed here (`geometry_text`).
Keys and their meaning: https://itk.org/Wiki/ITK/MetaIO/Documentation.
"""

import math
import re
from dataclasses import dataclass, field
from typing import Final

from ingest_worker.adapters.readers.length_units import unit_mm
from ingest_worker.adapters.readers.text_headers import HeaderLines, whole_numbers
from ingest_worker.domain.budget import Budget
from ingest_worker.domain.files import SourceFile
from ingest_worker.domain.layouts import SAMPLE_BYTES
from ingest_worker.domain.refusals import Refused

SAMPLE_TYPES = {
    "MET_CHAR": "int8",
    "MET_UCHAR": "uint8",
    "MET_SHORT": "int16",
    "MET_USHORT": "uint16",
    "MET_INT": "int32",
    "MET_UINT": "uint32",
    "MET_LONG": "int32",
    "MET_ULONG": "uint32",
    "MET_LONG_LONG": "int64",
    "MET_ULONG_LONG": "uint64",
    "MET_FLOAT": "float32",
    "MET_DOUBLE": "float64",
}

GEOMETRY_KEYS = frozenset(
    {
        "DimSize", "ElementSpacing", "ElementSize", "TransformMatrix", "Rotation", "Orientation",
        "Offset", "Position", "Origin", "CenterOfRotation", "AnatomicalOrientation", "DistanceUnits",
    }
)  # fmt: skip

LENGTHS: Final = ("ElementSpacing", "ElementSize", "Offset", "Position", "Origin")
MATRICES: Final = ("TransformMatrix", "Rotation", "Orientation")
NUMBER: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)

SCALE: Final = {"ElementToIntensityFunctionSlope": "1", "ElementToIntensityFunctionOffset": "0"}
"""What turns stored values into real ones, and its values that change nothing."""

REMARK: Final = "Comment"
"""May stand in a header as often as somebody had something to say."""

BYTE_ORDERS = ("BinaryDataByteOrderMSB", "ElementByteOrderMSB")
LOCAL = "LOCAL"
OF_MANY_CHANNELS = "_ARRAY"
"""What old writers put behind the type of a sample where a pixel has several."""


@dataclass(frozen=True)
class MetaImageHeader:
    """A MetaImage header, checked as far as the pixels depend on it.

    Parameters
    ----------
    fields
        All keys and values, as written.
    size
        x, y[, z[, t]].
    data_file
        Where the pixels are; `LOCAL` for right behind the header.
    data_offset
        First byte of the pixels in their file; None for "the last bytes of it".
    is_text
        Whether they are numbers between blanks.
    """

    name: str
    fields: dict[str, str] = field(repr=False)
    size: tuple[int, ...]
    channels: int
    sample_type: str
    big_endian: bool
    compressed: bool
    data_file: str
    data_offset: int | None
    is_text: bool

    @property
    def data_files(self) -> tuple[str, ...]:
        """Names of the files the header refers to."""
        return () if self.data_file == LOCAL else (self.data_file,)

    @property
    def samples(self) -> int:
        return math.prod(self.size) * self.channels

    @property
    def unit_mm(self) -> float:
        """Return how many millimetres the unit of space has; ITK takes every unit for one."""
        return unit_mm(self.fields.get("DistanceUnits", "")) or 1.0

    @property
    def says_spacing(self) -> bool:
        return "ElementSpacing" in self.fields or "ElementSize" in self.fields

    @property
    def scales_values(self) -> bool:
        """Tell whether it says that the real values are others than the stored ones."""
        told = ((self.fields.get(key, none), none) for key, none in SCALE.items())
        return any(not NUMBER.fullmatch(value) or float(value) != float(none) for value, none in told)

    def geometry_text(self) -> str:
        """Return a header for ITK that names no file, with this geometry and sample type, in the order ITK wants."""
        lines = ["ObjectType = Image", f"NDims = {len(self.size)}"]
        lines += [f"{key} = {value}" for key, value in self.fields.items() if key in GEOMETRY_KEYS]
        lines += [
            "BinaryData = True",
            "BinaryDataByteOrderMSB = False",
            f"ElementNumberOfChannels = {self.channels}",
            f"ElementType = {self.fields['ElementType']}",
            "ElementDataFile = LOCAL",
            "",
        ]
        return "\n".join(lines)


def read_header(file: SourceFile, budget: Budget) -> MetaImageHeader:
    """Read and check the header.

    Raises
    ------
    Refused
        It is no complete MetaImage header, or of a kind that is not converted.
    """
    fields, offset = _fields(file, budget)
    name = file.base_name
    header = MetaImageHeader(
        name=name,
        fields=fields,
        size=_size(fields, name),
        channels=_number(fields, name, "ElementNumberOfChannels", 1),
        sample_type=_sample_type(fields, name),
        big_endian=any(_flag(fields, key) for key in BYTE_ORDERS),
        compressed=_flag(fields, "CompressedData"),
        data_file=_data_file(fields, name),
        data_offset=_data_offset(fields, name, offset),
        is_text=not _flag(fields, "BinaryData", default="True"),
    )
    _check_geometry(fields, len(header.size), name)
    if (header.compressed or header.is_text) and header.data_offset is None:
        raise Refused(
            f"The header of {name} combines HeaderSize -1 with pixels that are not raw, which has no meaning."
        )
    orders = {_flag(fields, key) for key in BYTE_ORDERS if key in fields}
    if len(orders) > 1 and SAMPLE_BYTES[header.sample_type] > 1 and not header.is_text:
        raise Refused(
            f"The header of {name} says two things of the order of bytes ({' and '.join(BYTE_ORDERS)})."
        )
    if header.compressed and header.is_text:
        raise Refused(f"The pixels of {name} are announced as text and as compressed, which has no meaning.")
    return header


def _fields(file: SourceFile, budget: Budget) -> tuple[dict[str, str], int]:
    """Return the keys and values up to ElementDataFile, and the offset behind that line."""
    lines = HeaderLines(file, budget)
    fields: dict[str, str] = {}
    while (line := lines.next()) is not None:
        key, sign, value = (part.strip() for part in line.partition("="))
        if not line.strip():
            continue
        if not sign:
            raise Refused(f"The header of {lines.name} has a line that is not of the form 'key = value'.")
        if fields.get(key, value) != value and key != REMARK:
            raise Refused(f"The header of {lines.name} has the key {key} twice.")
        fields[key] = value
        if key == "ElementDataFile":
            return fields, lines.offset
    raise Refused(
        f"The header of {lines.name} does not say where its pixels are (ElementDataFile is missing)."
    )


def _size(fields: dict[str, str], name: str) -> tuple[int, ...]:
    dimensions = _number(fields, name, "NDims", 0)
    if dimensions not in (2, 3, 4):
        raise Refused(
            f"The image {name} has {dimensions} dimensions; images of 2, 3 and 4 dimensions can be imported."
        )
    size = whole_numbers(fields.get("DimSize", ""), name, "DimSize")
    if len(size) != dimensions or min(size) < 1:
        raise Refused(f"The header of {name} has no usable DimSize.")
    return size


def _check_geometry(fields: dict[str, str], dimensions: int, name: str) -> None:
    """Refuse lists that are too short or hold something else than numbers: ITK takes zeros for what it cannot read."""
    for key in (*LENGTHS, *MATRICES):
        numbers = fields.get(key, "").split()
        expected = dimensions**2 if key in MATRICES else dimensions
        enough = len(numbers) == expected or (len(numbers) > expected and key in LENGTHS)
        if key in fields and not (enough and all(map(_is_number, numbers))):
            raise Refused(f"The header of {name} does not have {expected} numbers in {key}.")


def _is_number(text: str) -> bool:
    return NUMBER.fullmatch(text) is not None and math.isfinite(float(text))


def _number(fields: dict[str, str], name: str, key: str, default: int) -> int:
    numbers = whole_numbers(fields.get(key, str(default)), name, key)
    if len(numbers) != 1:
        raise Refused(f"The header of {name} has something other than one number in {key}.")
    return numbers[0]


def _sample_type(fields: dict[str, str], name: str) -> str:
    sample_type = SAMPLE_TYPES.get(fields.get("ElementType", "").removesuffix(OF_MANY_CHANNELS))
    if sample_type is None:
        raise Refused(f"The header of {name} has no ElementType that can be imported.")
    return sample_type


def _flag(fields: dict[str, str], key: str, default: str = "False") -> bool:
    return fields.get(key, default)[:1] in ("T", "t", "1")


def _data_file(fields: dict[str, str], name: str) -> str:
    """Return the data file, refusing lists and patterns: ITK would open whatever a list names."""
    value = fields["ElementDataFile"]
    if value.upper() == LOCAL:
        return LOCAL
    if value.split()[:1] == ["LIST"] or "%" in value or not value:
        raise Refused(f"The pixels of {name} are spread over a list of files, which cannot be imported.")
    return value


def _data_offset(fields: dict[str, str], name: str, header_bytes: int) -> int | None:
    skipped = _number(fields, name, "HeaderSize", 0)
    local = fields["ElementDataFile"].upper() == LOCAL
    if skipped == 0:
        return header_bytes if local else 0
    if local or skipped < -1:
        raise Refused(f"The header of {name} has a HeaderSize that cannot be followed.")
    return None if skipped == -1 else skipped
