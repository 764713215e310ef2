"""Upload sessions: what they say of themselves while workers come and go."""

from datetime import timedelta

from archive_shared.events import SessionStarted
from archive_shared.identifiers import new_id
from archive_shared.jobs.job import Job
from ingest_worker.domain.session import SessionStatus, UploadSession
from tests.support.clocks import StoppedClock

CLOCK = StoppedClock()


def a_session() -> UploadSession:
    return UploadSession(
        id=new_id(),
        creator="ann",
        creator_number=1,
        archive=None,
        item=None,
        socket="generic-medical-image",
        files=[],
        created_at=CLOCK.now(),
        job=Job.queued(CLOCK.now()),
    )


def claim(session: UploadSession) -> None:
    session.job = session.job.claim(CLOCK.now() + timedelta(hours=1), owner="w", lease_s=30)
    session.start()


def give_back(session: UploadSession) -> None:
    session.job = session.job.give_back(CLOCK.now(), reason="The worker was stopped.", refund=True)


def test_a_session_whose_worker_was_stopped_is_announced_as_started_once() -> None:
    session = a_session()
    claim(session)
    give_back(session)

    claim(session)

    assert [type(event) for event in session._recorded] == [SessionStarted]


def test_a_session_whose_worker_was_stopped_is_queued_again() -> None:
    session = a_session()
    before = session.status
    claim(session)

    give_back(session)

    assert (before, session.status) == (SessionStatus.QUEUED, SessionStatus.REQUEUED)
