"""How a process that is not a web server is watched: health and metrics, on a port of its own if the settings name one.

Containers have such a port, for their network only; on one machine there is none, and no thread either.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

from archive_shared.metrics import HEALTHY, Measure, Sample, exposition
from archive_shared.reachable import unreachable
from archive_shared.settings import PlatformSettings


class Health:
    """Whether a process is well; for all threads.

    Parameters
    ----------
    unreachable
        Names what the process needs and cannot reach now.
    """

    def __init__(self, unreachable: Callable[[], Sequence[str]]) -> None:
        self._unreachable = unreachable
        self._reason: str | None = None

    def turn_red(self, reason: str) -> None:
        """Be unwell from now on, until the process is started anew."""
        self._reason = reason

    def reasons(self) -> list[str]:
        """Say what is wrong; nothing when all is well. Knocks at every server, so it may take seconds."""
        ours = [self._reason] if self._reason else []
        return [*ours, *(f"{server} is not reachable" for server in self._unreachable())]


@contextmanager
def watched(process: str, settings: PlatformSettings, *measures: Measure) -> Iterator[Health]:
    """Answer those who watch for the length of a `with` block.

    When the port is taken, that is logged and the process works unwatched: whoever watches will notice.
    """
    health = Health(partial(unreachable, settings))
    if not settings.watch_port:
        yield health
        return

    from archive_shared.watch_server import serving  # noqa: PLC0415 (only what is used is loaded)

    def measure() -> str:
        healthy = Sample(HEALTHY, {"process": process}, 0 if health.reasons() else 1)
        return exposition([healthy, *(sample for each in measures for sample in each())])

    with serving(settings.watch_port, health=health.reasons, metrics=measure):
        yield health
