"""Volumes, pictures and slides on their pages, in a browser: turned over, windowed, measured, and laid over one another."""

import re
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from PIL import Image
from selenium.webdriver import ActionChains, Keys
from selenium.webdriver.support.select import Select

from demo.imaging import anatomy, write_dicom_series
from tests.support.platform import RunningPlatform
from tests.support.portal import Page, volume
from tests.support.portal_images import AXES, imported, looked_at, opened, opened_slide, shown_at, touch
from tests.support.processes import wait_until


def test_a_slide_can_be_zoomed_into(page: Page, platform: RunningPlatform, tmp_path: Path) -> None:
    canvas = opened_slide(page, platform, "Slides", tmp_path)

    assert max(requested_zooms(page)) < FULL_RESOLUTION
    for _ in range(6):
        canvas.send_keys("+")
    wait_until(
        lambda: max(requested_zooms(page)) == FULL_RESOLUTION, timeout_s=20, what="tiles of full resolution"
    )


def test_keys_of_the_browser_stay_the_browsers_over_a_slide(
    page: Page, platform: RunningPlatform, tmp_path: Path
) -> None:
    canvas = opened_slide(page, platform, "Shortcuts", tmp_path)
    before = shown_at(page)

    canvas.send_keys(Keys.CONTROL, "+")
    canvas.send_keys(Keys.CONTROL, "m")
    page.browser.execute_async_script("requestAnimationFrame(() => requestAnimationFrame(arguments[0]))")

    assert shown_at(page) == before
    assert page.find(".tile-tools button").get_attribute("aria-pressed") == "false"


def test_two_fingers_zoom_and_one_moves(page: Page, platform: RunningPlatform, tmp_path: Path) -> None:
    canvas = opened_slide(page, platform, "Phone", tmp_path)
    x, y = (int(canvas.rect[side] + canvas.rect[length] / 2) for side, length in AXES)
    whole = shown_at(page)

    touch(page, "touchStart", (x - 20, y), (x + 20, y))
    touch(page, "touchMove", (x - 60, y), (x + 60, y))
    touch(page, "touchEnd")
    wait_until(lambda: shown_at(page) > 2 * whole, timeout_s=20, what="a closer look")
    closer = shown_at(page)
    touch(page, "touchStart", (x, y))
    touch(page, "touchMove", (x + 60, y + 30))
    touch(page, "touchEnd")

    assert shown_at(page) == closer


FULL_RESOLUTION = 4  # of 4096 pixels in tiles of 256
REQUESTED_TILES = (
    "return performance.getEntriesByType('resource').map((entry) => entry.name)"
    ".filter((name) => /\\/v\\/[0-9a-f]+\\/\\d+\\//.test(name))"
)


def requested_zooms(page: Page) -> list[int]:
    urls: list[str] = page.browser.execute_script(REQUESTED_TILES)
    return [int(url.split("/")[-3]) for url in urls]


def requested_slices(page: Page) -> set[str]:
    urls: list[str] = page.browser.execute_script(
        "return performance.getEntriesByType('resource').map((entry) => entry.name)"
    )
    return {url.partition("/slices/")[2] for url in urls if "/slices/" in url}


def test_a_volume_is_turned_over_slice_by_slice_in_every_direction(
    page: Page, platform: RunningPlatform, tmp_path: Path
) -> None:
    opened(page, platform, "Volumes", volume(tmp_path, "ramp.mha"))
    canvas = page.find(".slice-view canvas")
    page.shows("Axial 7 / 12")
    neighbours = {f"z/{index}.jpeg" for index in (4, 5, 6, 7, 8, 9)}
    wait_until(lambda: requested_slices(page) >= neighbours, timeout_s=20, what="neighbours fetched before")

    canvas.send_keys(Keys.ARROW_DOWN)
    page.shows("Axial 8 / 12")
    canvas.send_keys(Keys.HOME)
    page.shows("Axial 1 / 12")
    wait_until(lambda: "z/0.jpeg" in requested_slices(page), timeout_s=20, what="the first slice")

    page.press("Coronal")
    page.shows("Coronal 21 / 40")
    page.press("Sagittal")
    page.shows("Sagittal 31 / 60")
    wait_until(
        lambda: requested_slices(page) >= {"y/20.jpeg", "x/30.jpeg"}, timeout_s=20, what="all directions"
    )
    wait_until(lambda: page.colours(".slice-view canvas") > 10, timeout_s=20, what="a sagittal slice")


