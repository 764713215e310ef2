"""Programs take as many threads as there are processors for them, not as the machine has."""

import os
from pathlib import Path

import pytest

from archive_shared.processors import has_avx_512, usable_processors


def test_one_bound_to_a_processor_counts_that_one_only() -> None:
    all_of_them = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(all_of_them)})
        bound = usable_processors()
    finally:
        os.sched_setaffinity(0, all_of_them)

    assert bound == 1
    assert usable_processors() == len(all_of_them)


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ({"": "max 100000"}, 4),
        ({"": "100000 100000"}, 1),
        ({"": "250000 100000"}, 3),
        ({"": "20000 100000"}, 1),
        ({"": "800000 100000"}, 4),
        ({"pod": "300000 100000", "pod/container": "max 100000"}, 3),
        ({"pod": "max 100000", "pod/container": "150000 50000"}, 3),
        ({"another": "100000 100000"}, 4),
        ({}, 4),
    ],
)
def test_one_allowed_less_time_than_processors_have_counts_what_it_is_allowed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limits: dict[str, str], expected: int
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 1, 2, 3})
    own_group, groups = tmp_path / "own", tmp_path / "groups"
    own_group.write_text("1:cpu:/of/version/1\n0::/pod/container\n", encoding="ascii")
    for place, limit in limits.items():
        (groups / place).mkdir(parents=True, exist_ok=True)
        (groups / place / "cpu.max").write_text(limit + "\n", encoding="ascii")

    assert usable_processors(groups=groups, own_group=own_group) == expected


def test_where_there_are_no_control_groups_all_processors_count(tmp_path: Path) -> None:
    processors = len(os.sched_getaffinity(0))

    assert usable_processors(groups=tmp_path, own_group=tmp_path / "none") == processors


ALL = "fpu avx2 avx512f avx512dq avx512cd avx512bw avx512vl"


@pytest.mark.parametrize(
    ("flags", "expected"),
    [(ALL, True), ("fpu sse2 avx2", False), (ALL.replace("avx512bw ", ""), False)],
)
def test_vectors_of_512_bits_are_there_if_the_first_processor_tells_of_all_their_parts(
    tmp_path: Path, flags: str, expected: bool
) -> None:
    about = tmp_path / "cpuinfo"
    about.write_text(f"processor\t: 0\nflags\t\t: {flags}\nbugs\t\t:\n\nprocessor\t: 1\n" + "x" * 100_000)
    assert has_avx_512(about=about) is expected


def test_vectors_of_512_bits_are_not_there_where_nothing_tells_of_processors(tmp_path: Path) -> None:
    other = tmp_path / "cpuinfo"
    other.write_text("processor\t: 0\nFeatures\t: fp asimd\n")  # as arm64 tells it
    assert not has_avx_512(about=other)
    assert not has_avx_512(about=tmp_path / "none")
