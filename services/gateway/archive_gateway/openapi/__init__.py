"""Describes the HTTP surface of the whole platform as OpenAPI 3.1; `make contracts` writes what the portal serves."""
