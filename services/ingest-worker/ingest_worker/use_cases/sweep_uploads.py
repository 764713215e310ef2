"""Removes the bytes of uploads nobody needs any more: imported, given up, or never used.

The document goes first, by compare-and-set with what was found unneeded: from then on no session takes the upload. Then its
object is removed; if this process dies in between, the next sweep finds an object whose upload has gone, and counts what its
owner has left. Parts of an upload that was never completed go before its document does: nothing else leads to them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from archive_shared.blobs.port import BlobStore
from archive_shared.clock import Clock, to_text
from archive_shared.documents import Repository, at_most, one_of
from archive_shared.errors import Stale
from archive_shared.identifiers import is_id
from archive_shared.sweeping import Leftover, Stage
from ingest_worker.domain.session import UploadSession
from ingest_worker.domain.upload import Upload, UploadStatus
from ingest_worker.use_cases.quota import Quota

_AT_ONCE = 500
_ANSWERED_WITHIN = timedelta(days=1)
"""A session that its uploads name but that is not there may still be stored, by the request sent again."""


@dataclass(frozen=True)
class UploadSweep:
    """Where uploads are, and the sessions that import them."""

    uploads: Repository[Upload]
    sessions: Repository[UploadSession]
    blobs: BlobStore
    clock: Clock
    quota: Quota

    def run(self, *, unused_for: timedelta, dry_run: bool) -> Iterator[Leftover]:
        """Yield what is removed, or would be in a dry run.

        Parameters
        ----------
        unused_for
            Since an upload was begun. One whose import has not ended is kept, however old.
        """
        before = self.clock.now() - unused_for
        for upload in self._old(before):
            if self._is_needed(upload, before):
                continue
            if not dry_run and not self._removed(upload):
                continue
            yield _leftover(upload, dry_run=dry_run)
        yield from self._orphans(before, dry_run=dry_run)

    def _old(self, before: datetime) -> Iterator[Upload]:
        where = {"removed_at": None, "created_at": at_most(to_text(before))}
        for identifier in self.uploads.identifiers(where):
            upload = self.uploads.get(identifier)
            if upload is not None:
                yield upload

    def _is_needed(self, upload: Upload, before: datetime) -> bool:
        if upload.session is None:
            return False
        session = self.sessions.get(upload.session)
        if session is None:
            return upload.created_at > before - _ANSWERED_WITHIN
        return not session.job.is_finished

    def _removed(self, upload: Upload) -> bool:
        """Remove an upload, unless it was changed since it was found unneeded, perhaps by a session that takes it."""
        if upload.has_parts:
            self.blobs.abort_upload(upload.key, upload.multipart_id)
        upload.remove(at=self.clock.now())
        try:
            removed = self.uploads.save(upload)
        except Stale:
            return False
        self.quota.recount(removed)
        self.blobs.delete(upload.key)
        return True

    def _orphans(self, before: datetime, *, dry_run: bool) -> Iterator[Leftover]:
        """Remove objects whose upload was given up or removed, or is not known at all."""
        old = (blob for blob in self.blobs.list() if blob.modified_at <= before)
        while batch := list(islice(old, _AT_ONCE)):
            known = self._known([blob.key for blob in batch])
            for blob in batch:
                upload = known.get(blob.key)
                if upload is not None and _is_live(upload):
                    continue
                if not dry_run:
                    self._delete_orphan(blob.key, upload)
                yield Leftover(
                    kind="object",
                    name=f"uploads/{blob.key}",
                    size_bytes=blob.size_bytes,
                    since=blob.modified_at,
                    stage=_stage(dry_run=dry_run),
                )

    def _known(self, keys: Sequence[str]) -> dict[str, Upload]:
        names = sorted({name for key in keys if is_id(name := key.rsplit("/", 1)[-1])})
        return {upload.key: upload for upload in self.uploads.find({"_id": one_of(names)})}

    def _delete_orphan(self, key: str, upload: Upload | None) -> None:
        if upload is not None:  # who removed it may have died before its owner had the room back
            self.quota.recount(upload)
        self.blobs.delete(key)


def _is_live(upload: Upload) -> bool:
    return upload.removed_at is None and upload.status is not UploadStatus.ABORTED


def _leftover(upload: Upload, *, dry_run: bool) -> Leftover:
    return Leftover(
        kind="upload",
        name=f"uploads/{upload.key}",
        size_bytes=upload.size_bytes or 0,
        since=upload.created_at,
        stage=_stage(dry_run=dry_run),
    )


def _stage(*, dry_run: bool) -> Stage:
    return Stage.DUE if dry_run else Stage.REMOVED
