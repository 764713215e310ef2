"""A rectangle of pixels."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Region:
    """In pixels of one level; it may reach a little beyond the right and bottom edge."""

    x: int
    y: int
    width: int
    height: int
