"""Where the kernel cannot keep those who read uploads from other files, that is said once, or the worker does not start."""

import pytest
from structlog.testing import capture_logs

from archive_shared.confinement import requirement
from archive_shared.confinement.no_files import give_up_files
from archive_shared.confinement.requirement import ConfinementMissing, require_confinement


@pytest.fixture
def without_landlock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requirement, "landlock_version", lambda: 0)
    monkeypatch.setattr("archive_shared.confinement.no_files.landlock_version", lambda: 0)


@pytest.mark.usefixtures("without_landlock")
def test_a_kernel_without_is_said_once() -> None:
    with capture_logs() as said:
        require_confinement(demanded=False)

    (line,) = said
    assert (line["log_level"], line["missing"]) == ("warning", "Landlock")


@pytest.mark.usefixtures("without_landlock")
def test_no_worker_starts_where_it_is_demanded() -> None:
    with pytest.raises(ConfinementMissing, match=r"Linux 5\.13"):
        require_confinement(demanded=True)


@pytest.mark.usefixtures("without_landlock")
def test_work_goes_on_without() -> None:
    assert give_up_files(packages=(), read=(), write=()) is False


def test_nothing_is_said_where_it_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requirement, "landlock_version", lambda: 7)

    with capture_logs() as said:
        require_confinement(demanded=True)

    assert said == []
