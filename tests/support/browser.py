"""A headless Chromium, driven through Debian's chromedriver, for the tests of pages; see `tests/conftest.py`."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Chrome, ChromeOptions, ChromeService

from tests.support.servers import installed


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Chrome]:
    """A fresh browser without history or cookies; it accepts certificates that nobody signed."""
    places = installed("Chromium")
    options = ChromeOptions()
    options.binary_location = places["browser"]
    options.accept_insecure_certs = True
    options.add_argument("--headless=new")
    options.add_argument("--no-sandbox")  # Chromium refuses to run as root with it, and CI is root
    options.add_argument("--disable-dev-shm-usage")  # containers have a small /dev/shm
    options.add_argument("--window-size=1280,900")
    options.add_argument(f"--user-data-dir={tmp_path / 'chromium'}")
    driver = Chrome(options=options, service=ChromeService(places["driver"]))
    try:
        yield driver
    finally:
        driver.quit()
