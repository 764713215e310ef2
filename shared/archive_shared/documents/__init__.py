"""State: whole documents with a revision, saved by compare-and-set, found by declared fields."""

from archive_shared.documents.aggregate import Aggregate
from archive_shared.documents.port import (
    Collection,
    Comparison,
    Document,
    Documents,
    Where,
    at_least,
    at_most,
    less_than,
    more_than,
    one_of,
)
from archive_shared.documents.repository import Repository

__all__ = [
    "Aggregate",
    "Collection",
    "Comparison",
    "Document",
    "Documents",
    "Repository",
    "Where",
    "at_least",
    "at_most",
    "less_than",
    "more_than",
    "one_of",
]
