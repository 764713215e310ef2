"""Opens the buckets of an installation as its settings describe them."""

from archive_shared.blobs.connect import BlobSettings, connect_blobs
from archive_shared.blobs.port import BlobStore
from archive_shared.settings import PlatformSettings


def platform_blobs(settings: PlatformSettings, bucket: str) -> BlobStore:
    """Return the store of one bucket: `uploads`, `images` or `media`."""
    # A folder is served by the gateway unless somebody says otherwise, an S3 server by itself.
    served_at = settings.public_url if settings.blobs_url.startswith("file:") else ""
    return connect_blobs(
        BlobSettings(
            url=settings.blobs_url,
            public_url=settings.blobs_public_url or served_at,
            access_key=settings.blobs_access_key,
            secret_key=settings.blobs_secret_key,
            link_secret=settings.secret,
        ),
        bucket,
    )
