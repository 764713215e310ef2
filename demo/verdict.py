"""Compares every item with the files it was made from."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from demo.check import differences
from demo.client import ApiError, ArchiveClient
from demo.inputs import DemoInputs, Expected

ATTEMPTS = 3


@dataclass(frozen=True)
class Checked:
    """An item, and how its image compares with its source; no problems means equal."""

    item: str
    title: str
    state: str
    size: str
    problems: list[str]

    @property
    def outcome(self) -> str:
        return "; ".join(self.problems) or "pixels and geometry equal"


def check_items(
    client: ArchiveClient, items: Sequence[dict[str, Any]], inputs: DemoInputs, folder: Path
) -> list[Checked]:
    """Wait for the preview of every image, download it, and compare it with its source."""
    folder.mkdir()
    return [_check(client, item, inputs, folder) for item in items]


def _check(client: ArchiveClient, item: dict[str, Any], inputs: DemoInputs, folder: Path) -> Checked:
    image = client.wait_for_preview(item["values"][0]["image"])
    present = client.call("GET", item["api_url"])
    size = " × ".join(str(length) for length in reversed(image["shape_without_color"]))
    return Checked(
        present["pk"], present["title"], present["state"], size, _problems(client, image, inputs, folder)
    )


def _problems(client: ArchiveClient, image: dict[str, Any], inputs: DemoInputs, folder: Path) -> list[str]:
    expected = _expected(image, inputs)
    if expected is None:
        return [f"nobody expected an image of {image['sources']}"]
    file = _downloaded(client, image["api_url"], folder)
    return differences(expected.read_source(), expected.read_canonical(file))


def _downloaded(client: ArchiveClient, url: str, folder: Path) -> Path:
    """Download an image; that of a slide is replaced by one with all levels once, maybe just now."""
    for _ in range(ATTEMPTS - 1):
        with suppress(ApiError):
            return _download(client, url, folder)
    return _download(client, url, folder)


def _download(client: ArchiveClient, url: str, folder: Path) -> Path:
    address = client.wait_for_files(url)["files"][0]["file"]
    return client.download(address, folder / address.rsplit("/", 1)[-1])


def _expected(image: dict[str, Any], inputs: DemoInputs) -> Expected | None:
    sources = frozenset(image["sources"])
    return next((expected for expected in inputs.expected if expected.sources == sources), None)
