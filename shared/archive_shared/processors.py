"""How many processors there are for this process, and what they can do."""

import os
from collections.abc import Iterator
from contextlib import suppress
from math import ceil
from pathlib import Path
from typing import Final

_CONTROL_GROUPS: Final = Path("/sys/fs/cgroup")
_OWN_GROUP: Final = Path("/proc/self/cgroup")
_ABOUT_PROCESSORS: Final = Path("/proc/cpuinfo")
_FIRST_BYTES: Final = 4096
AVX_512: Final = frozenset({"avx512f", "avx512vl", "avx512bw", "avx512cd", "avx512dq"})
"""What ISA-L asks for before it takes its ways for vectors of 512 bits (its `reg_sizes.asm`)."""


def usable_processors(*, groups: Path = _CONTROL_GROUPS, own_group: Path = _OWN_GROUP) -> int:
    """Return how many this process and those it starts may use: fewer than the machine has, if it was bound to some.

    Counts a quota of processor time as well, which is what `cpus: 1.5` of a container and `CPUQuota=` of a service are: of two
    threads for one processor, each would wait half the time.

    Parameters
    ----------
    groups, own_group
        Where Linux shows control groups, and which of them is ours (cgroups(7), version 2).
    """
    return max(1, min([len(os.sched_getaffinity(0)), *map(ceil, _quotas(groups, own_group))]))


def has_avx_512(*, about: Path = _ABOUT_PROCESSORS) -> bool:
    """Tell whether vectors of 512 bits are there; False where nothing says so. Costs a tenth of a millisecond.

    Parameters
    ----------
    about
        Where Linux tells of its processors, the first of which is enough: what all of them say takes long on a large machine.
    """
    try:
        with about.open("rb", buffering=0) as stream:
            told = stream.read(_FIRST_BYTES).decode("ascii", "replace")
    except OSError:
        return False
    flags = next((line.split() for line in told.splitlines() if line.startswith("flags")), [])
    return frozenset(flags) >= AVX_512


def _quotas(groups: Path, own_group: Path) -> Iterator[float]:
    """Yield how many processors' time our group, and each that it is part of, is allowed; nothing where there is no limit."""
    place = next((line[3:] for line in _lines(own_group) if line.startswith("0::")), "/")
    group = groups / place.strip("/")
    for limit in _lines(
        *(each / "cpu.max" for each in (group, *group.parents) if each.is_relative_to(groups))
    ):
        quota, period = limit.split()
        if quota != "max":
            yield int(quota) / int(period)


def _lines(*files: Path) -> Iterator[str]:
    for file in files:
        with suppress(OSError):  # no such group, no Linux that has them, or not for us to see
            yield from file.read_text(encoding="ascii").splitlines()
