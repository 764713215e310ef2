"""Publications by their identifiers."""

import re

_DOI = re.compile(r"10\.\d{4,9}/[-._;()/:a-z0-9+<>#%@&=\[\]]+")
_ARXIV = re.compile(r"(?:arxiv:)?(\d{4}\.\d{4,5}(?:v\d+)?)")
_PREFIXES = ("https://doi.org/", "http://doi.org/", "https://arxiv.org/abs/", "doi:")


def publication(text: str) -> str | None:
    """Return a DOI or arXiv number in its one spelling (lower case, without address), None for anything else."""
    matched = _ARXIV.fullmatch(_plain(text))
    return matched[1] if matched else doi(text)


def doi(text: str) -> str | None:
    """Return a DOI in its one spelling, None for anything else."""
    plain = _plain(text)
    return plain if _DOI.fullmatch(plain) else None


def _plain(text: str) -> str:
    plain = text.strip().lower()
    for prefix in _PREFIXES:
        plain = plain.removeprefix(prefix)
    return plain


def publication_link(identifier: str) -> str:
    """Return where a publication can be read."""
    return f"https://doi.org/{identifier}" if "/" in identifier else f"https://arxiv.org/abs/{identifier}"
