"""Keeps the linear algebra inside numpy, which nothing here uses, from starting a thread for each processor."""

import os


def without_algebra_threads() -> None:
    """To be called before numpy is loaded, by this process or by programs that it starts.

    The threads spin for a while, which costs a short conversion a tenth of its time, and each takes address space, of
    which the worker's programs have a limited amount.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
