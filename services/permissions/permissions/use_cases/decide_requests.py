"""Says yes or no to requests for access: editors do, and the rule of the archive does."""

from collections.abc import Callable

from archive_shared.errors import Conflict, NotFound
from permissions.domain.admission import Admission
from permissions.domain.identity import Identity
from permissions.domain.person import RULE, Person
from permissions.domain.request import AccessRequest, State
from permissions.domain.role import Role
from permissions.domain.user import User
from permissions.use_cases.authority import require_editor
from permissions.use_cases.directory import Directory


def list_requests(
    directory: Directory, caller: Identity, archive: str, *, state: State | None, skip: int, limit: int
) -> tuple[int, list[AccessRequest]]:
    """Return how many requests there are, and a page of them, oldest first; for editors."""
    require_editor(directory, caller, archive, "list requests")
    where = {"archive": archive} | ({"state": state.value} if state else {})
    found = directory.requests.find(where, sort=[("requested_at", 1)], skip=skip, limit=limit)
    return directory.requests.count(where), found


def accept_request(directory: Directory, caller: Identity, archive: str, identifier: str) -> AccessRequest:
    """Say yes and give the role; for editors of the archive the request is for."""
    at = directory.clock.now()
    return _decide(directory, caller, archive, identifier, lambda each: each.accept(by=caller.person, at=at))


def reject_request(
    directory: Directory, caller: Identity, archive: str, identifier: str, *, reason: str
) -> AccessRequest:
    """Say no, and why; for editors of the archive the request is for."""
    at = directory.clock.now()
    return _decide(
        directory, caller, archive, identifier, lambda each: each.reject(reason, by=caller.person, at=at)
    )


def apply_rule_to_pending(directory: Directory, admission: Admission) -> None:
    """Accept what is pending for an archive as far as its rule says so."""
    for request in directory.requests.find({"archive": admission.id, "state": State.PENDING.value}):
        reconsider(directory, request)


def apply_rules_to(directory: Directory, user: str) -> None:
    """Accept what a user has asked for as far as the rules say so, now that an administrator vouches for them."""
    for request in directory.requests.find({"state": State.PENDING.value, "user": user}):
        reconsider(directory, request)


def reconsider(directory: Directory, request: AccessRequest) -> AccessRequest:
    """Accept a pending request if the rule, as it is now, says so."""
    user = directory.users.get(request.user.id)
    admission = directory.admissions.get(request.archive)
    if user is None or admission is None or not rule_accepts(admission, request, user):
        return request
    at = directory.clock.now()
    try:
        accepted = directory.requests.change(request.id, lambda each: each.accept(by=RULE, at=at))
    except Conflict:  # somebody decided meanwhile
        return directory.requests.require(request.id)
    return settle(directory, accepted)


def rule_accepts(admission: Admission, request: AccessRequest, user: User) -> bool:
    """Tell whether the rule says yes. It never overrides an editor's no, nor lets in who agreed to other terms."""
    agreed = not admission.terms or request.asking.terms_version == admission.terms_version
    willing = user.active and admission.accepts(verified=user.verified)
    return willing and agreed and not request.refused


def settle(directory: Directory, request: AccessRequest, *, by: Person = RULE) -> AccessRequest:
    """Give the role that an accepted request is for; doing it again changes nothing."""
    at = directory.clock.now()
    directory.rosters.change(
        request.archive,
        lambda roster: roster.grant(request.user, Role.USER, by=by, at=at, request=request.id),
    )
    return directory.requests.change(request.id, lambda each: each.settle())


def settle_leftovers(directory: Directory) -> int:
    """Give the roles of requests that were accepted just before somebody died; return how many."""
    found = directory.requests.find({"unsettled": True}, limit=100)
    for request in found:
        settle(directory, request, by=request.decided_by or RULE)
    return len(found)


def _decide(
    directory: Directory,
    caller: Identity,
    archive: str,
    identifier: str,
    step: Callable[[AccessRequest], None],
) -> AccessRequest:
    require_editor(directory, caller, archive, "decide about requests")
    request = directory.requests.get(identifier)
    if request is None or request.archive != archive:  # an editor decides for their own archive only
        raise NotFound(f"archive {archive} has no request {identifier}")
    decided = directory.requests.change(identifier, step)
    return settle(directory, decided, by=caller.person) if decided.unsettled else decided
