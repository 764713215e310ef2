"""A scanner's slide on its page, in a browser: while it is converted, and afterwards."""

from pathlib import Path

from tests.support import slide_files
from tests.support.platform import RunningPlatform
from tests.support.portal import Page
from tests.support.processes import paused, wait_until


def test_a_slide_shows_its_conversion_its_scale_and_to_editors_its_label(
    page: Page, platform: RunningPlatform, tmp_path: Path
) -> None:
    client = platform.client()
    slide = slide_files.aperio_slide(tmp_path / "slide.svs")
    archive = client.call("POST", "archives/", json={"title": "Glass", "keep_labels": True})
    page.sign_in(platform.token)
    page.shows("New archive")

    with paused(platform.pids()["tiler-slide-worker"]):
        session = client.start_session([client.upload(slide.path)], archive=archive["pk"])
        assert client.wait_for_session(session["pk"])["status"] == "Succeeded"
        (item,) = client.wait_for_items(archive["pk"], 1)
        page.open(f"/archives/{archive['slug']}/items/{item['pk']}/")
        page.shows("Waiting to be converted", timeout_s=60)

    wait_until(lambda: page.colours(".tile-view canvas") > 1000, timeout_s=90, what="tiles on the canvas")
    page.shows("Scanned at")
    page.find(".kept summary", timeout_s=60).click()
    wait_until(lambda: page.picture_is_drawn(".album img[alt=Label]"), timeout_s=30, what="the label")
