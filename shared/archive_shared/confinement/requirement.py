"""Whether a worker may look at uploads where the kernel cannot keep its children from other files."""

import structlog

from archive_shared.confinement.no_files import landlock_version

log = structlog.get_logger()


class ConfinementMissing(Exception):
    """The operator demands Landlock, and the kernel has none, or the container forbids it."""


def require_confinement(*, demanded: bool) -> None:
    """Go on if Landlock is there, or is not demanded: then it is said once that it is not; called when a worker starts.

    Raises
    ------
    ConfinementMissing
        It is demanded, and not there.
    """
    if landlock_version():
        return
    if demanded:
        raise ConfinementMissing(
            "This kernel has no Landlock (Linux 5.13), or it is switched off, or the container forbids it."
        )
    log.warning("what reads uploads is not kept from other files", missing="Landlock")
