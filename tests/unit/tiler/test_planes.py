"""How volumes are cut: names, sizes, and which way up, whatever direction the grid lies in."""

from itertools import permutations, product

import numpy as np
import pytest

from tiler.adapters.volumes import turned
from tiler.domain.planes import Plane, find_plane, planes

SIZE, SPACING_MM = (4, 5, 6), (0.5, 0.75, 3.0)
UNIT = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))


def test_a_volume_along_the_body_is_cut_as_it_lies() -> None:
    sagittal, coronal, axial = planes(SIZE, SPACING_MM, UNIT)

    assert axial == Plane("z", "axial", 6, 4, 5, (0.5, 0.75))
    assert coronal == Plane("y", "coronal", 5, 4, 6, (0.5, 3.0), towards="P", upended=True)
    assert sagittal == Plane("x", "sagittal", 4, 5, 6, (0.75, 3.0), towards="L", upended=True)


def test_a_volume_of_unknown_direction_counts_as_along_the_body() -> None:
    assert planes(SIZE, SPACING_MM, ()) == planes(SIZE, SPACING_MM, UNIT)


def test_a_picture_has_one_plane_as_it_lies() -> None:
    assert planes((7, 8), (1.0, 2.0), ((-1.0, 0.0), (0.0, -1.0))) == (
        Plane("z", "axial", 1, 7, 8, (1.0, 2.0)),
    )


def test_planes_are_found_by_name_and_by_axis() -> None:
    found = planes(SIZE, SPACING_MM, UNIT)

    assert find_plane(found, "coronal") is find_plane(found, "y") is found[1]
    assert find_plane(found, "oblique") is None


GRIDS = [
    tuple(
        tuple(sign * float(axis == body) for axis in range(3))
        for body, sign in zip(order, signs, strict=True)
    )
    for order in permutations(range(3))
    for signs in product((1, -1), repeat=3)
]


@pytest.mark.parametrize("directions", GRIDS)
def test_whatever_the_grid_people_see_left_on_the_right_front_up_and_head_up(
    directions: tuple[tuple[float, ...], ...],
) -> None:
    """Each voxel knows where in the body it is; every slice must show these places in the order people expect."""
    columns, rows, slices = np.indices(SIZE)
    places = sum(
        grid[..., np.newaxis] * np.array(direction)
        for grid, direction in zip((columns, rows, slices), directions, strict=True)
    ).transpose(2, 1, 0, 3)  # z, y, x, and the place: left, posterior, superior
    grows = {"axial": ((0, 1), (1, 1)), "coronal": ((0, 1), (2, -1)), "sagittal": ((1, 1), (2, -1))}

    found = planes(SIZE, SPACING_MM, directions)

    assert {plane.name for plane in found} == {"axial", "coronal", "sagittal"}
    for number, plane in enumerate(found):
        shown = turned(np.moveaxis(places, 2 - number, 0)[0], plane)
        assert shown.shape[:2] == (plane.height, plane.width)
        (across, right), (down, below) = grows[plane.name]
        assert (np.diff(shown[..., across], axis=1) * right > 0).all()
        assert (np.diff(shown[..., down], axis=0) * below > 0).all()


@pytest.mark.parametrize("directions", GRIDS)
def test_slices_are_counted_towards_the_side_that_is_told(directions: tuple[tuple[float, ...], ...]) -> None:
    sides = {"L": (0, 1), "R": (0, -1), "P": (1, 1), "A": (1, -1), "H": (2, 1), "F": (2, -1)}

    for direction, plane in zip(directions, planes(SIZE, SPACING_MM, directions), strict=True):
        body, sign = sides[plane.towards]
        assert direction[body] == sign


def test_a_tilted_volume_is_named_after_what_it_is_closest_to() -> None:
    tilted = ((0.9, 0.1, 0.4), (0.2, -0.3, 0.9), (-0.3, 0.95, 0.1))

    assert [plane.name for plane in planes(SIZE, SPACING_MM, tilted)] == ["sagittal", "axial", "coronal"]
