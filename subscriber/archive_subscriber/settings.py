"""The one setting: where the broker is. Read when a subscription is made without a `url`."""

import os

VARIABLE = "ARCHIVE_BUS_URL"


def read_bus_url() -> str:
    """Return what ARCHIVE_BUS_URL says; raise `KeyError` when it says nothing."""
    return os.environ[VARIABLE]
