"""Organisations people belong to. Belonging to one gives no right on any archive."""

import re
from dataclasses import dataclass
from datetime import datetime

from archive_shared.documents import Collection
from archive_shared.errors import Invalid
from permissions.domain.act import AUDITED_FIELDS, AUDITED_INDEX, Audited

_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,49}")


@dataclass(kw_only=True)
class Organisation(Audited):
    """A hospital, a university, a company.

    Parameters
    ----------
    slug
        Its name in addresses; never changes.
    """

    slug: str
    title: str
    website: str
    created_at: datetime


ORGANISATIONS = Collection(
    "organisations",
    fields={"slug": "slug", "title": "title", **AUDITED_FIELDS},
    unique=[("slug",)],
    indexes=[("title",), AUDITED_INDEX],
)


def checked_slug(text: str) -> str:
    """Return the slug; raise `Invalid` unless it is made of 1 to 50 small letters, digits and hyphens."""
    if not _SLUG.fullmatch(text):
        raise Invalid({"slug": ["Use 1 to 50 small letters, digits and hyphens, a letter or digit first."]})
    return text
