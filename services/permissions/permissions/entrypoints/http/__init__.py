"""The HTTP surface of permissions."""
