"""The HTTP surface of archive-api."""
