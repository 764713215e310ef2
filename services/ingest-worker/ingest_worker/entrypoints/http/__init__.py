"""The HTTP surface of the ingest worker."""
