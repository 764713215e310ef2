"""Uploads, and their conversion into canonical images."""
