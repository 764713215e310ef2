"""`make demo`: start the platform on a temporary folder, import one of everything, prove it arrived unchanged.

Exits 0 only if every image is there, equals its source in pixels and geometry, and was announced.
"""

import sys
import tempfile
from pathlib import Path

from tqdm import tqdm

from demo.client import ArchiveClient
from demo.inputs import DemoInputs, make_demo_inputs
from demo.platform import RunningDemo, running_demo
from demo.subscriber import Subscriber
from demo.table import print_table
from demo.verdict import Checked, check_items


def main() -> int:
    """Run the demo and return the exit code."""
    with tempfile.TemporaryDirectory(prefix="archive-demo-") as folder:
        print("Making a CT series, volumes, a photograph, a slide and a broken file …")
        inputs = make_demo_inputs(Path(folder) / "inputs")
        print("Starting the platform …")
        with running_demo(Path(folder) / "data") as platform:
            return _demonstrate(platform, inputs, Path(folder))


def _demonstrate(platform: RunningDemo, inputs: DemoInputs, folder: Path) -> int:
    print(f"Ready at {platform.address} after {platform.ready_after_s:.1f} s.\n")
    client = ArchiveClient(platform.address, platform.token)
    with Subscriber(platform.bus_url) as subscriber:
        archive = client.create_archive("Demo archive", logo=inputs.logo, public=True)["pk"]
        session = client.wait_for_session(_send(client, archive, inputs)["pk"], timeout_s=300)
        items = client.wait_for_items(archive, len(inputs.expected), timeout_s=120)
        announced = subscriber.wait_for(len(items), timeout_s=60)
    checked = check_items(client, items, inputs, folder / "downloads")
    _report(checked, session, announced)
    return 0 if _is_right(checked, session, announced, inputs) else 1


def _send(client: ArchiveClient, archive: str, inputs: DemoInputs) -> dict[str, str]:
    total_bytes = sum(file.stat().st_size for file in inputs.files)
    with tqdm(total=total_bytes, unit="B", unit_scale=True, desc="Uploading") as bar:
        uploads = [client.upload(file, bar.update) for file in inputs.files]
    print("Importing …")
    return client.start_session(uploads, archive=archive)


def _report(checked: list[Checked], session: dict[str, object], announced: list[dict[str, str]]) -> None:
    print_table(
        ["item", "state", "size", "compared with its source"],
        [[each.title, each.state, each.size, each.outcome] for each in checked],
    )
    print_table(
        ["refused file", "why"],
        [[entry["file"], " ".join(entry["reasons"])] for entry in session["report"]["rejected"]],  # type: ignore[index]  # JSON
    )
    print_table(["event heard by a subscriber", "item"], [[each["type"], each["title"]] for each in announced])


def _is_right(
    checked: list[Checked], session: dict[str, object], announced: list[dict[str, str]], inputs: DemoInputs
) -> bool:
    rejected = [entry["file"] for entry in session["report"]["rejected"]]  # type: ignore[index]  # JSON
    return (
        len(checked) == len(inputs.expected)
        and all(each.equal for each in checked)
        and rejected == [inputs.corrupt.name]
        and {each["item"] for each in announced} == {each.item for each in checked}
    )


if __name__ == "__main__":
    sys.exit(main())
