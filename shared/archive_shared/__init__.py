"""Contracts and plumbing shared by the services of the medical-image archive."""
