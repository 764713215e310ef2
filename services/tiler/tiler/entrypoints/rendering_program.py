"""What the worker starts for each image, in a process of its own; see `archive_shared.jobs.child`.

Small images take less time than starting this, so it loads nothing that speaks to the broker or over HTTP.
"""

from collections.abc import Mapping
from typing import Any

from archive_shared.errors import NotFound
from archive_shared.jobs import child
from archive_shared.observability import configure_logging
from archive_shared.settings import read_platform_settings
from tiler.bootstrap import NAME, rendering_work
from tiler.domain.problems import UnreadableImage

if __name__ == "__main__":
    settings = read_platform_settings()
    configure_logging(f"{NAME}-rendering", level=settings.log_level, json=settings.log_json)
    rendering = rendering_work(settings)

    def work(payload: Mapping[str, Any], report: child.Report) -> Mapping[str, Any]:
        """Make the products of one image."""
        try:
            return rendering.run(payload)
        except UnreadableImage as error:
            raise child.Unprocessable(error.reason) from error
        except NotFound as error:
            raise child.Unprocessable("The file of the image is not there any more.") from error

    child.run(work)
