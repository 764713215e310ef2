"""Whether everybody can use the page: judged by axe-core on every page, in both colour schemes, and by keyboard."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk
from selenium.webdriver import ActionChains, Keys

from tests.support.platform import RunningPlatform
from tests.support.portal import Page, volume
from tests.support.processes import wait_until
from tests.support.servers import installed

SCHEMES = ("light", "dark")
JUDGE = """
    const done = arguments[0];
    axe.run(document, { resultTypes: ["violations"] }).then(({ violations }) =>
        done(violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 200)}`))));
"""


def faults(page: Page) -> list[str]:
    """Return what axe-core finds wrong with the page as it is now, by light and by dark."""
    page.browser.execute_script(Path(installed("axe-core")["script"]).read_text())
    found = []
    for scheme in SCHEMES:
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        page.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
        found += [f"{scheme}: {fault}" for fault in page.browser.execute_async_script(JUDGE)]
    return found


@pytest.fixture(scope="module")
def archive(platform: RunningPlatform, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return an archive with something to be seen on each of its pages."""
    client = platform.client()
    folder = tmp_path_factory.mktemp("accessible")
    archive: dict[str, Any] = client.call(
        "POST", "archives/", json={"title": "For everybody", "public": True}
    )
    session = client.start_session([client.upload(volume(folder, "seen.mha"))], archive=archive["pk"])
    assert client.wait_for_session(session["pk"])["status"] == "Succeeded"
    (item,) = client.wait_for_items(archive["pk"], 1)
    labels = sitk.GetImageFromArray(np.ones((12, 40, 60), np.uint8))
    sitk.WriteImage(labels, str(folder / "labels.mha"))
    overlay = {"interface": "generic-overlay", "user_uploads": [client.upload(folder / "labels.mha")]}
    client.call("PATCH", item["api_url"], json={"values": [overlay]})
    client.call("POST", f"archives/{archive['pk']}/snapshots/", json={"title": "Release 1"})
    content = {"main": ["generic-medical-image", "generic-overlay"]}
    viewer = {"title": "Reading room", "url": "https://127.0.0.1:1/read", "users": ["admin"]}
    shown_with = client.call("POST", "workstations/", json=viewer)["api_url"]
    client.call("PATCH", archive["api_url"], json={"view_content": content, "workstation": shown_with})
    client.call("POST", "notifications/read/", json={})  # there are some that were read, and one that was not
    _, token = platform.new_user("somebody-who-asks")
    asking = {"message": "Please.", "terms_version": 0}
    platform.client(token).call("POST", f"archives/{archive['pk']}/requests/", json=asking)
    wait_until(
        lambda: len(client.call("GET", item["api_url"])["values"]) == 2, timeout_s=60, what="the overlay"
    )
    for value in client.call("GET", item["api_url"])["values"]:
        client.wait_for_preview(value["image"])
    return archive | {"item": item["pk"]}


PAGES = {
    "/": "Newest first",
    "/new-archive/": "Create archive",
    "/notifications/": "Letters",
    "/account/": "Change password",
    "/people/": "Add person",
    "/viewers/": "Add viewer",
    "/sockets/": "Add socket",
    "/webhooks/": "Add webhook",
    "/archives/{slug}/": "seen.mha",
    "/archives/{slug}/table/": "1 of 1 items.",
    "/archives/{slug}/versions/": "Release 1",
    "/archives/{slug}/duplicates/": "Duplicates",
    "/archives/{slug}/settings/": "Save settings",
    "/archives/{slug}/members/": "somebody-who-asks",
    "/archives/{slug}/downloads/": "Downloads",
    "/archives/{slug}/deleted/": "Nothing can be brought back.",
    "/archives/{slug}/items/{item}/": "Measure",
}
"""Every page, and what it shows once it is there."""


def test_no_page_breaks_a_rule_of_accessibility(
    page: Page, platform: RunningPlatform, archive: dict[str, Any]
) -> None:
    page.open("/")
    page.shows("Your token")
    found = {"signing in": faults(page)}
    page.sign_in(platform.token)
    page.shows("New archive")

    for path, shown in PAGES.items():
        page.open(path.format(**archive))
        page.shows(shown)
        found[path] = faults(page)

    assert {path: wrong for path, wrong in found.items() if wrong} == {}


def test_what_breaks_a_rule_of_accessibility_is_found(page: Page) -> None:
    page.open("/")
    page.shows("Your token")

    page.browser.execute_script("document.querySelector('main').append(new Image(9, 9))")

    assert [fault.partition(" <")[0] for fault in faults(page)] == ["light: image-alt:", "dark: image-alt:"]


def test_the_keyboard_alone_leads_to_an_item_and_through_its_slices(
    page: Page, platform: RunningPlatform, archive: dict[str, Any]
) -> None:
    page.sign_in(platform.token)
    page.shows("New archive")
    page.open(f"/archives/{archive['slug']}/")
    page.shows("seen.mha")

    def focused() -> str:
        script = "const at = document.activeElement; return `${at.tagName} ${at.innerText || at.ariaLabel}`"
        return str(page.browser.execute_script(script))

    def press(key: str) -> None:
        ActionChains(page.browser).send_keys(key).perform()

    def tab_to(wanted: str) -> None:
        for _ in range(60):
            press(Keys.TAB)
            if focused().startswith(wanted):
                return
        raise AssertionError(f"the key Tab does not lead to {wanted}")

    tab_to("A seen.mha")
    press(Keys.ENTER)
    page.shows("Axial 7 / 12")
    tab_to("CANVAS seen.mha")
    press(Keys.ARROW_DOWN)

    page.shows("Axial 8 / 12")
