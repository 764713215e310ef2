"""Puts the programs together that read uploads. One is started for each image, so nothing of stores or settings is loaded here."""

from tiler.adapters.confinement.orders import load, obey

__all__ = ["load", "obey"]
