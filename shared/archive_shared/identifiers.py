"""Identifiers: random ones for new things, derived ones where doing it twice must give the same thing."""

import uuid

_NAMESPACE = uuid.UUID("5b5f2a4e-4f0c-5d0e-9f0e-6d1f3c9a7e21")


def new_id() -> str:
    """Return a new random identifier (UUID version 4, as text)."""
    return str(uuid.uuid4())


def derived_id(*parts: str) -> str:
    """Return the identifier that always belongs to these parts (UUID version 5, RFC 9562 section 5.5).

    Idempotent effects use it: a message delivered twice derives the same identifier and finds the work done.
    """
    return str(uuid.uuid5(_NAMESPACE, "\x1f".join(parts)))


def is_id(text: str) -> bool:
    """Tell whether the text is an identifier in its canonical spelling."""
    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return False
