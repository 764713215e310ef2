"""Pictures on their pages where not all goes well: large screens, lost answers, overlays that are stored the other way round."""

from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk
from selenium.webdriver import ActionChains, Keys

from tests.support.platform import RunningPlatform
from tests.support.portal import Page, volume
from tests.support.portal_images import imported, looked_at, opened, opened_slide, shown_at
from tests.support.processes import wait_until

SLICES = ".slice-view canvas"
OVERLAY_COLOUR = 0xFF5A5A
COUNTING = """
    window.tiles = 0;
    const ask = window.fetch;
    window.fetch = (path, ...others) => {
      if (/\\/v\\/[0-9a-f]+\\/\\d+\\//.test(path)) window.tiles += 1;
      return ask(path, ...others);
    };
"""
ASKED_A_SECOND_LATER = "setTimeout(() => arguments[0](window.tiles), 1000)"
MORE_THAN_ARE_KEPT = 600
FAILING = """
    const [failing, status, delay] = arguments;
    const ask = window.fetch;
    window.fetch = async (path, ...others) => {
      if (!new RegExp(failing).test(path)) return ask(path, ...others);
      await new Promise((go) => setTimeout(go, delay));
      const problem = JSON.stringify({ title: "Lost", detail: "It is lost." });
      return new Response(problem, { status, headers: { "Content-Type": "application/problem+json" } });
    };
"""


def test_a_screen_that_sees_more_tiles_than_are_kept_comes_to_rest(
    page: Page, platform: RunningPlatform, tmp_path: Path
) -> None:
    """Tiles that were seen were forgotten for others that were seen, and fetched again, without end."""
    page.browser.set_window_size(2200, 1500)
    canvas = opened_slide(page, platform, "Large screen", tmp_path, tile=64)
    page.browser.execute_script(COUNTING)
    asked = 0

    def has_come_to_rest() -> bool:
        nonlocal asked
        before, asked = asked, page.browser.execute_async_script(ASKED_A_SECOND_LATER)
        return bool(asked == before)

    for _ in range(5):
        canvas.send_keys("+")
        wait_until(has_come_to_rest, timeout_s=60, what="all that is seen")
    assert asked > MORE_THAN_ARE_KEPT


def test_keys_with_alt_are_the_browsers_and_capitals_are_letters_too(
    page: Page, platform: RunningPlatform, tmp_path: Path
) -> None:
    canvas = opened_slide(page, platform, "Other keys", tmp_path)
    before = shown_at(page)

    taken = page.browser.execute_script(
        "return [{ key: 'ArrowLeft', altKey: true }, { key: '+', altKey: true }, { key: 'ArrowLeft' }].map((key) => "
        "!arguments[0].dispatchEvent(new KeyboardEvent('keydown', { ...key, cancelable: true })))",
        canvas,
    )
    canvas.send_keys("M")

    assert taken == [False, False, True]
    assert shown_at(page) == before
    assert page.find(".tile-tools button").get_attribute("aria-pressed") == "true"


def test_who_may_not_see_a_slide_any_more_is_told(
    page: Page, platform: RunningPlatform, tmp_path: Path
) -> None:
    canvas = opened_slide(page, platform, "Taken away", tmp_path)
    page.browser.execute_script(FAILING, "/tiles/images/", 404, 0)

    for _ in range(6):
        canvas.send_keys("+")

    page.shows("The slide could not be shown further. It is lost.")


def test_a_slice_that_fails_keeps_no_other_from_being_shown(
    page: Page, platform: RunningPlatform, tmp_path: Path
) -> None:
    opened(page, platform, "Failing slice", volume(tmp_path, "ramp.mha"))
    canvas = page.find(SLICES)
    page.shows("Axial 7 / 12")
    page.browser.execute_script(FAILING, "/z/0\\.", 500, 1500)

    canvas.send_keys(Keys.HOME)
    page.shows("Axial 1 / 12")
    before = page.picture(SLICES)
    canvas.send_keys(Keys.ARROW_DOWN)
    page.shows("Axial 2 / 12")

    wait_until(lambda: page.picture(SLICES) != before, timeout_s=20, what="the next slice")
    assert not page.find(".slice-controls .complaint").is_displayed()


def test_windows_of_values_far_from_zero_are_asked_for_as_they_are(
    page: Page, platform: RunningPlatform, tmp_path: Path
) -> None:
    ramp = np.indices((12, 40, 60)).sum(0) / 100 + 12_345_678.0
    sitk.WriteImage(sitk.GetImageFromArray(ramp), str(tmp_path / "far.mha"))
    opened(page, platform, "Far from zero", tmp_path / "far.mha")
    canvas = page.find(SLICES)

    ActionChains(page.browser).drag_and_drop_by_offset(canvas, 30, 0).perform()

    def centers() -> list[float]:
        script = "return performance.getEntriesByType('resource').map((each) => new URL(each.name).searchParams.get('center'))"
        return [float(each) for each in page.browser.execute_script(script) if each]

    wait_until(centers, timeout_s=20, what="a window by hand")
    assert all(ramp.min() < each < ramp.max() for each in centers())


def test_an_overlay_that_counts_its_slices_the_other_way_lies_where_it_belongs(
    page: Page, platform: RunningPlatform, tmp_path: Path
) -> None:
    """NIfTI has its axes towards right and front where DICOM has them towards left and back; both show one body."""
    client = platform.client()
    archive, item = imported(client, "Turned over", [volume(tmp_path, "ramp.mha")])
    mask = np.zeros((12, 40, 60), np.uint8)
    mask[8, 10:20, 10:30] = 1
    turned = sitk.GetImageFromArray(mask[::-1, ::-1].copy())
    turned.SetDirection((1, 0, 0, 0, -1, 0, 0, 0, -1))
    turned.SetOrigin((0, 39, 11))
    sitk.WriteImage(turned, str(tmp_path / "mask.mha"))
    lay_over(client, archive, item, tmp_path / "mask.mha")
    looked_at(page, platform, archive, item)
    page.set_range("[aria-label='Opacity of the overlay']", 1)

    def is_marked() -> bool:
        return OVERLAY_COLOUR in page.colours_of(SLICES)

    for number in range(7, 13):
        page.shows(f"Axial {number} / 12")
        if number == 9:  # the overlay comes after its slice
            wait_until(is_marked, timeout_s=20, what="the lesion")
        else:
            wait_until(lambda: not is_marked(), timeout_s=20, what="a slice without the lesion")
        page.find(SLICES).send_keys(Keys.ARROW_DOWN)


def lay_over(client: Any, archive: dict[str, Any], item: dict[str, Any], file: Path) -> None:
    """Add a mask to an item, to be shown with its image from the beginning."""
    segments = [{"name": "lesion", "voxel_value": 1, "visible": True}]
    lesion = {"title": "Turned lesion", "kind": "Segmentation", "overlay_segments": segments}
    socket = client.call("POST", "components/interfaces/", json=lesion)
    content = {"main": ["generic-medical-image", socket["slug"]]}
    client.call("PATCH", archive["api_url"], json={"view_content": content})
    values = [{"interface": socket["slug"], "user_uploads": [client.upload(file)]}]
    client.call("PATCH", item["api_url"], json={"values": values})

    def are_here() -> bool:
        found = client.call("GET", item["api_url"])["values"]
        return len(found) == 2 and all(
            each["image"] and client.image(each["image"])["volume"] for each in found
        )

    wait_until(are_here, timeout_s=60, what="both images")
