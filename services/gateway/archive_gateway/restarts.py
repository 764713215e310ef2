"""How long to wait before a part that ended is started again."""

from dataclasses import dataclass, field


@dataclass
class RestartPauses:
    """Pauses that double with every crash and begin anew once a part has run calmly for a while.

    Parameters
    ----------
    calm_after_s
        A part that ran at least this long is not considered to crash in a row.
    """

    first_s: float = 0.25
    longest_s: float = 30.0
    calm_after_s: float = 30.0
    _crashes: int = field(default=0, init=False)

    def next_s(self, *, ran_for_s: float) -> float:
        """Return the pause after a run of this length."""
        if ran_for_s >= self.calm_after_s:
            self._crashes = 0
        pause_s = self.first_s * 2.0 ** min(self._crashes, 30)
        self._crashes += 1
        return min(pause_s, self.longest_s)
