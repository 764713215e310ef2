"""Loose slices fall into volumes by where they are; the properties hold for any orientation and any order."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest_worker.domain.geometry import Vector, cross
from ingest_worker.domain.slice_grid import Stack
from ingest_worker.domain.slices import Slice
from ingest_worker.domain.stacking import BESIDE, SAME_PLACES, TURNED, Unstackable, stacks_of

AXIAL = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0))


def turned(alpha: float, beta: float, gamma: float) -> tuple[Vector, Vector]:
    """Return the first two columns of a rotation by Euler angles."""
    ca, sa, cb, sb, cg, sg = (f(angle) for angle in (alpha, beta, gamma) for f in (math.cos, math.sin))
    row = (ca * cb, sa * cb, -sb)
    column = (ca * sb * sg - sa * cg, sa * sb * sg + ca * cg, cb * sg)
    return row, column


def column_of_slices(
    count: int, *, step: float = 2.0, axes: tuple[Vector, Vector] = AXIAL, start: Vector = (0.0, 0.0, 0.0)
) -> list[Slice]:
    normal = cross(*axes)
    return [
        Slice(
            file=f"{index}.dcm",
            frame=0,
            shape=(4, 4),
            number=count - index,
            position=(
                start[0] + index * step * normal[0],
                start[1] + index * step * normal[1],
                start[2] + index * step * normal[2],
            ),
            orientation=axes,
            pixel_spacing=(0.5, 0.7),
        )
        for index in range(count)
    ]


def stacked(
    slices: list[Slice], *, cross_sectional: bool = True, distance: float | None = None
) -> list[Stack | Unstackable]:
    return stacks_of(slices, cross_sectional=cross_sectional, slice_distance_mm=distance)


def only(slices: list[Slice]) -> Stack:
    (stack,) = stacked(slices)
    assert isinstance(stack, Stack), stack
    return stack


def refusal(slices: list[Slice]) -> str:
    (found,) = stacked(slices)
    assert isinstance(found, Unstackable)
    return found.reason


ANGLE = st.floats(-math.pi, math.pi)
COORDINATE = st.floats(-500, 500)


@given(
    angles=st.tuples(ANGLE, ANGLE, ANGLE),
    start=st.tuples(COORDINATE, COORDINATE, COORDINATE),
    step=st.floats(0.05, 20),
    order=st.permutations(range(7)),
)
def test_any_orientation_in_any_order_gives_the_same_volume(
    angles: tuple[float, float, float], start: Vector, step: float, order: list[int]
) -> None:
    slices = column_of_slices(7, step=step, axes=turned(*angles), start=start)

    stack = only([slices[index] for index in order])

    assert list(stack.slices) == slices
    assert stack.geometry.origin == slices[0].position
    assert stack.geometry.spacing == pytest.approx((0.5, 0.7, step))
    normal = stack.geometry.direction[2::3]
    assert normal == pytest.approx(cross(*turned(*angles)), abs=1e-9)


@given(missing=st.integers(1, 8), order=st.permutations(range(9)))
def test_any_missing_slice_inside_is_noticed(missing: int, order: list[int]) -> None:
    slices = column_of_slices(10)
    left = [one for one in slices if one.file != f"{missing}.dcm"]

    reason = refusal([left[index] for index in order])

    assert (
        reason == f"Slices are missing: 1 of 10, the first between {missing - 1}.dcm and {missing + 1}.dcm."
    )


def test_a_single_slice_takes_the_distance_the_series_announces() -> None:
    (stack,) = stacked(column_of_slices(1), distance=3.5)

    assert isinstance(stack, Stack)
    assert stack.geometry.spacing == (0.5, 0.7, 3.5)
    assert stack.spacing_known == (True, True)


def test_a_single_slice_of_a_silent_series_has_an_unknown_depth() -> None:
    assert only(column_of_slices(1)).spacing_known == (True, False)


def test_slices_of_different_size_or_spacing_are_different_volumes() -> None:
    slices = column_of_slices(4)
    mixed = [*slices[:2], slices[2]._replace(shape=(5, 5)), slices[3]._replace(pixel_spacing=(0.6, 0.6))]

    assert [len(stack.slices) for stack in stacked(mixed) if isinstance(stack, Stack)] == [2, 1, 1]


def test_directions_rounded_differently_are_one_orientation() -> None:
    slices = column_of_slices(3)
    slices[1] = slices[1]._replace(orientation=((0.99999, 0.0004, 0.0), (-0.0004, 0.99999, 0.0)))

    assert only(slices).depth == 3


@pytest.mark.parametrize(
    "odd", [{"orientation": ((0.99999, 0.003, 0.0), (-0.003, 0.99999, 0.0))}, {"pixel_spacing": (0.502, 0.7)}]
)
def test_slices_turned_a_little_are_an_image_of_their_own_and_both_say_so(odd: dict[str, Any]) -> None:
    slices = [one._replace(**odd) if index % 2 else one for index, one in enumerate(column_of_slices(6))]

    found = stacked(slices)

    assert [one.notes for one in found if isinstance(one, Stack)] == [(TURNED,), (TURNED,)]


def test_slices_across_one_another_need_no_remark() -> None:
    coronal = ((1.0, 0.0, 0.0), (0.0, 0.0, -1.0))
    across = [one._replace(file=f"c{one.file}") for one in column_of_slices(2, axes=coronal)]

    found = stacked([*column_of_slices(2), *across])

    assert [one.notes for one in found if isinstance(one, Stack)] == [(), ()]


def test_two_groups_that_only_together_are_told_apart() -> None:
    slices = []
    for echo in ("1", "2"):
        for kind in ("M", "P"):
            slices += [
                one._replace(file=f"{echo}{kind}{one.file}", traits={"echo": echo, "kind": kind})
                for one in column_of_slices(3)
            ]

    found = stacked(slices)

    stacks = [stack for stack in found if isinstance(stack, Stack)]
    assert [stack.depth for stack in stacks] == [3, 3, 3, 3]
    assert stacks[1].notes == (SAME_PLACES.format("echo 1, kind P"),)


@pytest.mark.parametrize("times", [("0900", "0901", "0902"), ("", "", "")])
def test_a_map_computed_from_time_points_is_none_of_them(times: tuple[str, str, str]) -> None:
    slices = [
        one._replace(
            file=f"{index}{one.file}",
            number=3 * index + (one.number or 0),
            acquired=time,
            traits={"image type": kind},
        )
        for index, (time, kind) in enumerate(zip(times, ("DIFFUSION", "DIFFUSION", "ADC"), strict=True))
        for one in column_of_slices(3)
    ]

    computed, measured = stacked(slices)

    assert isinstance(computed, Stack)
    assert isinstance(measured, Stack)
    assert (computed.depth, computed.timepoints, measured.depth, measured.timepoints) == (3, None, 3, 2)
    assert {one.file[0] for one in computed.slices} == {"2"}
    assert computed.notes == (SAME_PLACES.format("image type ADC"),)


def test_what_every_slice_has_for_itself_tells_no_volumes_apart() -> None:
    slices = [
        one._replace(file=f"{time}{one.file}", traits={"acquisition": f"{time}{one.file}", "echo": time})
        for time in ("1", "2")
        for one in column_of_slices(3)
    ]

    found = stacked(slices)

    assert [stack.depth for stack in found if isinstance(stack, Stack)] == [3, 3]


def test_a_broken_group_does_not_spoil_the_others() -> None:
    good = [one._replace(file=f"a{one.file}", traits={"echo": "1"}) for one in column_of_slices(4)]
    gap = [one._replace(file=f"b{one.file}", traits={"echo": "2"}) for one in column_of_slices(4)]

    found = stacked([*good, *gap[:1], *gap[2:]])

    assert isinstance(found[0], Stack)
    assert isinstance(found[1], Unstackable)
    assert found[1].files == ("b0.dcm", "b2.dcm", "b3.dcm")


def test_time_points_whose_positions_differ_by_their_rounding_are_a_fourth_dimension() -> None:
    slices = [
        one._replace(file=f"{time}{one.file}", times={"index": time}, pixel_spacing=(1.2, 1.2))
        for time in (1.0, 2.0, 3.0)
        for one in column_of_slices(4, start=(0.0, 0.0, 0.004 * time))
    ]

    stack = only(slices)

    assert (stack.depth, stack.timepoints) == (4, 3)


def test_time_points_at_shifted_places_are_no_fourth_dimension() -> None:
    first = [one._replace(file=f"a{one.file}", times={"index": 1.0}) for one in column_of_slices(3)]
    shifted = column_of_slices(3, start=(0.4, 0.0, 0.0))
    second = [one._replace(file=f"b{one.file}", times={"index": 2.0}) for one in shifted]

    assert refusal([*first, *second]).startswith(
        "The slices of the time points do not lie at the same places"
    )


@pytest.mark.parametrize("traits", [{}, {"acquisition": "1"}])
def test_stations_side_by_side_are_volumes_of_their_own(traits: dict[str, str]) -> None:
    slices = [
        one._replace(
            file=f"{number}{one.file}", acquired=f"12000{number}", traits=dict(traits, series=number)
        )
        for number, along in (("1", 0.0), ("2", 40.0), ("3", 80.0))
        for one in column_of_slices(3, start=(0.0, along, 0.0))
    ]

    found = stacked(slices)

    stacks = [stack for stack in found if isinstance(stack, Stack)]
    assert [stack.geometry.origin for stack in stacks] == [(0, 0, 0), (0, 40, 0), (0, 80, 0)]
    assert [(stack.depth, stack.timepoints, stack.notes) for stack in stacks] == [(3, None, (BESIDE,))] * 3


def test_a_tilted_stack_over_time_is_refused_as_tilted() -> None:
    slices = [
        one._replace(file=f"{time}{one.file}", acquired=time, position=(0.0, 0.2 * rank, 2.0 * rank))
        for time in ("120001", "120002")
        for rank, one in enumerate(column_of_slices(4))
    ]

    assert "tilted gantry" in refusal(slices)


def test_positions_that_only_some_slices_have_part_the_series() -> None:
    slices = column_of_slices(3)

    found = stacked([*slices[:2], slices[2]._replace(position=None)])

    assert sorted(len(stack.slices) for stack in found if isinstance(stack, Stack)) == [1, 2]


@pytest.mark.parametrize("distance", [5e-324, 1e-300, 1e-9])
def test_a_segmentation_whose_slices_lie_next_to_nowhere_apart_is_not_filled(distance: float) -> None:
    slices = [one._replace(is_sparse=True) for one in column_of_slices(3)]

    (stack,) = stacked(slices, distance=distance)

    assert isinstance(stack, Stack)
    assert list(stack.slices) == slices


def test_a_slice_is_shown_without_whose_it_is() -> None:
    (one,) = column_of_slices(1)
    assert "Roe" not in repr(one._replace(owner="Roe^Jane", born="Roe"))
