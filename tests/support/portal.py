"""The page in a browser, on a running platform: what a person sees and does, and the files they have."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk
from PIL import Image
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

from tests.support.platform import RunningPlatform, running_platform
from tests.support.processes import wait_until

DEFAULT_VIEWER = "house-viewer"
"""What archives get once somebody has made a viewer of this name."""


class Page:
    """What a person sees and does."""

    def __init__(self, browser: Chrome, address: str) -> None:
        self.browser = browser
        self.address = address

    def open(self, path: str) -> None:
        self.browser.get(self.address + path)

    def find(self, css: str, *, timeout_s: float = 20) -> WebElement:
        wait_until(lambda: self.all(css), timeout_s=timeout_s, what=f"{css} on {self.browser.current_url}")
        return self.all(css)[0]

    def all(self, css: str) -> list[WebElement]:
        return self.browser.find_elements(By.CSS_SELECTOR, css)

    def shows(self, text: str, *, timeout_s: float = 20) -> None:
        def visible() -> bool:
            return text in str(self.browser.execute_script("return document.body.innerText"))

        try:
            wait_until(visible, timeout_s=timeout_s, what=f"{text!r}")
        except TimeoutError as error:
            raise AssertionError(f"{error}; the page shows:\n{self.find('body').text}") from error

    def fill(self, name: str, text: str) -> None:
        box = self.find(f"[name={name}]")
        if box.get_attribute("type") != "file":
            box.clear()
        box.send_keys(text)

    def texts(self, css: str) -> list[str]:
        """Return what elements say, read at one moment: a page may replace them between two questions."""
        script = """
            return [...document.querySelectorAll(arguments[0])]
                .map((each) => (each.value || each.innerText).replace(/\\s+/g, " ").trim())
        """
        found: list[str] = self.browser.execute_script(script, css)
        return found

    def send_slowly(self, bytes_per_s: int) -> None:
        """Have the browser send so many bytes in a second; -1 for as many as it can."""
        self.browser.execute_cdp_cmd("Network.enable", {})
        slow = {
            "offline": False,
            "latency": 0,
            "downloadThroughput": -1,
            "uploadThroughput": bytes_per_s,
        }
        self.browser.execute_cdp_cmd("Network.emulateNetworkConditions", slow)

    def press(self, text: str) -> None:
        """Press a button or a link; once more if the page drew it anew at that very moment."""
        wait_until(lambda: self._is_pressed(text), timeout_s=20, what=f"the button {text!r}")

    def _is_pressed(self, text: str) -> bool:
        wanted = f"//main//*[self::button or self::a][contains(., '{text}')]"
        try:
            self.browser.find_element(By.XPATH, wanted).click()
        except StaleElementReferenceException:
            return False
        return True

    def sign_in(self, token: str) -> None:
        self.open("/")
        self.fill("token", token)
        self.press("Sign in with a token")

    def picture_is_drawn(self, css: str) -> bool:
        """Tell whether an image has been decoded, so that it is no broken link."""
        found = self.all(css)
        return bool(found) and bool(
            self.browser.execute_script("return arguments[0].naturalWidth > 0", found[0])
        )

    def colours(self, css: str) -> int:
        """Return how many different colours a canvas shows, its transparent parts left out."""
        return len(self.colours_of(css))

    def colours_of(self, css: str) -> set[int]:
        """Return the colours a canvas shows, as 0xRRGGBB."""
        script = """
            const canvas = document.querySelector(arguments[0]);
            if (!canvas) return [];
            const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
            const seen = new Set();
            for (let i = 0; i < data.length; i += 4) if (data[i + 3]) seen.add(data[i] << 16 | data[i + 1] << 8 | data[i + 2]);
            return [...seen];
        """
        return set(self.browser.execute_script(script, css))

    def swatches(self, css: str) -> set[int]:
        """Return the background colours of elements, as 0xRRGGBB."""
        script = """
            return [...document.querySelectorAll(arguments[0])].map((each) => {
                const [red, green, blue] = getComputedStyle(each).backgroundColor.match(/\\d+/g).map(Number);
                return red << 16 | green << 8 | blue;
            });
        """
        return set(self.browser.execute_script(script, css))

    def picture(self, css: str) -> str:
        """Return what a canvas shows, to be compared."""
        return str(
            self.browser.execute_script("return document.querySelector(arguments[0]).toDataURL()", css)
        )

    def set_range(self, css: str, value: float) -> None:
        """Move a slider."""
        script = "arguments[0].value = arguments[1]; arguments[0].dispatchEvent(new Event('input'))"
        self.browser.execute_script(script, self.find(css), value)


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPlatform]:
    """Return one that all tests of pages share: each makes archives and people of its own."""
    data = tmp_path_factory.mktemp("portal") / "data"
    with running_platform(data, environment={"ARCHIVE_DEFAULT_VIEWER": DEFAULT_VIEWER}) as platform:
        yield platform


@pytest.fixture
def page(platform: RunningPlatform, browser: Chrome) -> Iterator[Page]:
    page = Page(browser, platform.address)
    yield page
    violations = [entry for entry in console(browser) if "Content Security Policy" in entry["message"]]
    assert not violations


def console(browser: Chrome) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = browser.get_log("browser")  # type: ignore[no-untyped-call]  # selenium's gap
    return entries


def volume(folder: Path, name: str) -> Path:
    file = folder / name
    ramp = np.indices((12, 40, 60)).sum(0).astype(np.int16)
    sitk.WriteImage(sitk.GetImageFromArray(ramp), str(file))
    return file


def logo(folder: Path, side_px: int) -> Path:
    file = folder / f"logo-{side_px}.png"
    Image.new("RGB", (side_px, side_px), "teal").save(file)
    return file