def test_a_volume_is_played_over_and_over_until_it_is_stopped(
    page: Page, platform: RunningPlatform, tmp_path: Path
) -> None:
    opened(page, platform, "Cine", volume(tmp_path, "ramp.mha"))
    page.shows("Axial 7 / 12")

    page.press("Play")
    page.shows("Axial 12 / 12")
    page.shows("Axial 1 / 12")
    page.find(".slice-view canvas").send_keys(Keys.SPACE)

    assert page.find(".slice-controls [title^=Play]").get_attribute("aria-pressed") == "false"
    (stopped,) = page.texts(".slice-caption")
    page.browser.execute_async_script("setTimeout(arguments[0], 500)")  # five pictures more, if it went on
    assert page.texts(".slice-caption") == [stopped]


def test_what_moves_is_played_moment_by_moment(page: Page, platform: RunningPlatform, tmp_path: Path) -> None:
    ramp = np.indices((2, 40, 60)).sum(0).astype(np.int16)
    moments = [sitk.GetImageFromArray(ramp + time) for time in range(3)]
    sitk.WriteImage(sitk.JoinSeries(moments), str(tmp_path / "beating.mha"))
    opened(page, platform, "Beating", tmp_path / "beating.mha")
    page.shows("Axial 2 / 2   Time 1 / 3")

    page.press("Play")

    page.shows("Axial 2 / 2   Time 3 / 3")
    page.shows("Axial 2 / 2   Time 1 / 3")


def test_the_value_under_the_pointer_is_told_in_every_direction(
    page: Page, platform: RunningPlatform, tmp_path: Path
) -> None:
    opened(page, platform, "Values", volume(tmp_path, "ramp.mha"))
    canvas = page.find(".slice-view canvas")

    for plane, middle in [("Axial", (6, 20, 30)), ("Coronal", (6, 20, 30)), ("Sagittal", (6, 20, 30))]:
        page.press(plane)
        ActionChains(page.browser).move_to_element_with_offset(canvas, 0, 0).perform()
        wait_until(lambda: told_value(page) is not None, timeout_s=20, what=f"a value in {plane}")
        assert abs((told_value(page) or 0) - sum(middle)) <= 2, plane  # a voxel of the ramp more or less

    canvas.send_keys(Keys.END)
    wait_until(lambda: told_value(page) in range(84, 89), timeout_s=20, what="the value of another slice")
    ActionChains(page.browser).move_to_element(page.find("h1")).perform()
    wait_until(lambda: told_value(page) is None, timeout_s=20, what="nothing beside the picture")


def told_value(page: Page) -> int | None:
    (text,) = page.texts(".voxel-value")
    return int(text.removeprefix("Value ")) if text else None


def test_dragging_changes_brightness_and_contrast_and_can_be_undone(
    page: Page, platform: RunningPlatform, tmp_path: Path
) -> None:
    opened(page, platform, "Windows", volume(tmp_path, "ramp.mha"))
    canvas, caption = page.find(".slice-view canvas"), page.find(".slice-caption")
    first = caption.text

    ActionChains(page.browser).click_and_hold(canvas).move_by_offset(120, 60).release().perform()

    wait_until(lambda: caption.text != first, timeout_s=20, what="another window")
    wait_until(
        lambda: any("center=" in path for path in requested_slices(page)), timeout_s=20, what="a new slice"
    )
    page.press("Reset window")
    wait_until(lambda: caption.text == first, timeout_s=20, what="the window of the image")


def test_a_picture_is_shown_as_it_is_and_can_be_zoomed_into(
    page: Page, platform: RunningPlatform, tmp_path: Path
) -> None:
    file = tmp_path / "photo.png"
    rows, columns = np.indices((300, 400))
    Image.fromarray(np.stack([rows % 256, columns % 256, rows * 0 + 90], -1).astype(np.uint8)).save(file)

    opened(page, platform, "Pictures", file)

    assert not page.all(".slice-planes")
    assert not page.all(".slice-slider")
    before = page.colours(".slice-view canvas")
    for _ in range(4):
        page.find(".slice-view canvas").send_keys("+")
    wait_until(
        lambda: page.colours(".slice-view canvas") != before, timeout_s=20, what="a part of the picture"
    )


