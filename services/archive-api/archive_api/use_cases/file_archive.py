"""Finds what archives are filed under: modalities and structures by name or slug, organisations by name or address.

A word nobody keeps is taken as it is. An organisation that was named by its address is linked, under the name it has then;
that gives its people no right, and nothing about the archive is shown there.
"""

import re
from collections.abc import Mapping
from typing import Any

from archive_api.domain.archive import ArchiveSettings
from archive_api.domain.vocabulary import TermKind
from archive_api.use_cases.keep_terms import term_names
from archive_api.use_cases.library import Library
from archive_shared.errors import Invalid, NotFound

_ADDRESS = re.compile(r"(?:https?://[^/?#]+)?/api/v1/organisations/([0-9a-f-]{36})/")
_NOWHERE = ArchiveSettings(title="")


def filed(
    library: Library, token: str | None, wanted: Mapping[str, Any], present: ArchiveSettings = _NOWHERE
) -> dict[str, Any]:
    """Return the settings an archive is filed by, of those that are wanted.

    Parameters
    ----------
    present
        What the archive has: names that were linked stay so when they are sent again as names.

    Raises
    ------
    Invalid
        An address is that of no organisation the caller sees.
    """
    found: dict[str, Any] = {
        kind.value: term_names(library, kind, wanted[kind.value]) for kind in TermKind if kind.value in wanted
    }
    if "organizations" in wanted:
        named = _organisations(library, token, wanted["organizations"], present)
        found |= {"organizations": list(named), "organization_pks": list(named.values())}
    return found


def _organisations(
    library: Library, token: str | None, wanted: list[str], present: ArchiveSettings
) -> dict[str, str]:
    """Return the identifiers of organisations by name, "" for one that is only a name."""
    linked, named = present.organisations_by_name, {}
    for each in wanted:
        pk = _organisation_in(each)
        if pk is None:
            named[each] = linked.get(each, "")
            continue
        try:
            named[library.organisation_title(token, pk)] = pk
        except NotFound as error:
            raise Invalid({"organizations": [f"There is no organisation {pk}."]}) from error
    return named


def _organisation_in(text: str) -> str | None:
    """Return which organisation an address names, None for what is a name itself."""
    matched = _ADDRESS.fullmatch(text)
    return matched[1] if matched else None
