"""large_image serving tiles of one slide, run by the interpreter that has it; places come in and times go out as JSON."""

import importlib
import json
import sys
import time
from base64 import b64encode
from typing import Any


def main() -> None:
    """Serve as Girder does: the source is open, tiles are JPEG in the size they are stored in."""
    large_image: Any = importlib.import_module(
        "large_image"
    )  # not in our own environment, so nobody knows its types
    asked = json.load(sys.stdin)
    source = large_image.open(asked["slide"], noCache=True)
    last = source.levels - 1
    source.getTile(0, 0, last)
    times, used = [], time.process_time()
    for x, y in asked["places"]:
        started = time.perf_counter()
        source.getTile(x, y, last)
        times.append(1000 * (time.perf_counter() - started))
    used = time.process_time() - used
    bodies = [
        b64encode(source.getTile(x, y, last)).decode() for x, y in asked["places"][: asked["looked_at"]]
    ]
    json.dump({"times_ms": times, "cpu_s": used, "bodies": bodies}, sys.stdout)


if __name__ == "__main__":
    main()
