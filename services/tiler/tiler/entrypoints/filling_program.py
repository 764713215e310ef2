"""What the slide worker starts to add levels to a slide, in a process of its own; see `archive_shared.jobs.child`."""

from archive_shared.observability import configure_logging
from archive_shared.settings import read_platform_settings
from tiler.bootstrap import NAME, filling_work
from tiler.entrypoints.slide_program import run

if __name__ == "__main__":
    settings = read_platform_settings()
    configure_logging(f"{NAME}-filling", level=settings.log_level, json=settings.log_json)
    run(filling_work(settings).run)
