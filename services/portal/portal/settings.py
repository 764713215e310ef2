"""Settings of the portal."""

from dataclasses import dataclass

from environs import Env

from archive_shared.settings import PREFIX, PlatformSettings


@dataclass(frozen=True)
class Settings:
    """What the page needs to know; no secrets, it sees nothing that its reader does not.

    Parameters
    ----------
    public_url
        Address of the gateway, which the API's answers point to.
    blobs_public_url
        Scheme, host and port of the S3 server that files are sent to; empty when the gateway takes them.
    """

    public_url: str
    blobs_public_url: str = ""
    log_level: str = PlatformSettings.log_level
    log_json: bool = PlatformSettings.log_json


def read_settings() -> Settings:
    """Read the environment."""
    env = Env()
    with env.prefixed(PREFIX):
        return Settings(
            public_url=env.str("PUBLIC_URL").rstrip("/"),
            blobs_public_url=env.str("BLOBS_PUBLIC_URL", Settings.blobs_public_url).rstrip("/"),
            log_level=env.str("LOG_LEVEL", Settings.log_level),
            log_json=env.bool("LOG_JSON", Settings.log_json),
        )
