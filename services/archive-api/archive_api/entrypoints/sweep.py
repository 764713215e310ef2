"""What `archivectl sweep` does of this service; found under the entry point group `archive.sweeps`."""

from collections.abc import Iterator
from contextlib import closing, contextmanager

from archive_api.bootstrap import bootstrap, sweep_of
from archive_shared.settings import Grace, PlatformSettings
from archive_shared.sweeping import Sweep


@contextmanager
def sweep(settings: PlatformSettings, grace: Grace) -> Iterator[Sweep]:
    """Provide the sweep of archive-api on the stores of an installation."""
    service = bootstrap(settings)
    with closing(service.documents):
        yield sweep_of(service.library, grace)
