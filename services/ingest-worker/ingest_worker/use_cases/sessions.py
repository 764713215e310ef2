"""Starts the import of uploads and shows how it goes: every file becomes (part of) an image or a reasoned refusal."""

from collections.abc import Sequence
from dataclasses import dataclass

from archive_shared.access import Access, Caller
from archive_shared.clock import Clock
from archive_shared.documents import Repository
from archive_shared.errors import Duplicate, Invalid, NotFound
from archive_shared.identifiers import derived_id, is_id
from archive_shared.jobs.job import Job
from ingest_worker.domain.grouping import Placement, place
from ingest_worker.domain.session import SessionFile, UploadSession, sessions_for
from ingest_worker.domain.session_report import ReportPage, SessionReport, joined
from ingest_worker.domain.upload import Upload, UploadStatus
from ingest_worker.use_cases.target import Archives, Target, WantedTarget, resolve

MOST_FILES = 2000


@dataclass(frozen=True)
class Sessions:
    """Upload sessions and what starting one needs."""

    repository: Repository[UploadSession]
    pages: Repository[ReportPage]
    uploads: Repository[Upload]
    archives: Archives
    access: Access
    clock: Clock

    def start(
        self, caller: Caller, token: str | None, *, uploads: Sequence[str], wanted: WantedTarget
    ) -> UploadSession:
        """Queue the import of completed uploads.

        Sending the same request again returns the session it started the first time, so a client whose
        answer was lost may just repeat it.

        Raises
        ------
        Invalid
            An upload is unknown, somebody else's, not complete, or part of another session; names are
            not unique; there are none or too many; or the target is wrong, or none, with a token for some archives.
        Forbidden
            The caller may not upload to the target.
        """
        target = self._target(caller, token, wanted)
        found = self._uploads(caller, uploads)
        session = self._session(caller, found, target)
        self._take(found, session.id)
        try:
            return self.repository.add(session)
        except Duplicate:
            return self.repository.require(session.id)

    def preview(
        self, caller: Caller, token: str | None, *, uploads: Sequence[str], wanted: WantedTarget
    ) -> list[tuple[str, Placement]]:
        """Return where each file would belong if it became an image by itself; raises like `start`, and starts nothing.

        What is inside of archives is not known before they are unpacked.
        """
        target = self._target(caller, token, wanted)
        names = [upload.filename for upload in self._uploads(caller, uploads)]
        placements = place(target.grouping, [[name] for name in names], socket=target.socket)
        return list(zip(names, placements, strict=True))

    def owned(self, caller: Caller, identifier: str) -> UploadSession:
        """Return a session of the caller's; `NotFound` for those of others, and for archives their token is not good for."""
        session = self.repository.require(identifier)
        if not session.is_for(caller):
            raise NotFound(f"session {identifier} may not be seen")
        return session

    def report(self, session: UploadSession) -> SessionReport:
        """Return the whole report of a session, however long."""
        if not session.report_goes_on:
            return session.report
        pages = self.pages.find({"session": session.id, "epoch": session.job.epoch}, sort=[("number", 1)])
        return joined([session.report, *(page.portion for page in pages)])

    def cancel(self, caller: Caller, identifier: str) -> UploadSession:
        """End an import that waits or runs; `Conflict` once it has ended."""
        session = self.owned(caller, identifier)
        return self.repository.change(session.id, UploadSession.cancel)

    def retry(self, caller: Caller, token: str | None, identifier: str) -> UploadSession:
        """Queue an import again that failed or was cancelled.

        Raises
        ------
        Conflict
            It succeeded.
        Invalid, Forbidden
            The caller may not upload to its target (any more), as for `start`: what came of it would be put there.
        """
        session = self.owned(caller, identifier)
        self._target(caller, token, _wanted_again(session))
        return self.repository.change(session.id, lambda stored: stored.retry(self.clock.now()))

    def list_owned(self, caller: Caller, *, skip: int, limit: int) -> tuple[int, list[UploadSession]]:
        """Return how many sessions the caller has, and a page of them, newest first."""
        mine = sessions_for(caller)
        found = self.repository.find(mine, sort=[("created_at", -1)], skip=skip, limit=limit)
        return self.repository.count(mine), found

    def _target(self, caller: Caller, token: str | None, wanted: WantedTarget) -> Target:
        if not (caller.everywhere or wanted.archive or wanted.archive_item):
            raise Invalid({"archive": ["Your token is good for some archives only: name one."]})
        return resolve(wanted, token=token, archives=self.archives, access=self.access)

    def _session(self, caller: Caller, uploads: Sequence[Upload], target: Target) -> UploadSession:
        identifiers = sorted(upload.id for upload in uploads)
        return UploadSession(
            id=derived_id("session", *identifiers, target.archive or "", target.item or "", target.socket),
            creator=caller.id,
            creator_number=caller.number,
            archive=target.archive,
            item=target.item,
            socket=target.socket,
            deidentify=target.deidentify,
            grouping=target.grouping,
            keep_labels=target.keep_labels,
            files=[
                SessionFile(upload.id, upload.filename, upload.key, upload.size_bytes or 0)
                for upload in uploads
            ],
            created_at=self.clock.now(),
            job=Job.queued(self.clock.now()),
        )

    def _uploads(self, caller: Caller, identifiers: Sequence[str]) -> list[Upload]:
        if not 1 <= len(set(identifiers)) <= MOST_FILES:
            raise Invalid({"uploads": [f"Send 1 to {MOST_FILES} uploads per session."]})
        stored = self.uploads.get_each(sorted({each for each in identifiers if is_id(each)}))
        known = {upload.id: upload for upload in stored if upload.is_for(caller)}
        found = [_complete(known.get(identifier)) for identifier in dict.fromkeys(identifiers)]
        if len({upload.filename for upload in found}) != len(found):
            raise Invalid({"uploads": ["Filenames must be unique."]})
        return found

    def _take(self, uploads: Sequence[Upload], session: str) -> None:
        """Bind the uploads to the session, so that no second one makes the same images again.

        A binding lasts, even if the request that made it died before it stored its session: that session may
        still be stored, by the same request sent again. So all uploads are looked at before any is bound.
        """
        for upload in uploads:
            _bind(upload, session)
        self.uploads.change_each([upload.id for upload in uploads], lambda stored: _bind(stored, session))


def _wanted_again(session: UploadSession) -> WantedTarget:
    """Return the target of a session as its client named it. An item may be in another archive by now."""
    if session.item is not None:
        return WantedTarget(archive_item=session.item, interface=session.socket)
    return WantedTarget(archive=session.archive, interface=session.socket if session.archive else None)


def _complete(upload: Upload | None) -> Upload:
    if upload is None:
        raise Invalid({"uploads": ["Object does not exist."]})
    if upload.removed_at is not None:
        raise Invalid({"uploads": [f"{upload.filename} was not used for days and removed; upload it again."]})
    if upload.status is not UploadStatus.COMPLETED:
        raise Invalid({"uploads": [f"{upload.filename} is not uploaded completely."]})
    return upload


def _bind(upload: Upload, session: str) -> None:
    if upload.removed_at is not None:
        raise Invalid({"uploads": [f"{upload.filename} is just being removed; upload it again."]})
    if upload.session not in (None, session):
        raise Invalid({"uploads": [f"{upload.filename} is already part of another upload session."]})
    upload.session = session
