"""The HTTP surface of the tiler."""
