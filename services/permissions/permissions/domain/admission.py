"""How an archive treats those who ask for access: the rule and the terms they accept."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from archive_shared.documents import Collection
from permissions.domain.act import AUDITED_FIELDS, AUDITED_INDEX, Audited
from permissions.domain.person import Person


class Handling(StrEnum):
    """What becomes of a request."""

    MANUAL = "manual"  # editors decide
    VERIFIED = "verified"  # verified users are accepted, editors decide about others
    ALL = "all"  # everybody is accepted


@dataclass(kw_only=True)
class Admission(Audited):
    """The rule of one archive; its identifier is the archive's.

    Parameters
    ----------
    terms
        What people agree to when they ask; "" for nothing.
    terms_version
        Counts the texts there have been, 0 before the first; a request names the one it accepts.
    organisations
        Identifiers of the organisations that stand behind the archive; their members get no right by that.
    """

    handling: Handling = Handling.MANUAL
    terms: str = ""
    terms_version: int = 0
    organisations: list[str] = field(default_factory=list)

    def accepts(self, *, verified: bool) -> bool:
        """Tell whether the rule alone accepts somebody."""
        return self.handling is Handling.ALL or (self.handling is Handling.VERIFIED and verified)

    def set_handling(self, handling: Handling, *, by: Person, at: datetime) -> None:
        if handling is not self.handling:
            self.handling = handling
            self.note("admission.changed", by=by, at=at, archive=self.id, handling=handling.value)

    def set_terms(self, terms: str, *, by: Person, at: datetime) -> None:
        """Change the text; those who were admitted under an earlier one stay."""
        if terms != self.terms:
            self.terms = terms
            self.terms_version += 1
            self.note("terms.changed", by=by, at=at, archive=self.id, terms_version=str(self.terms_version))

    def set_organisations(self, organisations: list[str], *, by: Person, at: datetime) -> None:
        if organisations != self.organisations:
            self.organisations = organisations
            self.note(
                "organisations.changed", by=by, at=at, archive=self.id, organisations=" ".join(organisations)
            )


ADMISSIONS = Collection("admissions", fields=AUDITED_FIELDS, indexes=[AUDITED_INDEX])
