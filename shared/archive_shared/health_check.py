"""`python -m archive_shared.health_check`: the health check of containers that serve no HTTP to clients.

It asks the process that was started with the same settings (`watching`).
"""

import sys
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

from archive_shared.settings import read_platform_settings

ANSWER_TAKES_AT_MOST_S = 12.0


def ask(port: int) -> str | None:
    """Ask a process of this machine whether it is well; return why not."""
    try:
        urlopen(f"http://127.0.0.1:{port}/readyz", timeout=ANSWER_TAKES_AT_MOST_S).close()
    except HTTPError as error:
        with error:
            return error.read().decode()
    except (URLError, TimeoutError) as error:
        return f"it does not answer: {error}"
    return None


if __name__ == "__main__":
    sys.exit(ask(read_platform_settings().watch_port))
