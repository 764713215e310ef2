"""What people read of a slide that was given up says what stopped it each time."""

import errno
from pathlib import Path

import pytest

from archive_shared.errors import NotFound, Unavailable
from archive_shared.jobs.child import NotThisTime, StoreSilent, Unprocessable
from tests.integration.tiler.test_confinement import misbehaving
from tiler.domain.problems import UnreadableImage
from tiler.entrypoints.slide_program import failures_in_words


def test_a_process_that_is_killed_is_told_of(tmp_path: Path) -> None:
    """It was "exit code 1"."""
    killed = misbehaving("os.kill(os.getpid(), signal.SIGKILL)")

    with (
        pytest.raises(NotThisTime, match="was killed, perhaps for want of memory"),
        failures_in_words(gone=""),
    ):
        killed.fill(tmp_path / "slide.tif", lambda _: None)


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (UnreadableImage("It is damaged."), Unprocessable("It is damaged.")),
        (NotFound("key of the file"), Unprocessable("It is gone.")),
        (
            Unavailable("s3.internal: refused"),
            StoreSilent("A store that the tiler works with does not answer."),
        ),
        (OSError(errno.ENOSPC, "full"), NotThisTime("The disk the tiler works on is full.")),
    ],
)
def test_reasons_name_nothing_of_ours(error: Exception, told: Exception) -> None:
    with pytest.raises(type(told)) as ended, failures_in_words(gone="It is gone."):
        raise error

    assert str(ended.value) == str(told)
