"""A stand-in for archive-api as ingest asks it: archives by slug, and who may see them."""

from dataclasses import dataclass, field

from archive_shared.access import Action, Question
from archive_shared.errors import NotFound
from ingest_worker.use_cases.target import FoundArchive
from tests.support.access import RoleBook

SOCKETS = ("generic-medical-image", "generic-overlay")


@dataclass
class ArchiveBook:
    """Archives and items; implements `ingest_worker.use_cases.target.Archives`."""

    access: RoleBook
    slugs: dict[str, str] = field(default_factory=dict)
    public: set[str] = field(default_factory=set)
    items: dict[str, str] = field(default_factory=dict)
    deidentifying: set[str] = field(default_factory=set)
    keeping_labels: set[str] = field(default_factory=set)
    full: set[str] = field(default_factory=set)

    def find_archive(self, token: str | None, reference: str) -> FoundArchive:
        name = reference.rstrip("/").rsplit("/", 1)[-1]
        archive = self.slugs.get(name, name)
        if not self._allows(token, Action.VIEW_ARCHIVE, archive):
            raise NotFound(reference)
        return self._found(archive)

    def has_socket(self, token: str | None, slug: str) -> bool:
        return slug in SOCKETS

    def archive_of_item(self, token: str | None, item: str) -> FoundArchive:
        archive = self.items.get(item, "")
        if not self._allows(token, Action.USE_ARCHIVE, archive):
            raise NotFound(item)
        return self._found(archive)

    def _found(self, archive: str) -> FoundArchive:
        return FoundArchive(
            archive, archive in self.deidentifying, archive in self.keeping_labels, archive in self.full
        )

    def _allows(self, token: str | None, action: Action, archive: str) -> bool:
        question = Question(action, archive, archive in self.public)
        known = archive in self.slugs.values()
        return known and self.access.ask(token, [question]).allowed[0]
