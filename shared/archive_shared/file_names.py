"""Names of files as texts beside them spell them: scanners write those on Windows, where case makes no difference."""

import unicodedata


def as_called(name: str) -> str:
    """Return what names have in common that differ in case, or in how an accented letter is made: of one character or of two."""
    return unicodedata.normalize("NFC", name).casefold()
