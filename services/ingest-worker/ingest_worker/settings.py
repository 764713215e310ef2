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
        Folder for files being converted; wants room for the uploads of a session and `disk_bytes` beside them.
    memory_bytes, time_limit_s
        What the conversion of one candidate image may use.
    disk_bytes
        What one session may hold on the scratch disk beside its uploads.
    unpacked_files
        How many files the archives of a session may hold together.
    parallel
        How many candidate images of a session are converted at a time.
    """

    platform: PlatformSettings
    scratch: Path
    memory_bytes: int = 4096 * MIB
    time_limit_s: float = 1800.0
    disk_bytes: int = 131_072 * MIB
    unpacked_files: int = 50_000
    parallel: int = 1


def read_settings() -> Settings:
    """Read the environment."""
    env = Env()
    with env.prefixed(f"{PREFIX}IMPORT_"):
        scratch = env.path("SCRATCH", Path(tempfile.gettempdir()) / "archive-import")
        memory_bytes = env.int("MEMORY_MB", Settings.memory_bytes // MIB) * MIB
        time_limit_s = env.float("TIME_LIMIT_S", Settings.time_limit_s)
        disk_bytes = env.int("DISK_MB", Settings.disk_bytes // MIB) * MIB
        unpacked_files = env.int("UNPACKED_FILES", Settings.unpacked_files)
        parallel = env.int("PARALLEL", Settings.parallel)
    platform = read_platform_settings(env)
    return Settings(platform, scratch, memory_bytes, time_limit_s, disk_bytes, unpacked_files, parallel)
