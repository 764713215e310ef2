"""What the settings of an MRXS say of its full resolution, for those who put its photographs together themselves."""

from collections.abc import Mapping
from typing import NamedTuple

from tiler.domain.limits import MIB

_MOST_PLACES = 1 << 20
_LARGEST_IMAGE_PX = 2 * MIB


class NotUnderstood(Exception):
    """The slide is laid out in another way than nearly all are, or damaged."""


class MiraxLayout(NamedTuple):
    """How the images of the full resolution are laid out: as JPEG, and cut from photographs whose positions were measured.

    Parameters
    ----------
    slide
        Its identifier, with which its index begins.
    columns, rows
        Of places for images, not all of which exist.
    divisions
        Images of a photograph, across as well as down.
    width, height
        Of an image in pixels.
    index_file, data_files
        Names in the folder of the slide.
    positions_record
        Number of the index's record with the positions of photographs.
    positions_are_packed
        Whether those are compressed.
    """

    slide: str
    columns: int
    rows: int
    divisions: int
    width: int
    height: int
    index_file: str
    data_files: tuple[str, ...]
    positions_record: int
    positions_are_packed: bool

    @classmethod
    def of(cls, properties: Mapping[str, str]) -> "MiraxLayout":
        """Understand what OpenSlide has read from Slidedat.ini, which it calls mirax.SECTION.KEY.

        Raises
        ------
        NotUnderstood
            Photographs have no positions, images are no JPEG, or something lacks.
        """
        try:
            return _understood(properties)
        except (LookupError, ValueError) as problem:
            raise NotUnderstood from problem


def _understood(properties: Mapping[str, str]) -> MiraxLayout:
    section = properties["mirax.HIERARCHICAL.HIER_0_VAL_0_SECTION"]
    if properties[f"mirax.{section}.IMAGE_FORMAT"] != "JPEG":
        raise NotUnderstood
    if int(properties[f"mirax.{section}.IMAGE_CONCAT_FACTOR"]):
        raise NotUnderstood
    record, is_packed = _positions_record(properties)
    files = range(int(properties["mirax.DATAFILE.FILE_COUNT"]))
    layout = MiraxLayout(
        slide=properties["mirax.GENERAL.SLIDE_ID"],
        columns=int(properties["mirax.GENERAL.IMAGENUMBER_X"]),
        rows=int(properties["mirax.GENERAL.IMAGENUMBER_Y"]),
        divisions=int(properties.get("mirax.GENERAL.CameraImageDivisionsPerSide", "1")),
        width=int(properties[f"mirax.{section}.DIGITIZER_WIDTH"]),
        height=int(properties[f"mirax.{section}.DIGITIZER_HEIGHT"]),
        index_file=properties["mirax.HIERARCHICAL.INDEXFILE"],
        data_files=tuple(properties[f"mirax.DATAFILE.FILE_{number}"] for number in files),
        positions_record=record,
        positions_are_packed=is_packed,
    )
    _require_ordinary_sizes(layout)
    return layout


def _require_ordinary_sizes(layout: MiraxLayout) -> None:
    columns, rows, divisions = layout.columns, layout.rows, layout.divisions
    if min(columns, rows, divisions, layout.width, layout.height) <= 0:
        raise NotUnderstood
    if columns % divisions or rows % divisions:
        raise NotUnderstood
    if columns * rows > _MOST_PLACES or layout.width * layout.height > _LARGEST_IMAGE_PX:
        raise NotUnderstood


def _positions_record(properties: Mapping[str, str]) -> tuple[int, bool]:
    """Return the number of the record with the positions, and whether they are compressed, as newer scanners do."""
    found: dict[str, int] = {}
    record = 0
    for number in range(int(properties["mirax.HIERARCHICAL.NONHIER_COUNT"])):
        found.setdefault(properties[f"mirax.HIERARCHICAL.NONHIER_{number}_NAME"], record)
        record += int(properties[f"mirax.HIERARCHICAL.NONHIER_{number}_COUNT"])
    if "VIMSLIDE_POSITION_BUFFER" in found:
        return found["VIMSLIDE_POSITION_BUFFER"], False
    return found["StitchingIntensityLayer"], True
