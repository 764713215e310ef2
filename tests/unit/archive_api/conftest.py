"""archive-api on an empty folder."""

from pathlib import Path

import pytest

from tests.support.archive_service import ArchiveService, archive_service


@pytest.fixture
def service(quick_folder: Path) -> ArchiveService:
    return archive_service(quick_folder)
