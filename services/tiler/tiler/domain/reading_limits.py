"""How much reading one uploaded image may cost; the process that reads it cannot exceed it."""

from dataclasses import dataclass

from tiler.domain.limits import MIB

GIB = 1024 * MIB


@dataclass(frozen=True)
class ReadingLimits:
    """Limits of a process that reads what was uploaded.

    Parameters
    ----------
    time_limit_s
        Longest it may take, and the processor time all its threads together may use.
    silence_s
        Longest it may neither get further nor ask for bytes: it hangs.
    memory_bytes
        Address space, with that of interpreter and libraries.
    file_bytes
        Largest file it may write.
    open_files
        File descriptors; a slide may consist of `MAX_SLIDE_FILES` files.
    """

    time_limit_s: float = 4 * 3600.0
    silence_s: float = 600.0
    memory_bytes: int = 4 * GIB
    file_bytes: int = 256 * GIB
    open_files: int = 512
