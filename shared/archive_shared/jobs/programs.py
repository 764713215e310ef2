"""The programs of one worker: starts them, and keeps one that is warm."""

from collections.abc import Mapping, Sequence

from archive_shared.jobs.handler import JobPolicy
from archive_shared.jobs.program import Program


class Programs:
    """Starts programs; keeps one for the next job, if wanted, to save that its starting time."""

    def __init__(
        self,
        command: Sequence[str],
        policy: JobPolicy,
        *,
        warm: bool,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._command = command
        self._policy = policy
        self._environment = environment
        self._warm = warm
        self._spare: Program | None = None

    def take(self) -> Program:
        """Return a program that waits for its orders; if it does one job only, the next starts while it works."""
        spare, self._spare = self._spare, None
        if spare is not None and spare.has_ended():
            spare.kill()
            spare = None
        taken = spare or self._started()
        if self._policy.jobs_per_program == 1:
            self.prepare()
        return taken

    def give_back(self, program: Program) -> None:
        """Keep the program for the next job, or end it and start one."""
        if self._warm and self._spare is None and program.awaits_order:
            self._spare = program
        else:
            program.kill()
            self.prepare()

    def prepare(self) -> None:
        """Start the next one, unless there is one."""
        if self._warm and self._spare is None:
            self._spare = self._started()

    def close(self) -> None:
        if self._spare is not None:
            self._spare.kill()
            self._spare = None

    def _started(self) -> Program:
        return Program(self._command, self._policy, self._environment)
