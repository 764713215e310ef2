"""Organisations people belong to. Belonging to one gives no right on any archive."""

import re
from collections.abc import Mapping
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
    country
        Two capital letters (ISO 3166-1), "" for unknown.
    logo
        Where its logo is, "" for none.
    page
        What it says of itself, as markdown.
    """

    slug: str
    title: str
    website: str = ""
    created_at: datetime
    country: str = ""
    logo: str = ""
    page: str = ""

    def describe(self, about: Mapping[str, str]) -> None:
        """Change what is named: title, website, country, logo, page."""
        self.title = about.get("title", self.title)
        self.website = about.get("website", self.website)
        self.country = about.get("country", self.country)
        self.logo = about.get("logo", self.logo)
        self.page = about.get("page", self.page)

    def matches(self, words: set[str]) -> bool:
        """Tell whether each of the words, in lower case, begins one of those of its title or slug."""
        own = words_of(f"{self.title} {self.slug}")
        return all(any(each.startswith(word) for each in own) for word in words)


ORGANISATIONS = Collection(
    "organisations",
    fields={"slug": "slug", "title": "title", **AUDITED_FIELDS},
    unique=[("slug",)],
    indexes=[("title",), AUDITED_INDEX],
)


def words_of(text: str) -> list[str]:
    """Return the words of a text in lower case, without what is between them."""
    return re.findall(r"\w+", text.casefold())


def checked_slug(text: str) -> str:
    """Return the slug; raise `Invalid` unless it is made of 1 to 50 small letters, digits and hyphens."""
    if not _SLUG.fullmatch(text):
        raise Invalid({"slug": ["Use 1 to 50 small letters, digits and hyphens, a letter or digit first."]})
    return text
