"""What the worker starts for the images it shows, in a process of its own; see `archive_shared.jobs.child`.

Small images take less time than starting this, so it loads nothing that speaks to the broker or over HTTP.
"""

from collections.abc import Mapping
from typing import Any

from archive_shared.errors import NotFound
from archive_shared.jobs import child
from archive_shared.observability import configure_logging
from archive_shared.unreadable import become_unreadable
from tiler.bootstrap import NAME
from tiler.domain.problems import UnreadableImage
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
        try:
            return rendering.run(payload)
        except UnreadableImage as error:
            raise child.Unprocessable(error.reason) from error
        except NotFound as error:
            raise child.Unprocessable("The file of the image is not there any more.") from error

    child.run(work)
