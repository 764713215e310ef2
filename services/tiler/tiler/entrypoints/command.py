"""The command `tiler`, whose process is prepared before anything large is loaded."""

import atexit
import gc
import os

_ALLOCATIONS_BETWEEN_COLLECTIONS = 50_000


def main() -> None:
    prepare_process()
    from tiler.entrypoints.cli import main as command  # noqa: PLC0415

    command()


def prepare_process() -> None:
    """Suit a process that converts one slide and ends.

    Loading modules makes no garbage, but looking for it takes Python a tenth of that time; nor does a process that ends have to look for it
    among all that it has loaded. And linear algebra inside NumPy, which nothing
    here uses, would start a thread for each processor: these spin for a while, which costs a short conversion a tenth of its time.
    """
    gc.set_threshold(_ALLOCATIONS_BETWEEN_COLLECTIONS)
    atexit.register(gc.freeze)
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
