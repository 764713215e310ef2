"""What `archivectl sweep` does of this service; found under the entry point group `archive.sweeps`."""

from collections.abc import Iterator
from contextlib import closing, contextmanager

from archive_shared.settings import Grace, PlatformSettings
from archive_shared.sweeping import Sweep
from tiler.bootstrap import documents, platform_sweep


@contextmanager
def sweep(settings: PlatformSettings, grace: Grace) -> Iterator[Sweep]:
    """Provide the sweep of the tiler on the stores of an installation; what it removes has no time of grace left."""
    with closing(documents(settings)) as store:
        yield platform_sweep(store, settings)
