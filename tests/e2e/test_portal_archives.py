"""What editors do with an archive on its pages, in a browser."""

import json
from pathlib import Path

from selenium.webdriver.support.select import Select

from tests.support.platform import RunningPlatform
from tests.support.portal import DEFAULT_VIEWER, Page, logo, volume
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
    known = Select(page.find("[aria-label='Add to Structures']"))
    structure = known.options[1].text
    known.select_by_visible_text(structure)
    page.fill("logo", str(logo(tmp_path, 600)))
    page.find("[name=public]").click()
    page.press("Save settings")
    page.shows("The logo is 600 × 600 pixels; it must be square and at least 640 × 640 pixels.")
    page.fill("logo", str(logo(tmp_path, 640)))
    page.press("Save settings")

    wait_until(lambda: page.picture_is_drawn(".present-picture"), timeout_s=20, what="the new logo")
    found = client.call("GET", archive["api_url"])
    assert (found["title"], found["public"], found["modalities"]) == ("After", True, ["CT", "MR"])
    assert found["structures"] == [structure]
    page.find(".history summary").click()
    page.shows("public")

    page.open(f"/archives/{archive['slug']}/")
    page.shows("bold and strong")
    assert page.find(".written strong").text == "strong"
    assert not page.all(".written [onclick]")


def test_publications_are_chosen_among_those_described_and_new_ones_are_described(
    page: Page, platform: RunningPlatform
) -> None:
    client = platform.client()
    archive = client.create_archive("Written about")
    known = {"identifier": "10.1000/hearts", "title": "On hearts"}
    client.call("POST", "publications/", json=known)
    opened(page, platform, f"/archives/{archive['slug']}/settings/")
    page.shows("Describe a publication")

    def describe(record: str, **fields: str) -> None:
        for name, text in {"csl": record, **fields}.items():
            box = page.find(f".publication [name={name}]")
            box.clear()
            box.send_keys(text)
        page.press("Describe publication")

    def complained(name: str, reason: str) -> None:
        css = f".publication [data-field={name}] .complaint"
        wait_until(lambda: page.texts(css) == [reason], timeout_s=20, what=f"the reason beside {name}")

    Select(page.find("[aria-label='Add to Publications']")).select_by_visible_text(
        "On hearts (10.1000/hearts)"
    )
    describe("{no json")
    complained("csl", "This is not JSON.")
    describe("", title="On lungs")
    complained("identifier", "Missing data for required field.")
    describe("", year="soon", authors="Ada\n" + "x" * 256)
    complained("year", "Not a valid integer.")
    complained("authors", "Length must be between 1 and 255.")
    record = {"DOI": "10.1000/LUNGS", "title": "Replaced", "container-title": "Journal of Lungs"}
    describe(json.dumps(record), year="2026", authors="Ada Lovelace")
    page.shows("“On lungs” stands among the publications above")
    page.press("Save settings")
    wait_until(
        lambda: len(client.call("GET", archive["api_url"])["publications"]) == 2,
        timeout_s=20,
        what="both publications",
    )
    page.open(f"/archives/{archive['slug']}/")

    page.shows("Ada Lovelace (2026). On lungs. Journal of Lungs. https://doi.org/10.1000/lungs")
    page.shows("On hearts. https://doi.org/10.1000/hearts")


def test_what_viewports_show_is_chosen_row_by_row_and_drawn_as_it_will_lie(
    page: Page, platform: RunningPlatform
) -> None:
    client = platform.client()
    archive = client.create_archive("Viewports")
    client.call("POST", "components/interfaces/", json={"title": "Second look", "kind": "Image"})
    viewports = [
        {"viewport_name": name, "x": x, "y": 0, "w": 1, "h": 1}
        for x, name in enumerate(("main", "secondary"))
    ]
    client.call("POST", "hanging-protocols/", json={"title": "Side by side", "json": viewports})
    opened(page, platform, f"/archives/{archive['slug']}/settings/")
    page.shows("Add a viewport")

    Select(page.find("[name=hanging_protocol]")).select_by_visible_text("Side by side")
    Select(page.find("[aria-label='Socket of secondary']")).select_by_value("generic-overlay")
    for slug in ("generic-medical-image", "second-look"):
        Select(page.find("[aria-label='Socket of main']")).select_by_value(slug)
    page.press("Save settings")
    wait_until(
        lambda: (
            page.texts("[data-field='view_content.main'] .complaint")
            == ["Viewport main: it can show one image only, not generic-medical-image, second-look."]
        ),
        timeout_s=20,
        what="the reason beside the row",
    )
    page.find("[aria-label='Remove Second look from main']").click()
    layout = page.find(".layout").get_attribute("aria-label")
    assert layout == "Layout: main shows Generic Medical Image; secondary shows Generic Overlay"
    page.press("Save settings")

    wanted = {"main": ["generic-medical-image"], "secondary": ["generic-overlay"]}
    wait_until(
        lambda: client.call("GET", archive["api_url"])["view_content"] == wanted,
        timeout_s=20,
        what="the content",
    )


