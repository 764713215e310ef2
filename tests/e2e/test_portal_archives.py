"""What editors do with an archive on its pages, in a browser."""

from pathlib import Path

from tests.support.platform import RunningPlatform
from tests.support.portal import Page, logo, volume
from tests.support.processes import wait_until


def opened(page: Page, platform: RunningPlatform, path: str) -> None:
    """Sign in as the administrator and open a page."""
    page.sign_in(platform.token)
    page.shows("New archive")
    page.open(path)


def test_an_editor_changes_the_settings_and_reads_what_is_wrong_beside_the_field(
    page: Page, platform: RunningPlatform, tmp_path: Path
) -> None:
    client = platform.client()
    archive = client.create_archive("Before")
    opened(page, platform, f"/archives/{archive['slug']}/settings/")
    page.shows("Save settings")
    page.fill("title", "After")
    page.fill("page_markdown", "# All about it\n\n<b onclick='x()'>bold</b> and **strong**")
    page.fill("modalities", "CT\nMR")
    page.fill("view_content", "main: no-such-socket")
    page.fill("logo", str(logo(tmp_path, 600)))
    page.find("[name=public]").click()
    page.press("Save settings")
    page.shows("Unknown sockets in view content for viewport main: no-such-socket")
    page.fill("view_content", "main: generic-medical-image, generic-overlay")
    page.press("Save settings")
    page.shows("The logo is 600 × 600 pixels; it must be square and at least 640 × 640 pixels.")
    page.fill("logo", str(logo(tmp_path, 640)))
    page.press("Save settings")

    wait_until(lambda: page.picture_is_drawn(".present-picture"), timeout_s=20, what="the new logo")
    found = client.call("GET", archive["api_url"])
    assert (found["title"], found["public"], found["modalities"]) == ("After", True, ["CT", "MR"])
    assert found["view_content"] == {"main": ["generic-medical-image", "generic-overlay"]}
    page.find(".history summary").click()
    page.shows("public")

    page.open(f"/archives/{archive['slug']}/")
    page.shows("bold and strong")
    assert page.find(".written strong").text == "strong"
    assert not page.all(".written [onclick]")


def test_settings_that_somebody_else_changed_meanwhile_are_not_overwritten(
    page: Page, platform: RunningPlatform
) -> None:
    client = platform.client()
    archive = client.create_archive("Contested")
    opened(page, platform, f"/archives/{archive['slug']}/settings/")
    page.shows("Save settings")
    client.call("PATCH", archive["api_url"], json={"description": "theirs"})

    page.fill("description", "mine")
    page.press("Save settings")

    page.shows("Show it as it is now")
    assert client.call("GET", archive["api_url"])["description"] == "theirs"
    page.press("Show it as it is now")
    wait_until(
        lambda: page.texts("[name=description]") == ["theirs"],
        timeout_s=20,
        what="their description",
    )


def test_an_archive_is_deleted_in_two_steps(page: Page, platform: RunningPlatform) -> None:
    client = platform.client()
    archive = client.create_archive("Short-lived")
    opened(page, platform, f"/archives/{archive['slug']}/settings/")
    page.shows("Delete this archive")

    page.press("Delete this archive")
    page.shows("0 items will be deleted for good")
    page.press("Keep it")
    assert client.call("GET", archive["api_url"])["title"] == "Short-lived"
    page.press("Delete this archive")
    page.shows("Delete for good")
    page.press("Delete for good")

    page.shows("New archive")
    assert "Short-lived" not in page.find("main").text


def test_equal_images_and_downloads_are_shown_to_an_editor(
    page: Page, platform: RunningPlatform, tmp_path: Path
) -> None:
    client = platform.client()
    archive = client.create_archive("Twice")
    for name in ("one.mha", "two.mha"):
        session = client.start_session([client.upload(volume(tmp_path, name))], archive=archive["pk"])
        assert client.wait_for_session(session["pk"])["status"] == "Succeeded"
    items = client.wait_for_items(archive["pk"], 2)
    image = client.image(items[0]["values"][0]["image"])
    client.download(image["files"][0]["file"], tmp_path / "downloaded.mha")

    opened(page, platform, f"/archives/{archive['slug']}/duplicates/")
    wait_until(lambda: len(page.all(".equal a")) == 4, timeout_s=30, what="two pairs of equal images")
    assert set(page.texts(".equal a")) == {"one.mha", "two.mha"}
    page.press("Downloads")

    page.shows("An image")
    assert image["pk"] in page.find("tbody").text
    assert "admin" in page.find("tbody").text


def test_archives_are_found_by_words_and_ordered_and_the_address_keeps_it(
    page: Page, platform: RunningPlatform
) -> None:
    client = platform.client()
    for title in ("Zebrafish larvae", "Adult zebrafish"):
        client.create_archive(title)
    page.sign_in(platform.token)
    page.shows("New archive")

    page.find("[type=search]").send_keys("zebra\n")
    wait_until(
        lambda: page.texts(".archive h2") == ["Adult zebrafish", "Zebrafish larvae"],
        timeout_s=20,
        what="both",
    )
    page.find("[aria-label=Order]").send_keys("Oldest")
    wait_until(
        lambda: page.texts(".archive h2") == ["Zebrafish larvae", "Adult zebrafish"],
        timeout_s=20,
        what="an order",
    )
    page.browser.refresh()

    wait_until(
        lambda: page.texts(".archive h2") == ["Zebrafish larvae", "Adult zebrafish"],
        timeout_s=20,
        what="the same",
    )
    page.open("/?search=no+such+thing")
    page.shows("No archive is like this.")
