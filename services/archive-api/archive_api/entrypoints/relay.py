"""`python -m archive_api.entrypoints.relay`: publishes what archives and items announce."""

from archive_api.bootstrap import ANNOUNCING, NAME, connect
from archive_shared.processes import run_relay, start_logging
from archive_shared.settings import read_platform_settings

if __name__ == "__main__":
    settings = read_platform_settings()
    start_logging(f"{NAME}-relay", settings)
    run_relay(NAME, connect(settings), ANNOUNCING, settings)
