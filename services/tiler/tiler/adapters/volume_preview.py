"""The preview of a MetaImage: its middle slice, with the proportions of the body."""

from collections.abc import Mapping

from tiler.adapters.metaimage_header import MetaImageHeader, read_header
from tiler.adapters.metaimage_voxels import read_slice
from tiler.adapters.pictures import preview_of, size_on_screen
from tiler.adapters.rendering import render
from tiler.adapters.tile_codec import Pixels
from tiler.domain.picture import Picture
from tiler.domain.ranged_source import RangedSource

_LEFT, _POSTERIOR, _SUPERIOR = range(3)
_ACROSS = {_LEFT: 1, _POSTERIOR: 1}
_DOWN = {_POSTERIOR: 1, _SUPERIOR: -1}


def volume_preview(source: RangedSource, *, longest_px: int) -> Picture:
    """Return the middle slice, of 4D images at the middle time point; see `preview` for errors."""
    header = read_header(source)
    z, time = (length // 2 for length in (*header.size, 1, 1)[2:4])
    values = _upright(read_slice(source, header, z=z, time=time), header)
    rendered = render(values, window=header.window, is_photograph=len(header.size) == 2)
    size = size_on_screen(header.plane_size, header.pixel_size_mm, longest_px=longest_px)
    return preview_of(rendered, size)


def _upright(values: Pixels, header: MetaImageHeader) -> Pixels:
    """Mirror the slice so that the chest or the head is up and the patient's left on the right.

    Images that were NIfTI have both in-plane axes reversed and would stand on their head.
    """
    if len(header.size) < 3 or not header.directions:
        return values
    if _runs_backwards(header.directions[0], _ACROSS):
        values = values[:, ::-1]
    if _runs_backwards(header.directions[1], _DOWN):
        values = values[::-1]
    return values


def _runs_backwards(direction: tuple[float, ...], wanted: Mapping[int, int]) -> bool:
    main = max(range(3), key=lambda axis: abs(direction[axis]))
    return direction[main] * wanted.get(main, 0) < 0
