"""The words of texts, as people search for them: in lower case, without accents, of every script."""

import re
import unicodedata

LONGEST_WORD = 40
SHORTEST_PREFIX, LONGEST_PREFIX = 2, 12
MOST_WORDS = 400
"""Of one text: what comes after them is not found by search."""

_WORD = re.compile(r"\w+", re.UNICODE)


def words(text: str) -> list[str]:
    """Return the different words of a text in the order of their first appearance."""
    plain = "".join(
        character
        for character in unicodedata.normalize("NFKD", text).casefold()
        if not unicodedata.combining(character)
    )
    found = (part[:LONGEST_WORD] for word in _WORD.findall(plain) for part in word.split("_") if part)
    return list(dict.fromkeys(found))[:MOST_WORDS]


def prefixes(text: str) -> list[str]:
    """Return the words and their beginnings, so that who types finds before the word is complete."""
    found: dict[str, None] = {}
    for word in words(text):
        found |= dict.fromkeys([word[:length] for length in range(SHORTEST_PREFIX, LONGEST_PREFIX)])
        found[word] = None
    return list(found)
