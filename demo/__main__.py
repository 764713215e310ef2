"""`make demo`: start the platform on a temporary folder, import one of everything, prove it arrived unchanged.

Exits 0 only if every image is there, equals its source in pixels and geometry, has a preview, was announced once
to a subscriber, and exactly the broken file was refused.
"""

import sys
import tempfile
from pathlib import Path
from typing import Any

from tqdm import tqdm

from archive_shared.events import ItemCreated
from demo.client import ArchiveClient
from demo.inputs import DemoInputs, make_demo_inputs
from demo.platform import RunningDemo, running_demo
from demo.subscriber import Subscriber
from demo.table import print_table
from demo.verdict import Checked, check_items


def main() -> int:
    """Run the demo and return the exit code."""
    with tempfile.TemporaryDirectory(prefix="archive-demo-") as folder:
        print("Making a CT series, volumes, a photograph, a slide and a broken file ...", flush=True)
        inputs = make_demo_inputs(Path(folder) / "inputs")
        print("Starting the platform ...", flush=True)
        with running_demo(Path(folder) / "data") as platform:
            print(f"Ready at {platform.address} after {platform.ready_after_s:.1f} s.", flush=True)
            return _demonstrate(platform, inputs, Path(folder))


def _demonstrate(platform: RunningDemo, inputs: DemoInputs, folder: Path) -> int:
    with ArchiveClient(platform.address, platform.token) as client:
        return _import_and_check(client, platform, inputs, folder)


def _import_and_check(client: ArchiveClient, platform: RunningDemo, inputs: DemoInputs, folder: Path) -> int:
    with Subscriber(platform.bus_url) as subscriber:
        archive = client.create_archive("Demo archive", logo=inputs.logo, public=True)["pk"]
        session = client.wait_for_session(_send(client, archive, inputs)["pk"], timeout_s=300)
        items = client.wait_for_items(archive, len(session["report"]["images"]), timeout_s=120)
        announced = subscriber.wait_for(len(items), timeout_s=60)
    checked = check_items(client, items, inputs, folder / "downloads")
    wrong = _wrong(checked, session, announced, inputs)
    _report(checked, session, announced)
    print("\n" + ("\n".join(wrong) or f"All {len(checked)} images arrived unchanged."))
    return 1 if wrong else 0


def _send(client: ArchiveClient, archive: str, inputs: DemoInputs) -> dict[str, Any]:
    total_bytes = sum(file.stat().st_size for file in inputs.files)
    with tqdm(total=total_bytes, unit="B", unit_scale=True, desc="Uploading") as bar:
        uploads = [client.upload(file, bar.update) for file in inputs.files]
    print("Importing ...", flush=True)
    return client.start_session(uploads, archive=archive)


def _wrong(
    checked: list[Checked], session: dict[str, Any], announced: list[ItemCreated], inputs: DemoInputs
) -> list[str]:
    """Tell everything that is not as it should be."""
    rejected = [entry["file"] for entry in session["report"]["rejected"]]
    heard = sorted(event.item for event in announced)
    checks = {
        f"{len(inputs.expected)} items were expected": len(checked) == len(inputs.expected),
        "an image differs from its source": not any(each.problems for each in checked),
        f"only {inputs.corrupt.name} was to be refused": rejected == [inputs.corrupt.name],
        "not every item was announced exactly once": heard == sorted(each.item for each in checked),
    }
    return [f"WRONG: {claim}" for claim, holds in checks.items() if not holds]


def _report(checked: list[Checked], session: dict[str, Any], announced: list[ItemCreated]) -> None:
    rows = [[each.title, each.state, each.size, each.outcome] for each in checked]
    print_table("Items", ["title", "state", "size", "compared with its source"], rows)
    refused = [[entry["file"], " ".join(entry["reasons"])] for entry in session["report"]["rejected"]]
    print_table("Refused files", ["file", "why"], refused)
    heard = [[event.TYPE, event.item, event.title] for event in announced]
    print_table("Heard by a subscriber", ["event", "item", "title"], heard)


if __name__ == "__main__":
    sys.exit(main())
