"""Viewers on the page: kept by administrators, and chosen where an archive is set up."""

from pathlib import Path

from selenium.webdriver.common.by import By
from selenium.webdriver.support.select import Select

from tests.support.platform import RunningPlatform
from tests.support.portal import Page, logo
from tests.support.processes import wait_until

VIEWERS = "workstations/"


def test_an_administrator_keeps_viewers_with_a_logo_and_the_people_who_may_choose_them(
    page: Page, platform: RunningPlatform, tmp_path: Path
) -> None:
    client = platform.client()
    archive = client.create_archive("Looked at elsewhere")
    for name in ("chooser", "second"):
        platform.new_user(name)
    page.sign_in(platform.token)
    page.shows("New archive")
    page.open(f"/archives/{archive['slug']}/settings/")
    page.shows("About the viewers")
    page.press("About the viewers")
    page.shows("Add a viewer")

    page.fill("title", "Far viewer")
    page.fill("url", "nowhere")
    page.fill("logo", str(logo(tmp_path, 640)))
    page.fill("users", "chooser\nsecnod")
    page.press("Add viewer")
    page.shows("Not a valid URL.")
    assert page.texts("[data-field=url] .complaint") == ["Not a valid URL."]
    page.fill("url", "https://127.0.0.1:1/far")
    page.press("Add viewer")
    page.shows("There is no user secnod.")
    page.fill("users", "chooser\nsecond")
    page.press("Add viewer")
    page.shows("May be chosen by chooser, second")
    wait_until(
        lambda: page.picture_is_drawn("[data-viewer=far-viewer] .logo img"), timeout_s=20, what="the logo"
    )

    page.find("[aria-label='Change Far viewer']").click()
    people = page.find("[data-viewer=far-viewer] [name=users]")
    people.clear()
    people.send_keys("chooser")
    page.press("Save viewer")
    page.shows("May be chosen by chooser\n")
    viewer = client.call("GET", f"{VIEWERS}?slug=far-viewer")["results"][0]
    assert (viewer["users"], viewer["public"], bool(viewer["logo"])) == (["chooser"], False, True)

    page.open(f"/archives/{archive['slug']}/settings/")
    page.shows("About the viewers")
    Select(page.find("[name=workstation]")).select_by_visible_text("Far viewer")
    wait_until(
        lambda: page.picture_is_drawn("[data-field=workstation] .logo img"), timeout_s=20, what="its logo"
    )


def test_a_viewer_that_archives_use_stays_and_another_one_is_deleted(
    page: Page, platform: RunningPlatform
) -> None:
    client = platform.client()
    used, unused = (
        client.call("POST", VIEWERS, json={"title": title, "url": "https://127.0.0.1:1/", "public": True})
        for title in ("Much used", "Unused")
    )
    archive = client.create_archive("Bound to a viewer")
    client.call("PATCH", archive["api_url"], json={"workstation": used["api_url"]})
    page.sign_in(platform.token)
    page.shows("New archive")
    page.open("/viewers/")

    def delete(slug: str) -> None:
        row = page.find(f"[data-viewer={slug}]")
        row.find_element(By.CSS_SELECTOR, ".actions div button").click()
        page.find(f"[data-viewer={slug}] button.bad").click()

    delete(used["slug"])
    page.shows("It is used by 1 archive.")
    delete(unused["slug"])

    wait_until(
        lambda: not page.all(f"[data-viewer={unused['slug']}]") and page.all(f"[data-viewer={used['slug']}]"),
        timeout_s=20,
        what="the page without it",
    )


def test_people_see_the_viewers_they_may_use_and_change_none(page: Page, platform: RunningPlatform) -> None:
    client = platform.client()
    _, token = platform.new_user("named-by-a-viewer")
    for title, users in (("For the named", ["named-by-a-viewer"]), ("For others", ["admin"])):
        sent = {"title": title, "url": "https://127.0.0.1:1/", "users": users}
        client.call("POST", VIEWERS, json=sent)

    page.sign_in(token)
    page.shows("New archive")
    page.open("/viewers/")

    page.shows("For the named")
    shown = page.find("main").text
    assert "For others" not in shown
    assert "May be chosen by" not in shown
    assert not page.all("main form, main button")
