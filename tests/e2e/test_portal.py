"""The page, as people use it: in a browser, on the running platform."""

import hashlib
import zipfile
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from selenium.webdriver import Chrome

from tests.support.platform import RunningPlatform, running_platform
from tests.support.portal import Page, logo, volume
from tests.support.processes import paused, wait_until
from tests.support.servers import MinioServer

MARKUP = '<img src="x" onerror="document.title = 1"> & "more"'


def test_a_wrong_token_is_told_so(page: Page) -> None:
    page.sign_in("map_wrong")

    page.shows("Nobody has this token.")


def test_signing_out_forgets_everything(page: Page, platform: RunningPlatform) -> None:
    page.sign_in(platform.token)
    page.shows("New archive")
    kept = page.browser.execute_script(
        "return document.cookie + JSON.stringify({...sessionStorage, ...localStorage})"
    )
    assert "map_" not in kept  # scripts cannot read the session

    page.find("#account button").click()

    page.shows("Your token")
    assert page.browser.get_cookies() == []


def test_a_password_signs_in_and_a_wrong_one_does_not(page: Page, platform: RunningPlatform) -> None:
    page.open("/")
    page.fill("username", "admin")
    page.fill("password", "not the right one")
    page.press("Sign in")
    page.shows("The username or the password is wrong.")

    page.fill("password", platform.password)
    page.press("Sign in")

    page.shows("New archive")
    page.shows("admin")


def test_an_archive_is_made_and_its_bad_logo_refused_beside_the_field(
    page: Page, platform: RunningPlatform, tmp_path: Path
) -> None:
    page.sign_in(platform.token)
    page.shows("New archive")
    page.press("New archive")
    page.fill("title", MARKUP)
    page.fill("logo", str(logo(tmp_path, 600)))
    page.shows("The picture is 600 × 600 pixels; it will probably be refused.")

    page.press("Create archive")

    page.shows("The logo is 600 × 600 pixels; it must be square and at least 640 × 640 pixels.")
    assert page.find("[data-field=logo] input").get_attribute("aria-invalid") == "true"

    page.fill("logo", str(logo(tmp_path, 640)))
    page.press("Create archive")

    page.shows("Nothing is in here yet.")
    assert page.find("h1").text == MARKUP
    wait_until(lambda: page.picture_is_drawn(".logo img"), timeout_s=10, what="the logo")
    assert not page.all("img[src=x]")


def test_files_are_uploaded_and_become_items_with_pictures(
    page: Page, platform: RunningPlatform, tmp_path: Path
) -> None:
    archive = platform.client().create_archive("Uploads")
    broken = tmp_path / "broken.mha"
    broken.write_bytes(b"ObjectType = Image\nNDims = 3\n")
    files = [volume(tmp_path, "first.mha"), volume(tmp_path, "second.mha"), broken]
    page.sign_in(platform.token)
    page.shows("Uploads")
    page.open(f"/archives/{archive['slug']}/")

    page.find("#files").send_keys("\n".join(map(str, files)))

    page.shows("2 images from 3 files", timeout_s=60)
    assert "broken.mha" in page.find(".refusals").text
    wait_until(
        lambda: page.picture_is_drawn(".item:nth-child(2) .picture img"), timeout_s=60, what="two pictures"
    )
    assert {card.text.split("\n")[0] for card in page.all(".item")} == {"first.mha", "second.mha"}


def test_an_import_that_begins_on_a_page_at_rest_is_followed_at_once(
    page: Page, platform: RunningPlatform, tmp_path: Path
) -> None:
    archive = platform.client().create_archive("At rest")
    page.sign_in(platform.token)
    page.shows("At rest")
    page.open(f"/archives/{archive['slug']}/")

    page.find("#files").send_keys(str(volume(tmp_path, "first.mha")))
    page.shows("1 image from 1 file")
    wait_until(lambda: page.picture_is_drawn(".item .picture img"), timeout_s=60, what="a page at rest")

    page.find("#files").send_keys(str(volume(tmp_path, "second.mha")))

    wait_until(
        lambda: page.texts(".session strong") == ["Imported"] * 2,
        timeout_s=6,  # at rest the page looks every ten seconds
        what="the second import",
    )


