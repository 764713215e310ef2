"""The HTTP surface of the feed."""