def test_the_viewer_of_the_installation_is_named_and_items_are_opened_in_it(
    page: Page, platform: RunningPlatform
) -> None:
    client = platform.client()
    viewer = {"title": "House viewer", "url": "https://127.0.0.1:1/open", "public": True}
    assert client.call("POST", "workstations/", json=viewer)["slug"] == DEFAULT_VIEWER
    opened(page, platform, "/new-archive/")
    page.shows("Its items are opened in House viewer, the viewer of this installation")
    page.fill("title", "Opened elsewhere")
    page.press("Create archive")
    page.shows("Nothing is in here yet.")
    archive = client.call("GET", "archives/?slug=opened-elsewhere")["results"][0]
    item = client.call("POST", "archives/items/", json={"archive": archive["api_url"], "title": "bare"})

    page.open(f"/archives/{archive['slug']}/settings/")
    page.shows("New archives get House viewer")
    chosen = Select(page.find("[name=workstation]")).first_selected_option.text
    assert chosen == "House viewer (this installation’s)"
    page.open(f"/archives/{archive['slug']}/items/{item['pk']}/")

    page.shows("Open in the viewer")
    page.press("Open in the viewer")

    wait_until(lambda: len(page.browser.window_handles) == 2, timeout_s=20, what="another window")
    page.browser.switch_to.window(page.browser.window_handles[1])
    wait_until(lambda: "#viewing=" in page.browser.current_url, timeout_s=20, what="the link")
    assert page.browser.current_url.startswith(f"{viewer['url']}?item=")


def test_an_archive_is_muted_and_heard_of_again(page: Page, platform: RunningPlatform) -> None:
    client = platform.client()
    archive = client.create_archive("Much asked for")

    def ask(name: str) -> None:
        _, token = platform.new_user(name)
        request = {"message": "", "terms_version": 0}
        platform.client(token).call("POST", f"archives/{archive['pk']}/requests/", json=request)

    opened(page, platform, f"/archives/{archive['slug']}/members/")
    page.find("[name=told]").click()
    page.shows("You are not notified any more.")
    ask("unheard")
    page.open("/notifications/")
    page.find("[aria-label='Hear of Much asked for again']").click()
    wait_until(lambda: not client.call("GET", "users/me/")["muted"], timeout_s=20, what="to be heard again")
    ask("heard")

    def asked() -> list[str]:
        told = client.call("GET", "notifications/?limit=100")["results"]
        return [each["subject"]["username"] for each in told if each["archive"] == archive["pk"]]

    wait_until(asked, timeout_s=20, what="a notification")
    assert asked() == ["heard"]
    page.open("/notifications/")
    page.shows("heard asks for access.")
    page.press("Open Much asked for")
    page.shows("Requests for access")


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
    client.create_archive("One that stays")
    asking = platform.client(platform.new_user("too-late")[1])
    asking.call("POST", f"archives/{archive['pk']}/requests/", json={"message": "May I?"})
    opened(page, platform, f"/archives/{archive['slug']}/settings/")
    page.shows("Delete this archive")

    page.press("Delete this archive")
    page.shows("0 items will be deleted for good")
    page.press("Keep it")
    assert client.call("GET", archive["api_url"])["title"] == "Short-lived"
    page.press("Delete this archive")
    page.shows("Delete for good")
    page.press("Delete for good")

    page.find(".finder")  # on the first page, once there are archives
    page.shows("One that stays")
    assert "Short-lived" not in page.find("main").text
    page.open("/notifications/")
    page.shows("too-late asks for access.")
    [told] = [card for card in page.texts(".person") if "too-late" in card]
    assert "Open" not in told
    [asked] = wait_until(
        lambda: [each for each in asking.call("GET", "access-requests/")["results"] if each["reason"]],
        timeout_s=20,
        what="an answer to the request",
    )
    assert (asked["state"], asked["reason"]) == ("rejected", "The archive was deleted.")


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
    for title, modality in (("Zebrafish larvae", "CT"), ("Adult zebrafish", "MR")):
        client.call("POST", "archives/", json={"title": title, "modalities": [modality]})
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
    Select(page.find("[aria-label=Modality]")).select_by_value("CT")
    wait_until(
        lambda: page.texts(".archive h2") == ["Zebrafish larvae"], timeout_s=20, what="that of the modality"
    )
    page.open("/?search=no+such+thing")
    page.shows("No archive is like this.")


