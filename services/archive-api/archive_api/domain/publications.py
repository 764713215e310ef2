"""Publications by their identifiers."""

import re

_DOI = re.compile(r"10\.\d{4,9}/[-._;()/:a-z0-9+<>#%@&=\[\]]+")
_ARXIV = re.compile(r"(?:arxiv:)?(\d{4}\.\d{4,5}(?:v\d+)?)")
_PMID = re.compile(r"pmid:? ?([1-9]\d{0,8})")
_PREFIXES = ("https://doi.org/", "http://doi.org/", "https://dx.doi.org/", "https://arxiv.org/abs/", "doi:")
_PUBMED = "https://pubmed.ncbi.nlm.nih.gov/"


def publication(text: str) -> str | None:
    """Return a DOI, arXiv or PubMed number in its one spelling, None for anything else.

    That is in lower case and without an address; a PubMed number has `pmid:` before it, for it is nothing but digits.
    """
    plain = _plain(text)
    if arxiv := _ARXIV.fullmatch(plain):
        return arxiv[1]
    if pmid := _PMID.fullmatch(plain):
        return f"pmid:{pmid[1]}"
    return doi(text)


def doi(text: str) -> str | None:
    """Return a DOI in its one spelling, None for anything else."""
    plain = _plain(text)
    return plain if _DOI.fullmatch(plain) else None


def _plain(text: str) -> str:
    plain = text.strip().lower()
    for prefix in _PREFIXES:
        plain = plain.removeprefix(prefix)
    if plain.startswith(_PUBMED):
        return f"pmid:{plain.removeprefix(_PUBMED).rstrip('/')}"
    return plain


def publication_link(identifier: str) -> str:
    """Return where a publication can be read."""
    if identifier.startswith("pmid:"):
        return f"{_PUBMED}{identifier.removeprefix('pmid:')}/"
    return f"https://doi.org/{identifier}" if "/" in identifier else f"https://arxiv.org/abs/{identifier}"
