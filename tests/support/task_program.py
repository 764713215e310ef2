"""The program of tasks in tests: does what its order says, well or badly. `python -m tests.support.task_program`."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from archive_shared.jobs.child import Report, StoreSilent, Unprocessable, run


def work(order: Mapping[str, Any], report: Report) -> Mapping[str, Any]:
    """Behave as ordered; the answer says who gave it."""
    print("libraries may print what they like")  # would be no JSON, were it on the same pipe
    if note := order.get("note_pid_in"):
        with Path(note).open("a") as file:
            file.write(f"{os.getpid()}\n")
    if order.get("start_sleeper"):
        sleeper = subprocess.Popen(["sleep", "300"])
        Path(order["start_sleeper"]).write_text(str(sleeper.pid))
    for percent in range(0, 100, 10):
        if order.get("report"):
            report.progress({"percent": percent})
        time.sleep(order.get("seconds", 0) / 10)
    if order.get("fail_in_epochs", 0) >= order["epoch"]:
        misbehave(order)
    return {"answer": order.get("answer", f"epoch {order['epoch']}")}


def misbehave(order: Mapping[str, Any]) -> None:
    if reason := order.get("refuse"):
        raise Unprocessable(reason)
    if reason := order.get("store_is_silent"):
        raise StoreSilent(reason)
    if number := order.get("signal"):
        os.kill(os.getpid(), number)
    if order.get("hoard"):
        bytearray(2**34)
    if order.get("hang"):
        signal.pause()
    sys.exit(order.get("exit", 1))


if __name__ == "__main__":
    run(work)
