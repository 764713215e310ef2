"""Puts the programs together that read uploads. They hold no secret, and nothing of stores or settings is loaded here."""

from tiler.adapters.confinement.orders import load, obey

__all__ = ["load", "obey"]
