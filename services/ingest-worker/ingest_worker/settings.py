"""Settings of the ingest worker."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

from environs import Env

from archive_shared.settings import PREFIX, PlatformSettings, read_platform_settings

MIB = 1024 * 1024


@dataclass(frozen=True)
class Settings:
    """What the ingest worker needs to know.

    Parameters
    ----------
    scratch
        Folder for files being converted; wants as much room as the largest session unpacked, twice.
    memory_bytes, time_limit_s
        What the conversion of one candidate image may use.
    unpacked_files
        How many files the archives of a session may hold together.
    parallel
        How many candidate images of a session are converted at a time.
    """

    platform: PlatformSettings
    scratch: Path
    memory_bytes: int = 4096 * MIB
    time_limit_s: float = 1800.0
    unpacked_files: int = 50_000
    parallel: int = 1


def read_settings() -> Settings:
    """Read the environment."""
    env = Env()
    with env.prefixed(f"{PREFIX}IMPORT_"):
        scratch = env.path("SCRATCH", Path(tempfile.gettempdir()) / "archive-import")
        memory_bytes = env.int("MEMORY_MB", Settings.memory_bytes // MIB) * MIB
        time_limit_s = env.float("TIME_LIMIT_S", Settings.time_limit_s)
        unpacked_files = env.int("UNPACKED_FILES", Settings.unpacked_files)
        parallel = env.int("PARALLEL", Settings.parallel)
    platform = read_platform_settings(env)
    return Settings(platform, scratch, memory_bytes, time_limit_s, unpacked_files, parallel)
