"""Where an operator's command finds bus and documents."""

from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

from archive_shared.errors import NotFound
from archive_shared.messaging.embedded import broker_file, is_embedded
from archive_shared.settings import StoreAddresses

DEFAULT_FOLDER = Path("data")


def choose_addresses(folder: Path | None, named: StoreAddresses) -> StoreAddresses:
    """Return those of a folder when one is given, else those the environment names, and of `./data` what it does not.

    Raises
    ------
    NotFound
        There is no bus in that place.
    """
    kept = addresses_in((folder or DEFAULT_FOLDER).resolve())
    chosen = kept
    if folder is None:
        chosen = replace(
            named,
            documents_url=named.documents_url or kept.documents_url,
            bus_url=named.bus_url or kept.bus_url,
            blobs_url=named.blobs_url or kept.blobs_url,
        )
    if is_embedded(chosen.bus_url) and not broker_file(chosen.bus_url).exists():
        missing = broker_file(chosen.bus_url)
        raise NotFound(f"There is no {missing}: name the platform's folder (--data), or set ARCHIVE_BUS_URL.")
    return chosen


def addresses_in(folder: Path) -> StoreAddresses:
    """Return where a platform on one machine keeps things, as `archive_gateway.data_folder` has it (a test compares)."""
    return StoreAddresses(
        documents_url=f"sqlite:///{folder / 'documents'}",
        bus_url=f"sqlite:///{folder / 'bus.db'}",
        blobs_url=f"file://{quote(str(folder / 'blobs'))}",
    )
