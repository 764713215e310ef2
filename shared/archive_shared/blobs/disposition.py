"""The header that tells a browser under which name to save what it downloads."""

from urllib.parse import quote


def attachment(filename: str) -> str:
    """Return a Content-Disposition that saves under this name (RFC 6266, RFC 8187); ASCII, whatever the name.

    Old clients read the first spelling, where everything but safe ASCII became an underscore.
    """
    plain = "".join(c if c.isascii() and (c.isalnum() or c in " ._-") else "_" for c in filename)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(filename, safe='', errors='replace')}"
