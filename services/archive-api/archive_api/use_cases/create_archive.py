"""Creates archives."""

import hashlib
from dataclasses import dataclass

from archive_api.domain.archive import Archive, ArchiveSettings, logo_key
from archive_api.domain.slugs import slug_candidates
from archive_api.use_cases.library import Library
from archive_shared.access import Action, Caller, Question
from archive_shared.errors import Duplicate, Forbidden, Unauthenticated
from archive_shared.identifiers import new_id


@dataclass(frozen=True, kw_only=True)
class NewArchive:
    """An archive somebody wants; `logo` holds the bytes of a picture, if they sent one."""

    title: str
    description: str = ""
    public: bool = False
    logo: bytes = b""
    deidentify: bool = False


def require_creator(library: Library, token: str | None) -> Caller:
    """Return the caller if they may create archives, else raise `Unauthenticated` or `Forbidden`."""
    answers = library.access.ask(token, [Question(Action.CREATE_ARCHIVE)])
    if answers.caller is None:
        raise Unauthenticated("Authentication credentials were not provided.")
    if not all(answers.allowed):
        raise Forbidden("You do not have permission to create archives.")
    return answers.caller


def create_archive(library: Library, caller: Caller, wanted: NewArchive) -> Archive:
    """Store a new archive with its creator as editor.

    Raises
    ------
    Invalid
        The logo breaks the rules; nothing was stored.
    """
    identifier = new_id()
    logo = store_logo(library, identifier, wanted.logo)
    # The role comes first, so that an archive somebody was told of always has an editor. When we fail in
    # between, permissions keeps a role on an archive that never came to be, which harms nobody.
    library.access.make_first_editor(archive=identifier, user=caller.id)
    settings = ArchiveSettings(
        title=wanted.title,
        description=wanted.description,
        public=wanted.public,
        logo=logo,
        deidentify=wanted.deidentify,
    )
    return _add(library, identifier, settings, caller)


def store_logo(library: Library, archive: str, picture: bytes) -> str:
    """Store a picture as the archive's logo and return its name, "" for no picture.

    The name is a digest of the content, so storing it twice, or in vain, does no harm.
    """
    if not picture:
        return ""
    png = library.render_logo(picture)
    name = f"{hashlib.sha256(png).hexdigest()}.png"
    library.media_blobs.put(logo_key(archive, name), png)
    return name


def _add(library: Library, identifier: str, settings: ArchiveSettings, caller: Caller) -> Archive:
    for slug in slug_candidates(settings.title, identifier):
        archive = Archive.create(
            id=identifier, slug=slug, settings=settings, creator=caller.id, at=library.clock.now()
        )
        try:
            return library.archives.add(archive)
        except Duplicate:  # somebody has this slug
            continue
    raise Duplicate("No address is free for an archive of this title; try again.")