def drag(page: Page, css: str, x: int, y: int) -> None:
    """Draw over a picture, from a little beside its middle."""
    moves = ActionChains(page.browser).move_to_element_with_offset(page.find(css), -60, -40)
    moves.click_and_hold().move_by_offset(x, y).release().perform()


def test_a_line_over_a_volume_tells_its_length_in_millimetres(
    page: Page, platform: RunningPlatform, tmp_path: Path
) -> None:
    opened(page, platform, "Lengths", volume(tmp_path, "ramp.mha"))  # 60 × 40 voxels of a millimetre
    canvas = page.find(".slice-view canvas")
    shown_px_per_mm = min(canvas.size["width"] / 60, canvas.size["height"] / 40)

    page.press("Measure")
    drag(page, ".slice-view canvas", 120, 90)

    said = page.find("#status").get_attribute("textContent") or ""
    length = re.fullmatch(r"([\d.]+) mm", said)
    assert length is not None, said
    assert abs(float(length[1]) - 150 / shown_px_per_mm) < 0.5
    before = page.picture(".slice-view canvas")
    canvas.send_keys(Keys.DELETE)
    wait_until(lambda: page.picture(".slice-view canvas") != before, timeout_s=20, what="the line gone")


def test_windows_of_ct_are_chosen_by_name_and_by_key(
    page: Page, platform: RunningPlatform, tmp_path: Path
) -> None:
    archive, item = imported(platform.client(), "CT", write_dicom_series(tmp_path / "ct", anatomy(6)))
    looked_at(page, platform, archive, item)

    Select(page.find("[aria-label=Window]")).select_by_visible_text("Lung (-600 / 1500)")
    page.shows("C -600  W 1500")
    page.find(".slice-view canvas").send_keys("3")
    page.shows("C 400  W 1800")
    assert Select(page.find("[aria-label=Window]")).first_selected_option.text == "Bone (400 / 1800)"
    drag(page, ".slice-view canvas", 40, 20)

    assert Select(page.find("[aria-label=Window]")).first_selected_option.text == "By hand"


def test_windows_are_those_of_the_archives_viewer_configuration(
    page: Page, platform: RunningPlatform, tmp_path: Path
) -> None:
    client = platform.client()
    archive, item = imported(client, "Chosen windows", [volume(tmp_path, "ramp.mha")])
    preset = {"title": "Narrow", "center": 50, "width": 20}
    made = client.call("POST", "workstations/window-presets/", json=preset)
    configuration = {"title": "Narrow ones", "window_presets": [made["pk"]]}
    chosen = client.call("POST", "workstations/configs/", json=configuration)
    client.call("PATCH", archive["api_url"], json={"workstation_config": chosen["api_url"]})
    looked_at(page, platform, archive, item)

    page.find(".slice-view canvas").send_keys("1")

    page.shows("C 50  W 20")


def test_a_segmentation_is_laid_over_its_image_in_the_colours_of_its_legend(
    page: Page, platform: RunningPlatform, tmp_path: Path
) -> None:
    client = platform.client()
    archive, item = imported(client, "Laid over", [volume(tmp_path, "ramp.mha")])
    labels = np.zeros((12, 40, 60), np.uint8)
    labels[:, 5:20, 5:25], labels[:, 22:36, 30:55] = 1, 2
    sitk.WriteImage(sitk.GetImageFromArray(labels), str(tmp_path / "labels.mha"))
    segments = [
        {"name": name, "voxel_value": value, "visible": True}
        for value, name in enumerate(("none", "liver", "spleen"))
    ]
    organs = {"title": "Organs", "kind": "Segmentation", "overlay_segments": segments}
    socket = client.call("POST", "components/interfaces/", json=organs)
    content = {"main": ["generic-medical-image", socket["slug"]]}
    client.call("PATCH", archive["api_url"], json={"view_content": content})
    values = [{"interface": socket["slug"], "user_uploads": [client.upload(tmp_path / "labels.mha")]}]
    client.call("PATCH", item["api_url"], json={"values": values})
    wait_until(
        lambda: (
            all(
                value["image"] and client.image(value["image"])["volume"]
                for value in client.call("GET", item["api_url"])["values"]
            )
            and len(client.call("GET", item["api_url"])["values"]) == 2
        ),
        timeout_s=60,
        what="both images",
    )
    looked_at(page, platform, archive, item)

    wait_until(lambda: page.texts(".legend li") == ["liver", "spleen"], timeout_s=20, what="the legend")
    page.set_range("[aria-label='Opacity of the overlay']", 1)
    swatches = page.swatches(".swatch")
    wait_until(lambda: swatches <= page.colours_of(".slice-view canvas"), timeout_s=20, what="its colours")
    Select(page.find("[aria-label=Overlay]")).select_by_visible_text("No overlay")

    wait_until(lambda: not swatches & page.colours_of(".slice-view canvas"), timeout_s=20, what="it gone")


