"""What the worker starts for the images it shows, in a process of its own; see `archive_shared.jobs.child`.

Small images take less time than starting this, so it loads nothing that speaks to the broker or over HTTP.
"""

from collections.abc import Mapping
from typing import Any

from archive_shared.jobs import child
from archive_shared.observability import configure_logging
from archive_shared.unreadable import become_unreadable
from tiler.bootstrap import NAME
from tiler.entrypoints.slide_program import failures_in_words
from tiler.programs import confined_reading, rendering_work
from tiler.settings import read_settings

if __name__ == "__main__":
    become_unreadable()  # those who look at uploaded bytes run as the same user
    settings = read_settings()
    platform = settings.platform
    configure_logging(f"{NAME}-rendering", level=platform.log_level, json=platform.log_json)
    rendering = rendering_work(platform, confined_reading("render", settings.previews))

    def work(payload: Mapping[str, Any], report: child.Report) -> Mapping[str, Any]:
        """Make the products of one image."""
        with failures_in_words(gone="The file of the image is not there any more."):
            return rendering.run(payload)

    child.run(work)
