"""Images on their pages: on the whole screen, under fingers, and with what tells where one is in a slide or a body."""

from pathlib import Path

from pydicom.dataset import Dataset

from demo.imaging import anatomy, write_dicom_series
from tests.support.platform import RunningPlatform
from tests.support.portal import Page, volume
from tests.support.portal_images import AXES, imported, looked_at, opened, opened_slide, touch
from tests.support.processes import wait_until

FULL_SCREEN = "return document.fullscreenElement?.className ?? null"
WITHOUT_FULL_SCREEN = "Element.prototype.requestFullscreen = undefined"
SEEN = "const box = arguments[0].getBoundingClientRect(); return [innerWidth, innerHeight, box.width, box.height]"
FRAME_COLOUR = 0xFFD23F


def test_a_slide_gets_the_whole_screen_and_gives_it_back(
    page: Page, platform: RunningPlatform, tmp_path: Path
) -> None:
    canvas = opened_slide(page, platform, "Whole screen", tmp_path)

    page.press("Full screen")
    wait_until(lambda: page.browser.execute_script(FULL_SCREEN) == "tile-view", timeout_s=20, what="it")
    assert page.find(".tile-tools [aria-pressed=true]").text == "Full screen"
    canvas.send_keys("f")

    wait_until(lambda: page.browser.execute_script(FULL_SCREEN) is None, timeout_s=20, what="the page")
    assert not page.all(".tile-tools [aria-pressed=true]")


def test_a_volume_covers_the_page_where_the_browser_gives_no_screen_away(
    page: Page, platform: RunningPlatform, tmp_path: Path
) -> None:
    opened(page, platform, "No whole screen", volume(tmp_path, "ramp.mha"))
    page.browser.execute_script(WITHOUT_FULL_SCREEN)

    page.press("Full screen")
    across, down, width, height = page.browser.execute_script(SEEN, page.find(".slice-view"))
    page.find(".slice-view canvas").send_keys("f")

    assert (width, height) == (across, down)
    assert not page.all(".spread")


def test_a_press_on_the_map_of_a_slide_leads_there(
    page: Page, platform: RunningPlatform, tmp_path: Path
) -> None:
    canvas = opened_slide(page, platform, "Mapped", tmp_path)
    overview = page.find(".overview-map")
    assert not overview.is_displayed()  # all of the slide is seen

    for _ in range(6):
        canvas.send_keys("+")
    wait_until(overview.is_displayed, timeout_s=20, what="the map")
    assert FRAME_COLOUR in page.colours_of(".overview-map")
    before, map_before = page.picture(".tile-view canvas"), page.picture(".overview-map")
    overview.click()  # its middle is where the view is
    canvas.send_keys("-")
    canvas.send_keys("+")
    press_at(page, ".overview-map", 0.2)

    wait_until(lambda: page.picture(".overview-map") != map_before, timeout_s=20, what="the frame elsewhere")
    assert page.picture(".tile-view canvas") != before


def press_at(page: Page, css: str, share: float) -> None:
    """Press at a share of width and height of an element."""
    box = page.find(css).rect
    x, y = (box[start] + share * box[length] for start, length in AXES)
    for kind in ("mousePressed", "mouseReleased"):
        event = {"type": kind, "x": x, "y": y, "button": "left", "buttons": 1, "clickCount": 1}
        page.browser.execute_cdp_cmd("Input.dispatchMouseEvent", event)


def test_letters_tell_the_sides_of_the_body_in_every_direction(
    page: Page, platform: RunningPlatform, tmp_path: Path
) -> None:
    looked_at(page, platform, *imported(platform.client(), "Sides", write_dicom_series(tmp_path, anatomy())))

    assert page.texts(".body-side") == ["R", "L", "A"]
    page.press("Coronal")
    assert page.texts(".body-side") == ["R", "L", "H"]
    page.press("Sagittal")
    assert page.texts(".body-side") == ["A", "P", "H"]


def test_what_does_not_say_how_it_lies_in_a_body_has_no_letters(
    page: Page, platform: RunningPlatform, tmp_path: Path
) -> None:
    """A stack of microscopy has axes as well."""
    opened(page, platform, "No sides", volume(tmp_path, "ramp.mha"))

    assert not page.all(".body-side")


def test_a_finger_changes_the_window_of_a_volume_by_how_far_it_goes(
    page: Page, platform: RunningPlatform, tmp_path: Path
) -> None:
    """Browsers that tell no `movementX` of fingers changed nothing."""
    opened(page, platform, "By finger", volume(tmp_path, "ramp.mha"))
    canvas, caption = page.find(".slice-view canvas"), page.find(".slice-caption")
    x, y = (int(canvas.rect[start] + canvas.rect[length] / 2) for start, length in AXES)
    untouched = caption.text
    page.browser.execute_script(
        "for (const name of ['movementX', 'movementY']) Object.defineProperty(PointerEvent.prototype, name, { get: () => 0 })"
    )

    touch(page, "touchStart", (x, y))
    touch(page, "touchMove", (x + 60, y + 30))
    touch(page, "touchEnd")

    wait_until(lambda: caption.text != untouched, timeout_s=20, what="another window")


def test_patients_are_told_of_in_words(page: Page, platform: RunningPlatform, tmp_path: Path) -> None:
    def change(dataset: Dataset, _: int) -> None:
        dataset.PatientName = "Yamada^Tarou^^Dr.=山田^太郎=やまだ^たろう"
        dataset.PatientAge, dataset.PatientSex = "062Y", "M"

    files = write_dicom_series(tmp_path / "ct", anatomy(6), change=change)
    archive, item = imported(platform.client(), "In words", files)

    looked_at(page, platform, archive, item)

    cells = page.texts(".facts-table td")
    assert "Dr. Tarou Yamada (山田 太郎, やまだ たろう), P-0815" in cells
    assert {"62 years", "Male"} <= set(cells)


def test_ages_and_names_that_are_written_otherwise_stay_as_they_are(
    page: Page, platform: RunningPlatform
) -> None:
    page.open("/")

    said = page.browser.execute_async_script("""
        const done = arguments[0];
        import("/static/words.js").then(({ age, personName, size }) => done([
            age("001Y"), age("010D"), age("about 60"), age(""),
            personName("Erika Muster"), personName("Muster^Erika^Maria^^PhD"), personName("=山田^太郎"), personName(""),
            size({ width: 8, height: 9, depth: 10, timepoints: 3 }, "voxels"),
        ]));
    """)

    assert said == [
        *("1 year", "10 days", "about 60", ""),
        *("Erika Muster", "Erika Maria Muster, PhD", "山田 太郎", ""),
        "8 × 9 × 10 voxels, 3 time points",
    ]
