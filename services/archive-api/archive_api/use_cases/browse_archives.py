"""Finds archives for those who may see them: everybody the public ones, others by their roles."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from archive_api.domain.archive import Archive, picture_key
from archive_api.domain.logo import LOGO, PictureRule
from archive_api.domain.vocabulary import TermKind
from archive_api.domain.words import words
from archive_api.use_cases.archive_quota import Quota, quota_of
from archive_api.use_cases.count_items import count_items
from archive_api.use_cases.keep_terms import term_names
from archive_api.use_cases.library import Library
from archive_shared.access import Action, Question, Usable
from archive_shared.documents import Comparison, Where, one_of
from archive_shared.documents.port import Scalar, Sort
from archive_shared.errors import NotFound, Unauthenticated
from archive_shared.identifiers import is_id

ORDERINGS = ("created", "-created", "modified", "-modified", "title", "-title")
_Asked = dict[str, Scalar | Comparison]
_FIELDS = {"created": "created_at", "modified": "modified_at", "title": "title"}


@dataclass(frozen=True, kw_only=True)
class ArchiveFilter:
    """Which archives are asked for; None for any.

    Parameters
    ----------
    search
        Words, or their beginnings, of title and description.
    modality, structure
        By name or slug.
    organization
        By the name it has now or had when it was named, or by the identifier of one that is linked.
    mine
        Only those the caller has a role on.
    ordering
        One of `ORDERINGS`; ties are broken by identifier, so pages never overlap.
    """

    slug: str | None = None
    title: str | None = None
    public: bool | None = None
    modality: str | None = None
    structure: str | None = None
    organization: str | None = None
    search: str = ""
    mine: bool = False
    ordering: str = "created"

    @property
    def sort(self) -> Sort:
        name = self.ordering.removeprefix("-")
        return [(_FIELDS[name], -1 if self.ordering.startswith("-") else 1)]


@dataclass(frozen=True)
class SeenArchive:
    """An archive as one caller sees it.

    Parameters
    ----------
    items
        How many it has; None for those without a role.
    quota
        How much of its quota it uses; None where there is none.
    role
        The strongest role whose rights the caller has: editor, uploader or user; "" for none.
    """

    archive: Archive
    items: int | None
    quota: Quota | None = None
    role: str = ""


def list_archives(
    library: Library, token: str | None, wanted: ArchiveFilter, *, skip: int, limit: int
) -> tuple[int, list[Archive]]:
    """Return how many archives the caller sees, and a page of them, oldest first unless ordered otherwise.

    A search for several words costs the size of what the rarest-looking one finds.
    """
    where = _visible(library.access.usable(token), wanted, list(_asked(library, token, wanted)))
    if not where:
        return 0, []
    further = _further_words(wanted.search)
    if not further:
        found = library.archives.find(where, sort=wanted.sort, skip=skip, limit=limit)
        return library.archives.count(where), found
    matching = [
        archive for archive in library.archives.find(where, sort=wanted.sort) if further <= set(archive.words)
    ]
    return len(matching), matching[skip : skip + limit]


def show_archive(library: Library, token: str | None, identifier: str) -> SeenArchive:
    """Return an archive whose card the caller may see.

    Raises
    ------
    Unauthenticated
        Nobody is calling, and the archive is not public or does not exist: which, they are not told.
    NotFound
        The caller may not see it, or it does not exist.
    """
    archive = library.archive(identifier)
    if archive is None:
        library.require_caller(token)
        raise NotFound(f"archive {identifier} does not exist")
    public = archive.settings.public
    questions = [Question(action, identifier, public) for action in (Action.VIEW_ARCHIVE, Action.USE_ARCHIVE)]
    answers = library.access.ask(token, questions)
    seen, usable = answers.allowed
    if not seen:
        raise _hidden(identifier, somebody=answers.caller is not None)
    if not usable:
        return SeenArchive(archive, None)
    role = role_on(library, token, identifier)
    return SeenArchive(archive, count_items(library, identifier), quota_of(library, identifier), role)


def role_on(library: Library, token: str | None, archive: str) -> str:
    """Return the strongest role whose rights somebody has who may use an archive.

    Administrators have all rights; they are not asked for, as that would be a use of their power, which is written down.
    """
    caller = library.require_caller(token)
    if caller.administrator:
        return "editor" if caller.writes else "user"
    changes, uploads = library.access.ask(
        token, [Question(action, archive) for action in (Action.CHANGE_ARCHIVE, Action.UPLOAD)]
    ).allowed
    return "editor" if changes else "uploader" if uploads else "user"


def find_by_exact_address(library: Library, token: str | None, identifier: str) -> Archive:
    """Return an archive, public or not, for its nameplate: what somebody sees of it who asks for access.

    Its identifier holds 122 random bits, so who knows it was told; a slug can be guessed and is not enough.

    Raises
    ------
    Unauthenticated
        Nobody is calling.
    NotFound
        There is no such archive, or the token is good for others only.
    """
    caller, archive = library.require_caller(token), library.archive(identifier)
    if archive is None or not caller.reaches(identifier):
        raise NotFound(f"archive {identifier} does not exist")
    return archive


def read_nameplate_logo(library: Library, token: str | None, identifier: str) -> bytes:
    """Return the small logo of an archive whose exact address the caller has; raise `NotFound` if it has none."""
    name = find_by_exact_address(library, token, identifier).settings.logo
    if not name:
        raise NotFound(f"archive {identifier} has no logo")
    return library.media_blobs.read(picture_key(LOGO.folder, identifier, name, min(LOGO.widths_px)))


def read_picture(
    library: Library,
    token: str | None,
    identifier: str,
    rule: PictureRule,
    *,
    name: str,
    width_px: int | None,
) -> bytes:
    """Return a picture of an archive whose card the caller may see; only the present one is there."""
    archive = show_archive(library, token, identifier).archive
    if not name or name != getattr(archive.settings, rule.field):
        raise NotFound(f"archive {identifier} has no {rule.name} {name}")
    return library.media_blobs.read(picture_key(rule.folder, identifier, name, width_px))


def _visible(usable: Usable, wanted: ArchiveFilter, asked: Sequence[_Asked]) -> list[Where]:
    """Return the alternatives an archive may meet to be in the list."""
    if usable.everything and not wanted.mine:
        return [*asked]
    seen: list[_Asked] = []
    if not wanted.mine and wanted.public is not False:
        seen.append({"public": True})
    if usable.archives:
        seen.append({"_id": one_of(sorted(usable.archives))})
    return [each | why for why in seen for each in asked]


def _asked(library: Library, token: str | None, wanted: ArchiveFilter) -> Iterator[_Asked]:
    """Yield the alternatives of what is asked for: a name may be that of an organisation that was linked under another one."""
    asked: _Asked = {"deleted": False}
    exact: dict[str, Scalar | Comparison | None] = {
        "slug": wanted.slug,
        "title": wanted.title,
        "public": wanted.public,
        "modalities": _filed(library, TermKind.MODALITY, wanted.modality),
        "structures": _filed(library, TermKind.STRUCTURE, wanted.structure),
    }
    asked |= {name: value for name, value in exact.items() if value is not None}
    searched = _longest_first(wanted.search)
    asked |= {"words": searched[0]} if searched else {}
    organisation = wanted.organization
    if organisation is None:
        yield asked
        return
    if not is_id(organisation):
        yield asked | {"organizations": organisation}
    linked = [organisation] if is_id(organisation) else library.organisations_titled(token, organisation)
    if linked:
        yield asked | {"organization_pks": one_of(linked)}


def _filed(library: Library, kind: TermKind, word: str | None) -> Comparison | None:
    """Return the condition that archives are filed under a term, meant by name or slug, or under a word nobody keeps."""
    return None if word is None else one_of(sorted({word, *term_names(library, kind, [word])}))


def _longest_first(search: str) -> list[str]:
    return sorted(words(search), key=lambda word: (-len(word), word))


def _further_words(search: str) -> set[str]:
    """Return the words the index is not asked for: it takes one, the longest, which is likely the rarest."""
    return set(_longest_first(search)[1:])


def _hidden(identifier: str, *, somebody: bool) -> Exception:
    if somebody:
        return NotFound(f"archive {identifier} may not be seen")
    return Unauthenticated("Authentication credentials were not provided.")
