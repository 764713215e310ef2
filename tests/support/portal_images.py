"""Volumes, pictures and slides on the page of their item, for tests of how they are looked at."""

from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from selenium.webdriver.remote.webelement import WebElement

from demo.client import ArchiveClient
from tests.support.platform import RunningPlatform
from tests.support.portal import Page
from tests.support.processes import wait_until


def opened_slide(
    page: Page, platform: RunningPlatform, title: str, folder: Path, *, tile: int = 256
) -> WebElement:
    """Import a slide into an archive of its own, and look at its item; return the canvas that shows it."""
    client = platform.client()
    archive = client.create_archive(title)
    session = client.start_session([client.upload(slide(folder, tile))], archive=archive["pk"])
    assert client.wait_for_session(session["pk"])["status"] == "Succeeded"
    (item,) = client.wait_for_items(archive["pk"], 1)
    wait_until(lambda: client.image(item["values"][0]["image"])["tiles"], timeout_s=60, what="tiles")
    page.sign_in(platform.token)
    page.shows(title)
    page.open(f"/archives/{archive['slug']}/items/{item['pk']}/")
    canvas = page.find(".tile-view canvas")
    wait_until(lambda: page.colours(".tile-view canvas") > 1000, timeout_s=20, what="tiles on the canvas")
    return canvas


AXES = (("x", "width"), ("y", "height"))


def shown_at(page: Page) -> float:
    """Return the magnification that the caption tells."""
    (caption,) = page.texts(".tile-view .slice-caption")
    return float(caption.partition("Shown at ")[2].rstrip("×"))


def touch(page: Page, kind: str, *fingers: tuple[int, int]) -> None:
    points = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(fingers)]
    page.browser.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


def slide(folder: Path, tile: int) -> Path:
    """Write a pyramid of 4096 × 3072 pixels with three levels, in tiles of so many pixels."""
    file = folder / "slide.tif"
    rows, columns = np.indices((3072, 4096))
    pixels = np.stack([rows // 12 % 256, columns // 16 % 256, (rows + columns) % 256], -1).astype(np.uint8)
    with tifffile.TiffWriter(file) as writer:
        for step in (1, 2, 4):
            writer.write(
                pixels[::step, ::step],
                tile=(tile, tile),
                photometric="rgb",
                compression="jpeg",
                resolution=(20000 / step, 20000 / step),
                resolutionunit="CENTIMETER",
                subfiletype=int(step > 1),
            )
    return file


def opened(page: Page, platform: RunningPlatform, title: str, file: Path) -> None:
    """Import one file into an archive of its own, and look at its item."""
    archive, item = imported(platform.client(), title, [file])
    looked_at(page, platform, archive, item)


def imported(client: ArchiveClient, title: str, files: list[Path]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a new archive and its item, made of the files of one volume, once it can be looked at."""
    archive = client.create_archive(title)
    session = client.start_session([client.upload(file) for file in files], archive=archive["pk"])
    assert client.wait_for_session(session["pk"])["status"] == "Succeeded"
    (item,) = client.wait_for_items(archive["pk"], 1)
    wait_until(lambda: client.image(item["values"][0]["image"])["volume"], timeout_s=60, what="a preview")
    return archive, item


def looked_at(page: Page, platform: RunningPlatform, archive: dict[str, Any], item: dict[str, Any]) -> None:
    """Open the page of an item, and wait for its first slice."""
    page.sign_in(platform.token)
    page.shows("New archive")
    page.open(f"/archives/{archive['slug']}/items/{item['pk']}/")
    wait_until(lambda: page.colours(".slice-view canvas") > 10, timeout_s=60, what="a slice")
