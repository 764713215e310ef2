"""Settings of the tiler's workers."""

from dataclasses import dataclass

from environs import Env

from archive_shared.settings import PREFIX, PlatformSettings, read_platform_settings
from tiler.domain.limits import BLOCK_CACHE_BYTES, MIB
from tiler.domain.reading_limits import GIB, ReadingLimits

PREVIEW_TIME_LIMIT_S = 300.0


@dataclass(frozen=True)
class Settings:
    """What the workers and their programs need to know.

    Parameters
    ----------
    slides, previews
        What reading one slide to convert it, and one image to show it, may use.
    """

    platform: PlatformSettings
    slides: ReadingLimits
    previews: ReadingLimits


def read_block_cache_bytes() -> int:
    """Read how much of the slides of a distant store each process of the web server keeps in memory."""
    return Env().int(f"{PREFIX}SLIDE_CACHE_MB", BLOCK_CACHE_BYTES // MIB) * MIB


def read_settings() -> Settings:
    """Read the environment."""
    env = Env()
    usual = ReadingLimits()
    with env.prefixed(f"{PREFIX}SLIDE_"):
        memory_bytes = env.int("MEMORY_MB", usual.memory_bytes // MIB) * MIB
        slides = ReadingLimits(
            time_limit_s=env.float("TIME_LIMIT_S", usual.time_limit_s),
            silence_s=env.float("SILENCE_S", usual.silence_s),
            memory_bytes=memory_bytes,
            file_bytes=env.int("FILE_GB", usual.file_bytes // GIB) * GIB,
        )
    previews = ReadingLimits(
        time_limit_s=env.float(f"{PREFIX}PREVIEW_TIME_LIMIT_S", PREVIEW_TIME_LIMIT_S),
        memory_bytes=memory_bytes,
        file_bytes=GIB,
    )
    return Settings(read_platform_settings(env), slides, previews)
