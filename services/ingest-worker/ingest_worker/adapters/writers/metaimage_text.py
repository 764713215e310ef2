"""The text header of the MetaImage files we write; ITK reads it, and it reads like ITK's own."""

from collections.abc import Mapping, Sequence

from ingest_worker.domain.geometry import Geometry
from ingest_worker.domain.layouts import VolumeLayout

ELEMENT_TYPES = {
    "int8": "MET_CHAR",
    "uint8": "MET_UCHAR",
    "int16": "MET_SHORT",
    "uint16": "MET_USHORT",
    "int32": "MET_INT",
    "uint32": "MET_UINT",
    "int64": "MET_LONG_LONG",
    "uint64": "MET_ULONG_LONG",
    "float32": "MET_FLOAT",
    "float64": "MET_DOUBLE",
}


def header_text(layout: VolumeLayout, fields: Mapping[str, str], compressed_size: str) -> bytes:
    """Return the header of an .mha whose zlib stream takes `compressed_size` bytes, a number in digits.

    Leading zeros in that number are fine with ITK; a header of known length is made of them.
    """
    dimensions = layout.geometry.dimensions
    lines = [
        "ObjectType = Image",
        f"NDims = {dimensions}",
        "BinaryData = True",
        "BinaryDataByteOrderMSB = False",
        "CompressedData = True",
        f"CompressedDataSize = {compressed_size}",
        f"TransformMatrix = {_numbers(_by_axis(layout.geometry))}",
        f"Offset = {_numbers(layout.geometry.origin)}",
        f"CenterOfRotation = {' '.join(['0'] * dimensions)}",
        f"AnatomicalOrientation = {anatomical_orientation(layout.geometry)}",
        f"ElementSpacing = {_numbers(layout.geometry.spacing)}",
        *(f"{key} = {fields[key]}" for key in sorted(fields)),
        f"DimSize = {' '.join(map(str, layout.size))}",
    ]
    if layout.channels > 1:
        lines.append(f"ElementNumberOfChannels = {layout.channels}")
    lines += [f"ElementType = {ELEMENT_TYPES[layout.sample_type]}", "ElementDataFile = LOCAL", ""]
    return "\n".join(lines).encode("utf-8")


def anatomical_orientation(geometry: Geometry) -> str:
    """Return for each axis the letter of the side it comes from, as ITK writes it; "?" unless three-dimensional."""
    if geometry.dimensions != 3:
        return "?" * geometry.dimensions
    letters = ""
    for axis in range(3):
        column = geometry.direction[axis::3]
        widest = max(range(3), key=lambda row: abs(column[row]))
        letters += "RAI"[widest] if column[widest] > 0 else "LPS"[widest]
    return letters


def _by_axis(geometry: Geometry) -> tuple[float, ...]:
    """Return the direction matrix column after column, which is how MetaImage wants it."""
    count = geometry.dimensions
    return tuple(geometry.direction[row * count + axis] for axis in range(count) for row in range(count))


def _numbers(values: Sequence[float]) -> str:
    """Return numbers with all their digits: every double survives 17 of them."""
    return " ".join(f"{value:.17g}" for value in values)
