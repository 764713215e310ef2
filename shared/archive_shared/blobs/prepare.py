"""`python -m archive_shared.blobs.prepare`: makes the buckets of an installation, once, before its services start.

Folders make themselves; on an S3 server it needs the right to create buckets, which the services do not.
"""

from archive_shared.blobs.platform import platform_blobs
from archive_shared.settings import PlatformSettings, read_platform_settings

BUCKETS = ("uploads", "images", "media")


def prepare(settings: PlatformSettings) -> None:
    """Make every bucket that is not there yet.

    Raises
    ------
    Unavailable
        The store does not answer.
    """
    for bucket in BUCKETS:
        platform_blobs(settings, bucket).ensure_bucket()


if __name__ == "__main__":
    prepare(read_platform_settings())