def test_who_leaves_while_files_are_sent_is_asked_and_may_stay(
    page: Page, platform: RunningPlatform, tmp_path: Path
) -> None:
    archive = platform.client().create_archive("Half sent")
    page.sign_in(platform.token)
    page.shows("Half sent")
    page.press("Half sent")
    page.find("#files")
    page.send_slowly(20_000)
    page.find("#files").send_keys(str(noise(tmp_path, "large.mha")))
    page.shows("Sending:")

    page.press("Table")
    page.browser.switch_to.alert.dismiss()
    assert page.texts("h1") == ["Half sent"]
    page.browser.back()
    page.browser.switch_to.alert.dismiss()
    assert page.browser.current_url.endswith(f"/archives/{archive['slug']}/")
    page.send_slowly(-1)

    page.shows("1 image from 1 file", timeout_s=60)


def noise(folder: Path, name: str) -> Path:
    """Write a volume that takes its time on a slow line."""
    file = folder / name
    values = np.random.default_rng(1).integers(0, 1000, (8, 128, 128), dtype=np.int16)
    sitk.WriteImage(sitk.GetImageFromArray(values), str(file))
    return file


def test_a_page_of_items_that_cannot_be_fetched_says_so_and_stays_where_it_was(
    page: Page, platform: RunningPlatform
) -> None:
    client = platform.client()
    archive = client.create_archive("Thirty")
    rows = [{"operation": "create", "title": f"case {number:03d}"} for number in range(30)]
    client.call("POST", "archives/items/bulk/", json={"archive": archive["api_url"], "rows": rows})
    client.wait_for_items(archive["pk"], 30)
    page.sign_in(platform.token)
    page.shows("Thirty")
    page.open(f"/archives/{archive['slug']}/")
    page.shows("Page 1 of 2")
    page.browser.execute_script(
        "window.answered = fetch; window.fetch = () => Promise.reject(new TypeError())"
    )

    page.press("Older")
    page.shows("The server cannot be reached.")
    assert "Page 1 of 2" in page.texts(".turning span")
    page.browser.execute_script("window.fetch = window.answered")
    page.press("Older")

    page.shows("Page 2 of 2")
    page.shows("case 000")


def test_an_empty_file_is_refused_by_name_and_the_others_go_on(
    page: Page, platform: RunningPlatform, tmp_path: Path
) -> None:
    archive = platform.client().create_archive("One empty")
    empty = tmp_path / "empty.mha"
    empty.touch()
    page.sign_in(platform.token)
    page.shows("One empty")
    page.open(f"/archives/{archive['slug']}/")

    page.find("#files").send_keys(f"{empty}\n{volume(tmp_path, 'full.mha')}")

    page.shows("empty.mha is empty", timeout_s=30)
    page.shows("1 image from 1 file", timeout_s=60)


def test_an_import_is_cancelled_and_tried_again(
    page: Page, platform: RunningPlatform, tmp_path: Path
) -> None:
    archive = platform.client().create_archive("Second thoughts")
    page.sign_in(platform.token)
    page.shows("Second thoughts")
    page.open(f"/archives/{archive['slug']}/")

    with paused(platform.pids()["ingest-worker-worker"]):
        page.find("#files").send_keys(str(volume(tmp_path, "late.mha")))
        page.shows("Waiting", timeout_s=30)
        page.press("Cancel")
        page.shows("The import was cancelled.")
    page.press("Try again")

    page.shows("1 image from 1 file", timeout_s=60)


