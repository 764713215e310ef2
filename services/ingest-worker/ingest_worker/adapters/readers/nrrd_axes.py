"""What an NRRD header says of its axes, as ITK is to be told of it, and what is wrong with it if ITK cannot read that.

Fields and their meaning: https://teem.sourceforge.net/nrrd/format.html.
"""

from itertools import zip_longest
from math import isfinite
from typing import Final

from ingest_worker.adapters.readers.nrrd_header import FOUR_DIMENSIONS, VALUE_OF_AXIS, NrrdHeader

MINS: Final = ("axis mins", "axismins")
MAXS: Final = ("axis maxs", "axismaxs")
CENTERS: Final = ("centers", "centerings")
DIRECTIONS: Final = "space directions"

GEOMETRY_FIELDS: Final = (
    "dimension", "space", "space dimension", "sizes", DIRECTIONS, "space origin", "spacings", *MINS, *MAXS, "kinds", *CENTERS,
)  # fmt: skip
"""In the order in which ITK must meet them; writers do not all heed it."""

SPACE_FIELDS: Final = frozenset({"space", "space dimension", "space origin"})
"""Those that say something of the space as a whole; most others have a value for each axis."""

UNKNOWN: Final = "nan"
"""How a header says that it does not know a spacing."""


def geometry_text(header: NrrdHeader) -> str:
    """Return a header for ITK that names no file, with this geometry and sample type; of a series, that of a volume."""
    fields = header.fields | {"spacings": " ".join(_spacings(header))}
    lines = ["NRRD0005", f"type: {fields['type']}"]
    lines += [f"{key}: {_in_space(header, key, fields[key])}" for key in GEOMETRY_FIELDS if fields.get(key)]
    lines += ["endian: little", "encoding: raw", "", ""]
    return "\n".join(lines)


def lacks_sizes(header: NrrdHeader) -> bool:
    """Tell whether it leaves open how large a voxel is along one of the axes of space."""
    told, beside = _spacings(header), (header.channel_axis, header.series_axis)
    if DIRECTIONS in header.fields:
        return False
    return not told or any(one == UNKNOWN for axis, one in enumerate(told) if axis not in beside)


def reason_against(header: NrrdHeader) -> str:
    """Return what is wrong with axes that ITK cannot read, "" if nothing is known of it."""
    directions, spacings = header.of_axes(DIRECTIONS), header.of_axes("spacings")
    space = _dimensions_of_space(header)
    if not directions:
        return ""
    if not space:
        return f"The header of {header.name} gives its axes directions, but names no space (space, space dimension)."
    if any(one != "none" and told != UNKNOWN for one, told in zip(directions, spacings, strict=False)):
        return f"The header of {header.name} says twice how large a voxel is (spacings, space directions)."
    beside = (header.channel_axis, header.series_axis)
    for axis, direction in enumerate(directions):
        if direction == "none" and axis not in beside:
            return (
                f"Axis {axis + 1} of {header.name} has no direction, and its kind does not say what it counts (such as "
                "RGB-color, vector or list)."
            )
    if (count := len(directions) - directions.count("none")) != space:
        return (
            f"The header of {header.name} has {count} axes with directions in a space of {space} dimensions."
        )
    return ""


def _dimensions_of_space(header: NrrdHeader) -> int:
    space = header.fields.get("space", "").lower()
    if not space:
        told = header.fields.get("space dimension", "")
        return int(told) if told.isdecimal() else 0
    return FOUR_DIMENSIONS if space.endswith("-time") or len(space) == FOUR_DIMENSIONS else 3


def _spacings(header: NrrdHeader) -> list[str]:
    """Return the spacing of each axis: as told, or from where the axes begin and end, which ITK overlooks."""
    if (told := header.of_axes("spacings")) or DIRECTIONS in header.fields:
        return told
    mins, maxs, centers = (_either(header, names) for names in (MINS, MAXS, CENTERS))
    if not mins or not maxs:
        return []
    axes = zip_longest(header.sizes, mins, maxs, centers, fillvalue="")
    return [_between(str(size), low, high, center) for size, low, high, center in axes]


def _between(size: str, low: str, high: str, center: str) -> str:
    """Return how far samples are apart: the ends are those of the cells around them, or the outer samples (node)."""
    steps = int(size or 0) - (center == "node")
    try:
        found = (float(high) - float(low)) / steps
    except (ValueError, ZeroDivisionError):
        return UNKNOWN
    return repr(found) if found and isfinite(found) else UNKNOWN


def _either(header: NrrdHeader, names: tuple[str, ...]) -> list[str]:
    return next((found for name in names if (found := header.of_axes(name))), [])


def _in_space(header: NrrdHeader, key: str, value: str) -> str:
    """Return a field without what it says of the axis of a series."""
    axis = header.series_axis
    if axis is None or key in SPACE_FIELDS:
        return value
    if key == "dimension":
        return str(FOUR_DIMENSIONS - 1)
    of_axes = VALUE_OF_AXIS.findall(value)
    return " ".join(of_axes[:axis] + of_axes[axis + 1 :])
