"""The bytes of uploads, images and previews: whole objects in buckets, behind one port."""

from archive_shared.blobs.connect import BlobSettings, connect_blobs
from archive_shared.blobs.port import BlobInfo, BlobStore, Data, Part, Readable

__all__ = ["BlobInfo", "BlobSettings", "BlobStore", "Data", "Part", "Readable", "connect_blobs"]
