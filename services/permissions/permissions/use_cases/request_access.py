"""Asks for access to an archive, and takes the question back."""

from archive_shared.errors import Conflict, Duplicate, Invalid, NotFound
from permissions.domain.admission import Admission
from permissions.domain.identity import Identity
from permissions.domain.request import AccessRequest, Asking, request_id
from permissions.use_cases.change_admission import show_admission
from permissions.use_cases.close_archive import close_archive
from permissions.use_cases.decide_requests import reconsider, rule_accepts, settle
from permissions.use_cases.directory import Directory


def request_access(directory: Directory, caller: Identity, archive: str, asking: Asking) -> AccessRequest:
    """Ask for the role of a user; the rule of the archive may say yes at once.

    Raises
    ------
    NotFound
        There is no such archive.
    Invalid
        The terms are not accepted, or not in the version they have now.
    Conflict
        The caller has a role, has asked already, or was told no, or took it back too often, a short while ago.
    """
    admission = show_admission(directory, archive)
    if directory.rosters.require(archive).of(caller.id):
        raise Conflict("You have a role on this archive already.")
    _check_terms(admission, asking)
    asked = _ask(directory, caller, admission, asking)
    if directory.rosters.require(archive).closed:  # deleted while it was being stored
        close_archive(directory, archive)
        raise NotFound(f"archive {archive} was deleted")
    if asked.unsettled:
        return settle(directory, asked)
    return reconsider(directory, asked)  # the rule may have changed while it was being stored


def own_request(directory: Directory, caller: Identity, archive: str) -> AccessRequest | None:
    """Return what the caller asked of this archive last."""
    return directory.requests.get(request_id(archive, caller.id))


def list_own_requests(
    directory: Directory, caller: Identity, *, skip: int, limit: int
) -> tuple[int, list[AccessRequest]]:
    """Return how many archives the caller ever asked, and a page of what they asked, newest first."""
    mine = {"user": caller.id}
    found = directory.requests.find(mine, sort=[("requested_at", -1)], skip=skip, limit=limit)
    return directory.requests.count(mine), found


def withdraw_request(directory: Directory, caller: Identity, archive: str, identifier: str) -> AccessRequest:
    """Take one's own question back while it is pending."""
    request = directory.requests.get(identifier)
    if request is None or request.archive != archive or request.user.id != caller.id:
        raise NotFound(f"request {identifier} may not be seen")
    at = directory.clock.now()
    return directory.requests.change(identifier, lambda each: each.withdraw(by=caller.person, at=at))


def _ask(directory: Directory, caller: Identity, admission: Admission, asking: Asking) -> AccessRequest:
    now, cool_down = directory.clock.now(), directory.rules.cool_down

    def answer(request: AccessRequest) -> None:
        if rule_accepts(admission, request, caller.user):
            request.accept_at_once(at=now)
        else:
            request.put_before_editors(at=now)

    def ask_again(request: AccessRequest) -> None:
        request.ask_again(asking, at=now, cool_down=cool_down)
        answer(request)

    identifier = request_id(admission.id, caller.id)
    if directory.requests.get(identifier) is not None:
        return directory.requests.change(identifier, ask_again)
    first = AccessRequest.make(archive=admission.id, user=caller.person, asking=asking, at=now)
    answer(first)
    try:
        return directory.requests.add(first)
    except Duplicate as error:  # the same person pressed twice
        raise Conflict("You have asked already.") from error


def _check_terms(admission: Admission, asking: Asking) -> None:
    if admission.terms and asking.terms_version != admission.terms_version:
        raise Invalid({"terms_version": [f"Accept the terms in version {admission.terms_version}."]})