def test_a_line_stays_when_two_fingers_let_go(page: Page, platform: RunningPlatform, tmp_path: Path) -> None:
    """Each finger ended a line; the second one the line before, which was removed if it had become short on the screen."""
    canvas = opened_slide(page, platform, "Lines by hand", tmp_path)
    x, y = (int(canvas.rect[side] + canvas.rect[length] / 2) for side, length in AXES)
    for _ in range(6):
        canvas.send_keys("+")
    page.press("Measure")
    touch(page, "touchStart", (x, y))
    touch(page, "touchMove", (x + 20, y))
    touch(page, "touchEnd")
    wait_until(lambda: LINE_COLOUR in page.colours_of(TILES), timeout_s=20, what="a line with its length")
    close = shown_at(page)

    touch(page, "touchStart", (x - 100, y), (x + 100, y))
    touch(page, "touchMove", (x - 10, y), (x + 10, y))
    touch(page, "touchEnd")

    wait_until(lambda: shown_at(page) < close / 6, timeout_s=20, what="a look from farther away")
    after_a_frame(page)
    assert LINE_COLOUR in page.colours_of(TILES)


def test_a_tile_that_cannot_be_had_anew_stays(page: Page, platform: RunningPlatform, tmp_path: Path) -> None:
    """When levels were added to a slide, its tiles are fetched anew; one that did not come was dropped, one that came never freed."""
    opened_slide(page, platform, "Tiles anew", tmp_path)

    unlucky, lucky = page.browser.execute_async_script(TILES_ANEW)

    assert unlucky == {"shown": True, "askedForAgain": True}
    assert lucky == {"shown": True, "freed": True}


TILES = ".tile-view canvas"
LINE_COLOUR = 0xFFD23F
TILES_ANEW = """
    const done = arguments[0];
    const settled = async (holds) => {
      for (const end = performance.now() + 20_000; !holds(); await new Promise((next) => setTimeout(next, 20))) {
        if (performance.now() > end) throw new Error(`never ${holds}`);
      }
    };
    (async () => {
      const tile = performance.getEntriesByType("resource").map((entry) => entry.name).find((name) => name.includes("/v/"));
      const { TileView } = await import(new URL("tile-view.js", document.querySelector("script[type=module]").src));
      const view = await TileView.open({ name: "a slide", tiles: new URL(tile.split("v/")[0]).pathname });
      document.querySelector("main").append(view.element);
      const { source } = view;
      await settled(() => source.tiles.size && !source.onTheWay.size);
      const [path, before] = [...source.tiles].at(-1); // the last one drawn is as fine as the screen

      const asked = new Set();
      const { pass } = source;
      source.pass = { renew() {}, async bitmap(product, wanted) { asked.add(wanted); throw new Error("no answer"); } };
      view.lookAgain(view.pyramid);
      await settled(() => asked.has(path));
      const unlucky = { shown: source.tiles.get(path) === before && before.width > 0, askedForAgain: source.outdated.has(path) };

      source.pass = pass;
      view.draw();
      await settled(() => source.tiles.get(path) !== before);
      done([unlucky, { shown: source.tiles.get(path).width > 0, freed: before.width === 0 }]);
    })().catch((error) => done([String(error), null]));
"""


def after_a_frame(page: Page) -> None:
    """Wait until what happened has been drawn."""
    page.browser.execute_async_script(
        "const done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(done))"
    )