def test_an_item_shows_what_is_known_and_is_downloaded_as_it_is(
    page: Page, platform: RunningPlatform, tmp_path: Path
) -> None:
    client = platform.client()
    archive = client.create_archive("One item")
    session = client.start_session([client.upload(volume(tmp_path, "ramp.mha"))], archive=archive["pk"])
    client.wait_for_session(session["pk"])
    (item,) = client.wait_for_items(archive["pk"], 1)
    image = client.image(item["values"][0]["image"])
    downloads = tmp_path / "downloads"
    page.browser.execute_cdp_cmd(
        "Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(downloads)}
    )
    page.sign_in(platform.token)
    page.shows("One item")

    page.open(f"/archives/{archive['slug']}/items/{item['pk']}/")

    page.shows("60 × 40 × 12 voxels")
    wait_until(lambda: page.colours(".slice-view canvas") > 10, timeout_s=60, what="the middle slice")
    page.press("Download .mha")
    (downloaded,) = wait_until(lambda: list(downloads.glob("*.mha")), timeout_s=30, what="the download")
    assert hashlib.sha256(downloaded.read_bytes()).hexdigest() == image["files"][0]["sha256"]


def test_an_archive_is_downloaded_as_a_whole(page: Page, platform: RunningPlatform, tmp_path: Path) -> None:
    client = platform.client()
    archive = client.create_archive("All of it")
    downloads = tmp_path / "downloads"
    page.browser.execute_cdp_cmd(
        "Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(downloads)}
    )
    page.sign_in(platform.token)
    page.shows("All of it")

    page.open(f"/archives/{archive['slug']}/")
    page.shows("Items")
    assert "Download all" not in page.find("article").text  # there is nothing yet
    session = client.start_session([client.upload(volume(tmp_path, "ramp.mha"))], archive=archive["pk"])
    client.wait_for_session(session["pk"])
    page.shows("Download all")
    page.press("Download all")

    (downloaded,) = wait_until(lambda: list(downloads.glob("*.zip")), timeout_s=60, what="the download")
    with zipfile.ZipFile(downloaded) as found:
        assert found.testzip() is None
        assert [Path(name).suffix for name in found.namelist() if "/" in name] == [".mha"]


def test_an_item_says_what_its_archive_wants_to_show_and_it_lacks(
    page: Page, platform: RunningPlatform
) -> None:
    client = platform.client()
    archive = client.create_archive("Overlays")
    wanted = {"view_content": {"main": ["generic-overlay"]}}
    client.call("PATCH", f"archives/{archive['pk']}/", json=wanted)
    item = client.call("POST", "archives/items/", json={"archive": archive["api_url"], "title": "bare"})
    page.sign_in(platform.token)
    page.shows("Overlays")

    page.open(f"/archives/{archive['slug']}/items/{item['pk']}/")

    page.shows("Viewport main shows generic-overlay, of which this item has no value.")


def test_an_editor_makes_a_version_of_an_archive_and_cites_it_later(
    page: Page, platform: RunningPlatform
) -> None:
    archive = platform.client().create_archive("To be cited")
    page.sign_in(platform.token)
    page.shows("To be cited")

    page.open(f"/archives/{archive['slug']}/versions/")
    page.shows("There are no versions yet.")
    page.fill("title", "Release 1")
    page.fill("doi", "no such thing")
    page.press("Make a version")
    page.shows("Must be a DOI")
    page.fill("doi", "")
    page.press("Make a version")
    assert "Release 1" in page.find("[data-version='1']").text

    page.press("Change citation")
    page.find("[data-version='1'] [name=doi]").send_keys("10.5281/zenodo.1234")
    page.press("Save citation")
    page.shows("10.5281/zenodo.1234")


