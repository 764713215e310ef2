"""Settings of the feed."""

from dataclasses import dataclass

from environs import Env

from archive_shared.settings import PREFIX, PlatformSettings, read_platform_settings


@dataclass(frozen=True)
class Settings:
    """What the feed needs to know.

    Parameters
    ----------
    days, most_events
        For how long events are kept, and how many; whichever is reached first counts.
    most_waiters
        Long polls that may wait in one web process at a time; each holds one of its threads (eight).
    webhook_timeout_s
        What one call of a webhook may take.
    webhook_networks
        Networks of the operator's own that webhooks may lead to, as 10.20.0.0/16; none but the open internet
        otherwise.
    """

    platform: PlatformSettings
    days: int = 30
    most_events: int = 1_000_000
    most_waiters: int = 3
    webhook_timeout_s: float = 10.0
    webhook_networks: tuple[str, ...] = ()


def read_settings() -> Settings:
    """Read the environment."""
    env = Env()
    with env.prefixed(PREFIX):
        days = env.int("FEED_DAYS", Settings.days)
        most_events = env.int("FEED_EVENTS", Settings.most_events)
        most_waiters = env.int("FEED_WAITERS", Settings.most_waiters)
        timeout_s = env.float("WEBHOOK_TIMEOUT_S", Settings.webhook_timeout_s)
        networks = env.str("WEBHOOK_NETWORKS", "")
    return Settings(
        read_platform_settings(env),
        days=days,
        most_events=most_events,
        most_waiters=most_waiters,
        webhook_timeout_s=timeout_s,
        webhook_networks=tuple(network.strip() for network in networks.split(",") if network.strip()),
    )
