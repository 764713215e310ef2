"""archive-api on an empty folder."""

from pathlib import Path

import pytest

from tests.support.archive_service import ArchiveService, archive_service


@pytest.fixture
def service(tmp_path: Path) -> ArchiveService:
    return archive_service(tmp_path)
