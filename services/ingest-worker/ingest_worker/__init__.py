"""Uploads, and their conversion into canonical images."""

from ingest_worker.conversion import convert
from ingest_worker.domain.budget import Budget
from ingest_worker.domain.files import SourceFile
from ingest_worker.domain.report import ConversionProgress, ConversionReport

__all__ = ["Budget", "ConversionProgress", "ConversionReport", "SourceFile", "convert"]
