"""What people read of a session that was not imported names nothing of ours, and says what is worth waiting for."""

import pytest

from archive_shared.errors import ArchiveSystemError, NotFound, Unavailable
from archive_shared.jobs.child import NotThisTime, StoreSilent, Unprocessable
from ingest_worker.domain.work_disk import WorkDiskFull
from ingest_worker.entrypoints.import_program import failures_in_words


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (
            NotFound("key of the file"),
            Unprocessable("A file of this session is no longer there; upload it again."),
        ),
        (WorkDiskFull(), NotThisTime("The disk the converter works on is full.")),
        (
            Unavailable("s3.internal: refused"),
            StoreSilent("A store that the import works with does not answer."),
        ),
    ],
)
def test_reasons_name_nothing_of_ours(error: ArchiveSystemError, told: Exception) -> None:
    with pytest.raises(type(told)) as ended, failures_in_words():
        raise error

    assert str(ended.value) == str(told)
