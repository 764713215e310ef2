"""Decides by content how a slide is converted; called before anything is written, with a few ranged reads."""

from tiler.adapters.bounded_reader import read_exactly
from tiler.adapters.slides.ndpi_mark import is_ndpi
from tiler.adapters.slides.tiff_vendors import plan_tiff
from tiler.adapters.tiff_directory import is_tiff, read_pages
from tiler.domain.jpeg_stream import SOI
from tiler.domain.problems import UnreadableImage
from tiler.domain.ranged_source import RangedSource
from tiler.domain.slide import SlidePlan
from tiler.domain.slide_files import SlideFiles

_START_BYTES = 512


def plan_slide(files: SlideFiles) -> SlidePlan:
    """Plan the conversion of a slide; the names of files decide nothing, except which of them belong together.

    Raises
    ------
    UnreadableImage
        The file is no slide, damaged, hostile, or of a kind that is not supported; the reason is meant for its owner.
    """
    source = files.open(files.main)
    start = read_exactly(source, 0, min(_START_BYTES, source.size_bytes))
    if start[128:132] == b"DICM":
        from tiler.adapters.slides.dicom import plan_dicom  # noqa: PLC0415 (pydicom takes half a second)

        return plan_dicom(files)
    if is_tiff(start):
        return _plan_tiff(source)
    # Copying at full speed loads what it needs.
    from tiler.adapters.slides.mirax import has_settings, plan_mirax  # noqa: PLC0415
    from tiler.adapters.slides.vms import is_vms, plan_vms  # noqa: PLC0415

    is_mirax = files.main.lower().endswith(".mrxs")
    if (start.startswith(SOI) or is_mirax) and has_settings(files):  # its picture may be any, or emptied
        return plan_mirax(files)
    if is_vms(start):
        return plan_vms(files)
    if is_mirax:
        raise UnreadableImage(
            "The file alone is no slide: the folder of its name, with Slidedat.ini and the pixels, is missing."
        )
    raise UnreadableImage("The file is no slide of a kind that is known here.")


def _plan_tiff(source: RangedSource) -> SlidePlan:
    if is_ndpi(source):
        from tiler.adapters.slides.ndpi import plan_ndpi  # noqa: PLC0415 (copying at full speed loads what it needs)

        return plan_ndpi(source)
    return plan_tiff(source, read_pages(source))
