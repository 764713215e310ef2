"""What the slide worker starts to add levels to a slide, in a process of its own; see `archive_shared.jobs.child`."""

from archive_shared.observability import configure_logging
from archive_shared.unreadable import become_unreadable
from tiler.bootstrap import NAME
from tiler.entrypoints.slide_program import run
from tiler.programs import confined_reading, filling_work
from tiler.settings import read_settings

if __name__ == "__main__":
    become_unreadable()  # those who look at uploaded bytes run as the same user
    settings = read_settings()
    platform = settings.platform
    configure_logging(f"{NAME}-filling", level=platform.log_level, json=platform.log_json)
    reading = confined_reading("fill", settings.slides, warm=False)
    run(filling_work(platform, reading).run)
