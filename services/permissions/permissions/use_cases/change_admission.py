"""Shows and changes the rule by which an archive admits people."""

from contextlib import suppress
from dataclasses import dataclass

from archive_shared.errors import Duplicate
from permissions.domain.admission import Admission, Handling
from permissions.domain.identity import Identity
from permissions.use_cases.authority import require_editor, require_open
from permissions.use_cases.decide_requests import apply_rule_to_pending
from permissions.use_cases.directory import Directory
from permissions.use_cases.manage_organisations import check_organisations


def admission_of(directory: Directory, archive: str) -> Admission:
    """Return the rule of an archive; an archive that never changed it has the one that new archives have."""
    return directory.admissions.get(archive) or Admission(id=archive)


def show_admission(directory: Directory, archive: str) -> Admission:
    """Return the rule of an archive, for everybody who has its exact address; raise `NotFound` for no archive."""
    require_open(directory, archive)
    return admission_of(directory, archive)


@dataclass(frozen=True, kw_only=True)
class AdmissionChange:
    """What an editor wants of the rule; None leaves it as it is."""

    handling: Handling | None = None
    terms: str | None = None
    organisations: list[str] | None = None


def change_admission(
    directory: Directory, caller: Identity, archive: str, wanted: AdmissionChange
) -> Admission:
    """Change the rule, or the terms; for editors. Requests that are pending are looked at again by the new rule."""
    require_editor(directory, caller, archive, "change admission")
    by, at = caller.person, directory.clock.now()
    check_organisations(directory, wanted.organisations or ())
    with suppress(Duplicate):
        directory.admissions.add(Admission(id=archive))

    def apply(admission: Admission) -> None:
        if wanted.handling is not None:
            admission.set_handling(wanted.handling, by=by, at=at)
        if wanted.terms is not None:
            admission.set_terms(wanted.terms, by=by, at=at)
        if wanted.organisations is not None:
            admission.set_organisations(wanted.organisations, by=by, at=at)

    changed = directory.admissions.change(archive, apply)
    apply_rule_to_pending(directory, changed)
    return changed
