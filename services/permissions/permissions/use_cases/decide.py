"""Decides who may do what; every route of every service ends here."""

from collections.abc import Mapping, Sequence

from archive_shared.access import Action, Caller, Question, Standing, Usable
from archive_shared.documents import one_of
from permissions.domain.identity import Identity
from permissions.domain.role import ALLOWED, OPEN_TO_ALL_IF_PUBLIC, Role, allowed
from permissions.domain.roster import FIELD_OF
from permissions.use_cases.directory import Directory

NOBODY = Standing(None, {}, public=OPEN_TO_ALL_IF_PUBLIC)
EVERYTHING = frozenset(Action)
FEW_ARCHIVES = 10
"""So many rosters, each with all its members, are read sooner than everything somebody has a role on."""


def standing_of(directory: Directory, who: Identity | None) -> Standing:
    """Return all that decides about a caller; three indexed searches, whatever the number of archives."""
    if who is None:
        return NOBODY
    roles: dict[str, frozenset[Action]] = {}
    for role in Role:
        actions = who.limit(ALLOWED[role])  # once per role, and the same object for thousands of archives
        for archive in directory.rosters.identifiers({FIELD_OF[role]: who.id}):
            roles[archive] = roles[archive] | actions if archive in roles else actions
    return _standing(directory, who, roles)


def decide(directory: Directory, who: Identity | None, questions: Sequence[Question]) -> list[bool]:
    """Answer the questions in order; anything not clearly allowed is a no.

    Reads the rosters of a few archives, or lists all roles of the caller if there are more. What an administrator may only
    as such is written into the trail.
    """
    standing = _standing_on(directory, who, {each.archive for each in questions if each.archive})
    return [standing.allows(each) or _by_power(directory, who, standing, each) for each in questions]


def usable_archives(directory: Directory, who: Identity | None) -> Usable:
    """List the archives the caller may use; an administrator's list of everything goes into the trail."""
    if who is not None and who.administrator:
        directory.trail.power_used(who.person, "see all archives", None)
    return standing_of(directory, who).usable()


def _by_power(directory: Directory, who: Identity | None, standing: Standing, question: Question) -> bool:
    if who is None or not standing.allows_by_power(question):
        return False
    directory.trail.power_used(who.person, question.action.value, question.archive)
    return True


def _standing_on(directory: Directory, who: Identity | None, archives: set[str]) -> Standing:
    """Return the standing as far as these archives go."""
    if who is None or len(archives) > FEW_ARCHIVES:
        return standing_of(directory, who)
    rosters = directory.rosters.find({"_id": one_of(sorted(archives))}) if archives else []
    return _standing(directory, who, {each.id: who.limit(allowed(each.of(who.id))) for each in rosters})


def _standing(directory: Directory, who: Identity, roles: Mapping[str, frozenset[Action]]) -> Standing:
    everywhere = who.archives is None
    creates = directory.rules.archive_creators.include(who.user) and everywhere
    return Standing(
        caller=caller(who),
        roles=roles if everywhere else {each: roles[each] for each in roles if who.covers(each)},
        public=OPEN_TO_ALL_IF_PUBLIC,
        general=who.limit({Action.CREATE_ARCHIVE} if creates else ()),
        power=who.limit(EVERYTHING) if who.administrator else frozenset(),
    )


def caller(who: Identity) -> Caller:
    """Return the caller as other services know them."""
    user = who.user
    return Caller(user.id, user.username, user.number, who.administrator, who.writes, who.archives)
