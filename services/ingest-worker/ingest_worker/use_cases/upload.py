"""Receives files: opens uploads, signs links for their parts, completes and aborts them.

The bytes go from the client straight to the blob store; nothing here touches them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from archive_shared.access import Caller
from archive_shared.blobs.port import BlobStore, Part
from archive_shared.clock import Clock
from archive_shared.documents import Repository
from archive_shared.errors import Conflict, Forbidden, Invalid, NotFound
from ingest_worker.domain.upload import Upload, UploadStatus, checked_filename, uploads_for
from ingest_worker.use_cases.quota import Quota

PART_LINK_LIFETIME_S = 3600
MOST_LINKS_AT_ONCE = 100


@dataclass(frozen=True)
class Uploads:
    """Uploads as documents, and the bucket their bytes are in."""

    repository: Repository[Upload]
    blobs: BlobStore
    clock: Clock
    quota: Quota

    def create(self, caller: Caller, identifier: str, *, filename: str) -> Upload:
        """Open an upload; the file's parts may be sent at once. The same again is the same upload."""
        name = checked_filename(filename)
        present = self.repository.get(identifier)
        if present is not None:
            return present
        key = f"{caller.id}/{identifier}"
        upload = Upload(
            id=identifier,
            creator=caller.id,
            filename=name,
            key=key,
            multipart_id=self.blobs.begin_upload(key),
            status=UploadStatus.INITIALIZED,
            created_at=self.clock.now(),
            limit=caller.limit,
        )
        return self.repository.add(upload)

    def owned(self, caller: Caller, identifier: str, multipart_id: str | None = None) -> Upload:
        """Return an upload of the caller's; `NotFound` for those of others, of other tokens, and mismatched identifiers."""
        upload = self.repository.require(identifier)
        if not upload.is_for(caller) or multipart_id not in (None, upload.multipart_id):
            raise NotFound(f"upload {identifier} may not be seen")
        return upload

    def list_owned(self, caller: Caller, *, skip: int, limit: int) -> tuple[int, list[Upload]]:
        """Return how many uploads the caller has, and a page of them, oldest first."""
        mine = uploads_for(caller)
        found = self.repository.find(mine, sort=[("created_at", 1)], skip=skip, limit=limit)
        return self.repository.count(mine), found

    def sign_parts(self, upload: Upload, numbers: Sequence[int]) -> dict[int, str]:
        """Return a link per part number that takes that part by PUT for an hour."""
        upload.require_open()
        if len(numbers) > MOST_LINKS_AT_ONCE:
            raise Invalid({"part_numbers": [f"Ask for at most {MOST_LINKS_AT_ONCE} links at once."]})
        return {
            number: self.blobs.sign_part(
                upload.key, upload.multipart_id, number, lifetime_s=PART_LINK_LIFETIME_S
            )
            for number in numbers
        }

    def parts(self, upload: Upload) -> list[Part]:
        """Return the parts that have arrived, for clients that resume."""
        upload.require_open()
        return self.blobs.parts(upload.key, upload.multipart_id)

    def complete(self, upload: Upload, parts: Sequence[tuple[int, str]]) -> Upload:
        """Join the parts into the file. Safe to repeat when the answer was lost.

        Raises
        ------
        Forbidden
            The caller's uploads would take more than they may; this one is then aborted.
        Invalid
            The parts are not those that arrived, or hold no byte at all; the upload is then aborted.
        """
        if upload.status is UploadStatus.COMPLETED:
            self.quota.recount(upload)  # whoever completed it may have died before
            return upload
        upload.require_open()
        self._require_room(upload)
        size_bytes = self._join(upload, parts)
        if size_bytes == 0:
            self._discard(upload)
            raise Invalid({"parts": [f"{upload.filename} is empty; send a file with content."]})
        completed = self.repository.change(upload.id, lambda stored: stored.complete(size_bytes=size_bytes))
        self.quota.recount(completed)
        return completed

    def abort(self, upload: Upload) -> Upload:
        """Forget the upload and its bytes."""
        if upload.status is UploadStatus.COMPLETED:
            raise Conflict("The upload is complete; it can no longer be aborted.")
        if upload.has_parts:
            self.blobs.abort_upload(upload.key, upload.multipart_id)
        return self.repository.change(upload.id, lambda stored: stored.abort())

    def _require_room(self, upload: Upload) -> None:
        if not self.quota.most_bytes:
            return
        try:
            arrived = self.blobs.parts(upload.key, upload.multipart_id)
        except NotFound:
            return  # joined before, by a request whose answer was lost: it was looked at then
        try:
            self.quota.require_room(upload.creator, sum(part.size_bytes for part in arrived))
        except Forbidden:
            self._discard(upload)
            raise

    def _join(self, upload: Upload, parts: Sequence[tuple[int, str]]) -> int:
        if not parts:
            return 0
        self.blobs.finish_upload(upload.key, upload.multipart_id, parts)
        return self.blobs.stat(upload.key).size_bytes

    def _discard(self, upload: Upload) -> None:
        # The document first: it refuses when the upload was completed meanwhile, whose bytes must stay. It names the
        # parts until they are gone, for the sweep, should this be as far as we get.
        self.repository.change(upload.id, Upload.give_up)
        self.blobs.abort_upload(upload.key, upload.multipart_id)
        self.blobs.delete(upload.key)
        self.repository.change(upload.id, Upload.abort)
