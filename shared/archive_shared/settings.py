"""Settings every service reads, from the environment, once, at start; a missing one is named and fatal.

Units are in the names. Addresses choose the adapter by their scheme: `sqlite:`/`mongodb:` documents,
`sqlite:`/`amqp:` bus, `file:`/`s3:` blobs. Secrets have no defaults.
"""

from dataclasses import dataclass, field
from datetime import timedelta

from environs import Env, validate

PREFIX = "ARCHIVE_"
GB = 10**9
SHORTEST_SECRET = 32  # a key for HS256 has at least as many bytes (RFC 7518 section 3.2)


@dataclass(frozen=True)
class PlatformSettings:
    """What all parts of one installation agree on.

    Parameters
    ----------
    public_url
        Address clients use for the gateway, scheme and host and port, without a slash at the end.
    secret
        Signs service tokens and, on one machine, links to blobs; at least `SHORTEST_SECRET` characters.
    bus_visibility_timeout_s
        On the embedded bus, after how long a message taken by a process that died comes back.
    gateways
        Networks that a gateway in front of us speaks from, as 10.0.0.0/8; only what comes from there is believed about
        the address of the client (`X-Forwarded-For`).
    requests_per_minute, anonymous_requests_per_minute
        How many requests of one token or session, and of one address without either, each web process of a service answers;
        0 sets no limit.
    upload_quota_bytes
        How many bytes the uploads of one user may take until they are removed; 0 sets no limit.
    archive_quota_bytes
        How many bytes an archive may hold; 0 sets no limit.
    default_viewer
        Slug of the viewer that archives get whose creator chose none; "" for none.
    demand_confinement
        Whether workers refuse to start where the kernel cannot keep those who read uploads from other files (Landlock).
    watch_port
        Where relays, consumers and workers answer `/metrics` and `/readyz`; 0 means nowhere.
    """

    public_url: str
    documents_url: str
    bus_url: str
    blobs_url: str
    secret: bytes = field(repr=False)
    blobs_access_key: str = field(default="", repr=False)
    blobs_secret_key: str = field(default="", repr=False)
    blobs_public_url: str = ""
    permissions_url: str = "http://permissions:8000"
    archive_api_url: str = "http://archive-api:8000"
    ingest_url: str = "http://ingest-worker:8000"
    bus_visibility_timeout_s: float = 30.0
    job_lease_s: float = 30.0
    gateways: tuple[str, ...] = ()
    requests_per_minute: int = 6000
    anonymous_requests_per_minute: int = 600
    upload_quota_bytes: int = 0
    archive_quota_bytes: int = 0
    default_viewer: str = ""
    demand_confinement: bool = False
    watch_port: int = 0
    log_level: str = "INFO"
    log_json: bool = True


@dataclass(frozen=True)
class StoreAddresses:
    """Where documents, messages and blobs are, all that operators' commands need to know; "" where nobody said."""

    documents_url: str = ""
    bus_url: str = ""
    blobs_url: str = ""
    blobs_access_key: str = field(default="", repr=False)
    blobs_secret_key: str = field(default="", repr=False)


@dataclass(frozen=True)
class Grace:
    """For how long things have to be unused before they are removed, per bucket.

    Parameters
    ----------
    uploads
        Counted from when an upload was begun, whatever became of it.
    """

    images: timedelta = timedelta(days=7)
    media: timedelta = timedelta(days=7)
    uploads: timedelta = timedelta(days=7)


def read_grace(env: Env | None = None) -> Grace:
    """Read after how many days what nobody uses is removed."""
    env = env or Env()
    with env.prefixed(f"{PREFIX}KEEP_UNUSED_"):
        days = [env.float(f"{bucket}_DAYS", 7.0) for bucket in ("IMAGES", "MEDIA", "UPLOADS")]
    return Grace(*(timedelta(days=each) for each in days))


def read_store_addresses(env: Env | None = None) -> StoreAddresses:
    """Read the addresses the environment names, if it does."""
    env = env or Env()
    with env.prefixed(PREFIX):
        return StoreAddresses(
            documents_url=env.str("DOCUMENTS_URL", ""),
            bus_url=env.str("BUS_URL", ""),
            blobs_url=env.str("BLOBS_URL", ""),
            blobs_access_key=env.str("BLOBS_ACCESS_KEY", ""),
            blobs_secret_key=env.str("BLOBS_SECRET_KEY", ""),
        )


def read_platform_settings(env: Env | None = None) -> PlatformSettings:
    """Read the settings shared by all services; raises `environs.EnvError` naming what is missing or wrong."""
    env = env or Env()
    with env.prefixed(PREFIX):
        return PlatformSettings(
            public_url=env.str("PUBLIC_URL").rstrip("/"),
            documents_url=env.str("DOCUMENTS_URL"),
            bus_url=env.str("BUS_URL"),
            blobs_url=env.str("BLOBS_URL"),
            secret=env.str("SECRET", validate=validate.Length(min=SHORTEST_SECRET)).encode(),
            blobs_access_key=env.str("BLOBS_ACCESS_KEY", ""),
            blobs_secret_key=env.str("BLOBS_SECRET_KEY", ""),
            blobs_public_url=env.str("BLOBS_PUBLIC_URL", ""),
            permissions_url=env.str("PERMISSIONS_URL", PlatformSettings.permissions_url),
            archive_api_url=env.str("ARCHIVE_API_URL", PlatformSettings.archive_api_url),
            ingest_url=env.str("INGEST_URL", PlatformSettings.ingest_url),
            bus_visibility_timeout_s=env.float(
                "BUS_VISIBILITY_TIMEOUT_S", PlatformSettings.bus_visibility_timeout_s
            ),
            job_lease_s=env.float("JOB_LEASE_S", PlatformSettings.job_lease_s),
            gateways=tuple(each.strip() for each in env.str("GATEWAYS", "").split(",") if each.strip()),
            requests_per_minute=env.int("REQUESTS_PER_MINUTE", PlatformSettings.requests_per_minute),
            anonymous_requests_per_minute=env.int(
                "ANONYMOUS_REQUESTS_PER_MINUTE", PlatformSettings.anonymous_requests_per_minute
            ),
            upload_quota_bytes=round(env.float("UPLOAD_QUOTA_GB", PlatformSettings.upload_quota_bytes) * GB),
            archive_quota_bytes=round(
                env.float("ARCHIVE_QUOTA_GB", PlatformSettings.archive_quota_bytes) * GB
            ),
            default_viewer=env.str("DEFAULT_VIEWER", PlatformSettings.default_viewer),
            demand_confinement=env.bool("DEMAND_CONFINEMENT", PlatformSettings.demand_confinement),
            watch_port=env.int("WATCH_PORT", PlatformSettings.watch_port),
            log_level=env.str("LOG_LEVEL", PlatformSettings.log_level),
            log_json=env.bool("LOG_JSON", PlatformSettings.log_json),
        )
