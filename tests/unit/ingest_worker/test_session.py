"""Upload sessions: what they say of themselves while workers come and go."""

from datetime import timedelta

from archive_shared.events import FileRejected, SessionFailed, SessionStarted
from archive_shared.identifiers import new_id
from archive_shared.jobs.job import Job
from ingest_worker.domain.session import CANCELLED, SessionStatus, UploadSession
from ingest_worker.domain.session_report import FOR_ITS_UPLOADER, RejectedFile, SessionImage
from tests.support.clocks import StoppedClock

CLOCK = StoppedClock()


def a_session(*, item: str | None = None, archive: str | None = None) -> UploadSession:
    return UploadSession(
        id=new_id(),
        creator="ann",
        creator_number=1,
        archive=archive,
        item=item,
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


def test_a_cancelled_session_fences_its_worker_off_and_says_so_once() -> None:
    session = a_session()
    claim(session)

    session.cancel()
    session.cancel()

    assert session.status is SessionStatus.CANCELLED
    assert not session.job.is_held_by("w", 1)
    assert [event.reason for event in session._recorded if isinstance(event, SessionFailed)] == [CANCELLED]


def test_a_failed_session_begins_anew_with_a_later_epoch() -> None:
    session = a_session()
    claim(session)
    session.close([], [RejectedFile("a.mha", ["It is damaged."])])
    session.job = session.job.finish()
    assert session.status is SessionStatus.FAILED

    session.retry(CLOCK.now())

    assert (session.status, session.rejected, session.error_message) == (SessionStatus.REQUEUED, [], None)
    assert session.job.epoch == 1


def test_several_images_for_one_socket_fail_the_session_and_keep_none_of_them() -> None:
    session = a_session(item="item", archive="archive")
    claim(session)

    session.close([SessionImage(name, name, [name]) for name in ("a.mha", "b.mha")], [])
    session.job = session.job.finish()

    assert session.images == []
    assert session.status is SessionStatus.FAILED
    assert session.error_message == "Image imports should result in a single image."
    [failed] = [event for event in session._recorded if isinstance(event, SessionFailed)]
    assert failed.archive == "archive"


def test_where_images_have_no_identity_refusals_are_announced_without_names_and_reasons() -> None:
    session = a_session()
    session.deidentify = True
    claim(session)
    refused = RejectedFile("Muster, Erika.dcm", ["The file Muster, Erika.dcm is damaged."])

    session.close([], [refused])

    announced = [event for event in session._recorded if isinstance(event, FileRejected)]
    assert announced == [FileRejected(session=session.id, file="file 1", reasons=[FOR_ITS_UPLOADER])]
    assert session.rejected == [refused]
