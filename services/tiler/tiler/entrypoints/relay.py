"""`python -m tiler.entrypoints.relay`: publishes events, and hints that images wait to be rendered."""

from archive_shared.processes import run_relay, start_logging
from archive_shared.settings import read_platform_settings
from tiler.bootstrap import ANNOUNCING, JOBS, NAME, documents

if __name__ == "__main__":
    settings = read_platform_settings()
    start_logging(f"{NAME}-relay", settings)
    run_relay(NAME, documents(settings), ANNOUNCING, settings, jobs=JOBS)