def test_files_go_to_and_come_from_an_object_store_with_another_address(
    browser: Chrome, minio_server: MinioServer, tmp_path: Path
) -> None:
    environment = {
        "ARCHIVE_BLOBS_URL": f"s3://{minio_server.endpoint}?secure=0",
        "ARCHIVE_BLOBS_ACCESS_KEY": minio_server.access_key,
        "ARCHIVE_BLOBS_SECRET_KEY": minio_server.secret_key,
    }
    downloads = tmp_path / "downloads"
    browser.execute_cdp_cmd(
        "Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(downloads)}
    )
    with running_platform(tmp_path / "data", environment=environment) as platform:
        archive = platform.client().create_archive("Elsewhere")
        page = Page(browser, platform.address)
        page.sign_in(platform.token)
        page.shows("Elsewhere")
        page.open(f"/archives/{archive['slug']}/")

        page.find("#files").send_keys(str(volume(tmp_path, "far.mha")))

        page.shows("1 image from 1 file", timeout_s=60)
        page.find(".item a").click()
        page.shows("Download .mha")
        page.press("Download .mha")
        (downloaded,) = wait_until(lambda: list(downloads.glob("*.mha")), timeout_s=30, what="the download")
        assert sitk.ReadImage(str(downloaded)).GetSize() == (60, 40, 12)


def test_somebody_without_a_role_sees_the_card_and_nothing_else(
    page: Page, platform: RunningPlatform
) -> None:
    public = platform.client().create_archive("For everybody", public=True)
    private = platform.client().create_archive("For few")
    _, token = platform.new_user("stranger")

    page.sign_in(token)
    page.find("#account button")  # the public archives are there before as well
    page.shows("For everybody")
    assert "For few" not in page.find("main").text

    page.open(f"/archives/{public['slug']}/")
    page.shows("Its items need a role")
    assert not page.all("#files")

    page.open(f"/archives/{private['slug']}/")
    page.shows("Not found")


def test_somebody_asks_for_access_and_an_editor_lets_them_in(page: Page, platform: RunningPlatform) -> None:
    """The requester has the exact address of a private archive; its editor hears of it and decides."""
    root = platform.client()
    archive = root.create_archive("For the careful")
    root.call("PATCH", f"archives/{archive['pk']}/admission/", json={"terms": "Do no harm."})
    _, token = platform.new_user("asker")

    page.sign_in(token)
    page.shows("New archive")
    page.open(f"/archives/{archive['pk']}/")
    page.shows("Do no harm.")
    page.shows("For the careful")
    page.shows("What is in it, only members see.")
    page.fill("message", "I count lungs.")
    page.find("[name=terms_version]").click()
    page.press("Ask for access")
    page.shows("the editors will decide")
    page.find("#account button").click()

    page.shows("Your token")
    page.sign_in(platform.token)
    page.shows("New archive")
    page.open("/notifications/")
    page.shows("asker asks for access.")
    page.press("Open For the careful")
    page.shows("I count lungs.")
    page.find("[data-asks=asker] .primary").click()

    page.find("[data-member=asker]")
    assert not page.all("[data-asks]")
    members = root.call("GET", f"archives/{archive['pk']}/members/")["results"]
    assert {each["username"]: each["roles"] for each in members}["asker"] == ["user"]


def test_an_editor_gives_and_takes_roles(page: Page, platform: RunningPlatform) -> None:
    archive = platform.client().create_archive("A team")
    platform.new_user("colleague")
    page.sign_in(platform.token)
    page.shows("New archive")
    page.open(f"/archives/{archive['slug']}/members/")

    page.fill("user", "nobody-of-this-name")
    page.press("Give role")
    page.shows("There is no user named nobody-of-this-name.")
    page.fill("user", "colleague")
    page.press("Give role")
    page.find("[data-member=colleague] .role button").click()

    wait_until(lambda: not page.all("[data-member=colleague]"), timeout_s=20, what="the role taken")
    page.find("[data-member=admin] .role button").click()
    page.shows("An archive keeps at least one editor")


def test_the_api_can_be_read_about(page: Page, platform: RunningPlatform) -> None:
    page.sign_in(platform.token)
    page.open("/api/")

    page.shows("POST /api/v1/archives/items/bulk/")
    page.shows("Begin to create, edit and delete many items")


def test_an_unknown_address_is_not_found(page: Page, platform: RunningPlatform) -> None:
    page.sign_in(platform.token)
    page.shows("New archive")

    page.open("/no/such/page/")

    page.shows("There is nothing at this address.")
