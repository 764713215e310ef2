"""A rectangle of pixels."""

from typing import NamedTuple


class Region(NamedTuple):
    """In pixels of one level; it may reach a little beyond the right and bottom edge."""

    x: int
    y: int
    width: int
    height: int

    def scaled(self, by: float) -> tuple[float, float, float, float]:
        """Return left, top, right and bottom in pixels of a level that is finer by this factor."""
        return self.x * by, self.y * by, (self.x + self.width) * by, (self.y + self.height) * by
