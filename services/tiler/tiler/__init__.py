"""Previews and tiles of every image."""
