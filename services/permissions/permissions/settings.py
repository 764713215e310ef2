"""Settings of permissions."""

from dataclasses import dataclass

from environs import Env

from archive_shared.settings import PREFIX, PlatformSettings, read_platform_settings


@dataclass(frozen=True)
class Settings:
    """What permissions needs to know.

    Parameters
    ----------
    everybody_creates_archives
        Whether every user may create archives, or only administrators.
    """

    platform: PlatformSettings
    everybody_creates_archives: bool = True


def read_settings() -> Settings:
    """Read the environment."""
    env = Env()
    with env.prefixed(PREFIX):
        everybody = env.bool("EVERYBODY_CREATES_ARCHIVES", Settings.everybody_creates_archives)
    return Settings(read_platform_settings(env), everybody_creates_archives=everybody)
