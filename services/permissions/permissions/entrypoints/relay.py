"""`python -m permissions.entrypoints.relay`: publishes what permissions announces."""

from archive_shared.processes import run_relay, start_logging
from permissions.bootstrap import ANNOUNCING, NAME, bootstrap
from permissions.settings import read_settings

if __name__ == "__main__":
    settings = read_settings()
    start_logging(f"{NAME}-relay", settings.platform)
    run_relay(NAME, bootstrap(settings).documents, ANNOUNCING, settings.platform)
