"""`python -m ingest_worker.entrypoints.relay`: publishes events, and hints that sessions wait."""

from archive_shared.processes import run_relay, start_logging
from ingest_worker.bootstrap import ANNOUNCING, JOBS, NAME, documents
from ingest_worker.settings import read_settings

if __name__ == "__main__":
    settings = read_settings().platform
    start_logging(f"{NAME}-relay", settings)
    run_relay(NAME, documents(settings), ANNOUNCING, settings, jobs=JOBS)
