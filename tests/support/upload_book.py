"""A stand-in for the ingest worker as archive-api asks it: uploads of people, and sessions that import them."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from archive_api.use_cases.uploaded import ImportSession, UploadedFile
from archive_shared.blobs.port import BlobStore
from archive_shared.errors import Invalid, NotFound
from archive_shared.identifiers import derived_id, new_id
from tests.support.access import RoleBook


@dataclass
class UploadBook:
    """Implements `archive_api.use_cases.uploaded.Uploaded`; what people upload is really in the bucket."""

    people: RoleBook
    blobs: BlobStore
    files: dict[str, tuple[str, UploadedFile]] = field(default_factory=dict)
    sessions: dict[str, tuple[str, ImportSession]] = field(default_factory=dict)

    def upload(self, token: str, name: str, content: bytes) -> str:
        """Upload a file as somebody, and return its identifier."""
        identifier, owner = new_id(), self.people.people[token].id
        key = f"{owner}/{identifier}"
        self.blobs.put(key, content)
        self.files[identifier] = owner, UploadedFile(name, key, len(content))
        return identifier

    def import_session(self, token: str, *images: str, finished: bool = True) -> str:
        """Keep a session of somebody without a target, and return its identifier."""
        session = ImportSession(new_id(), finished, images)
        self.sessions[session.id] = self.people.people[token].id, session
        return session.id

    def finish(self, session: str, *images: str) -> None:
        """Let a session end with these images; without any it has failed."""
        owner, found = self.sessions[session]
        self.sessions[session] = owner, replace(found, finished=True, images=images)

    def file(self, token: str | None, upload: str) -> UploadedFile:
        owner, found = self.files.get(upload, ("", None))
        if found is None or owner != self._caller(token):
            raise NotFound(f"upload {upload} does not exist")
        return found

    def session(self, token: str | None, session: str) -> ImportSession:
        owner, found = self.sessions.get(session, ("", None))
        if found is None or owner != self._caller(token):
            raise NotFound(f"session {session} does not exist")
        return found

    def start_import(
        self, token: str | None, uploads: Sequence[str], *, item: str, socket: str
    ) -> ImportSession:
        if any(self.files.get(upload, ("",))[0] != self._caller(token) for upload in uploads):
            raise Invalid({"uploads": ["Object does not exist."]})
        identifier = derived_id("test session", *sorted(uploads), item, socket)
        self.sessions.setdefault(identifier, (self._caller(token), ImportSession(identifier, False, [])))
        return self.sessions[identifier][1]

    def _caller(self, token: str | None) -> str:
        caller = self.people.ask(token, []).caller
        assert caller is not None
        return caller.id