def test_archives_of_an_organisation_are_found_by_its_name_and_from_any_of_them(
    page: Page, platform: RunningPlatform
) -> None:
    client = platform.client()
    kept = client.call("POST", "organisations/", json={"slug": "lungs", "title": "Institute of Lungs"})
    for title, filed in (("Theirs", [kept["title"], "Unkept society"]), ("Not theirs", [])):
        client.call("POST", "archives/", json={"title": title, "organizations": filed})
    page.sign_in(platform.token)
    page.shows("Not theirs")

    Select(page.find("[aria-label=Organisation]")).select_by_value(kept["title"])
    wait_until(lambda: page.texts(".archive h2") == ["Theirs"], timeout_s=20, what="that of the organisation")
    page.press("Theirs")
    page.shows("Unkept society")
    page.press("Unkept society")

    wait_until(lambda: page.texts(".archive h2") == ["Theirs"], timeout_s=20, what="that of the society")
    assert page.texts("[aria-label=Organisation]") == ["Unkept society"]


def test_the_card_of_a_public_archive_is_there_before_anybody_signs_in(
    page: Page, platform: RunningPlatform
) -> None:
    """The page at its address was that of signing in and nothing else, so that a press on the card seemed to do nothing."""
    client = platform.client()
    client.create_archive("Open to all", public=True)
    private = client.create_archive("Open to few")
    page.open("/")
    page.shows("Open to all")

    page.press("Open to all")
    page.shows("Sign in to ask for access, or to see its items.")
    assert page.texts("h1") == ["Open to all"]
    page.fill("token", platform.token)
    page.press("Sign in with a token")
    page.shows("Nothing is in here yet.")

    page.browser.delete_all_cookies()
    page.open(f"/archives/{private['slug']}/")
    page.shows("Sign in to see this page")
    assert "Open to few" not in page.find("body").text


def test_the_page_one_is_on_is_seen_in_the_strip_of_pages_on_a_phone(
    page: Page, platform: RunningPlatform
) -> None:
    archive = platform.client().create_archive("On a phone")
    phone = {"width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": True}
    page.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", phone)
    page.sign_in(platform.token)
    page.shows("New archive")

    for name in ("members", "deleted", "settings", "table"):
        page.open(f"/archives/{archive['slug']}/{name}/")
        here = page.find(".pages [aria-current]")
        left, right = here.rect["x"], here.rect["x"] + here.rect["width"]
        assert 0 <= left < right <= phone["width"], name


def test_the_head_of_the_page_takes_two_lines_on_a_phone(page: Page, platform: RunningPlatform) -> None:
    phone = {"width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": True}
    page.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", phone)
    page.sign_in(platform.token)
    page.shows("New archive")

    tops = {
        round(each.rect["y"] + each.rect["height"] / 2)
        for each in page.all(".brand, #account a, #account button")
    }

    upper, lower = min(tops), max(tops)
    assert all(min(abs(top - upper), abs(top - lower)) < 6 for top in tops)  # texts of two sizes
    assert page.find(".bar").rect["height"] < 90
    assert page.browser.execute_script("return document.documentElement.scrollWidth") == phone["width"]
