"""Puts the programs together that read uploads. One is started for each image, so nothing of stores or settings is loaded here."""

from collections.abc import Mapping
from typing import Any

from tiler.adapters.confinement import orders
from tiler.use_cases.reading import Progress


def load_for(kind: str) -> None:
    """Have the program load what a kind of order needs."""
    orders.load(kind)


def obey(order: Mapping[str, Any], on_progress: Progress) -> Mapping[str, Any]:
    """Do what the program is told, in this process."""
    return orders.obey(order, on_progress)
