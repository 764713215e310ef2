"""What people with the right to do with items on their pages, in a browser."""

from pathlib import Path
from typing import Any

from selenium.webdriver.support.select import Select

from demo.client import ArchiveClient
from tests.support.platform import RunningPlatform
from tests.support.portal import Page, volume
from tests.support.processes import wait_until


def new_item(client: ArchiveClient, archive: dict[str, Any], title: str) -> dict[str, Any]:
    item: dict[str, Any] = client.call(
        "POST", "archives/items/", json={"archive": archive["api_url"], "title": title}
    )
    return item


def opened(page: Page, platform: RunningPlatform, archive: dict[str, Any], item: dict[str, Any]) -> None:
    """Sign in as the administrator and open the page of an item."""
    page.sign_in(platform.token)
    page.shows("New archive")
    page.open(f"/archives/{archive['slug']}/items/{item['pk']}/")
    page.shows("Add a value")


def choose(page: Page, socket: str) -> None:
    Select(page.find("[name=socket]")).select_by_value(socket)


def test_values_are_added_changed_and_removed_with_inputs_of_their_kind(
    page: Page, platform: RunningPlatform
) -> None:
    client = platform.client()
    for title, kind in (("Score", "Float"), ("Any", "Anything")):
        client.call("POST", "components/interfaces/", json={"title": title, "kind": kind})
    archive = client.create_archive("Values")
    item = new_item(client, archive, "bare")
    opened(page, platform, archive, item)

    choose(page, "any")
    page.fill("value", "{no json")
    page.press("Save value")
    page.shows("It is no JSON")
    page.fill("value", '{"a": [1, null]}')
    page.press("Save value")
    page.shows('{"a":[1,null]}')

    choose(page, "score")
    assert page.find("[name=value]").get_attribute("type") == "number"
    page.press("Save value")
    page.shows("Enter a number.")
    page.fill("value", "0.5")
    page.press("Save value")
    page.find("[data-socket=score] [aria-label='Change Score']").click()
    page.fill("value", "0.75")
    page.press("Save value")
    page.shows("0.75")
    page.find("[data-socket=any] [aria-label='Remove Any']").click()
    wait_until(lambda: not page.all("[data-socket=any]"), timeout_s=20, what="the value removed")

    values = client.call("GET", item["api_url"])["values"]
    assert [(value["socket"]["slug"], value["value"]) for value in values] == [("score", 0.75)]
    page.find(".history summary").click()
    page.shows("value replaced score")


def test_an_item_is_renamed_deleted_and_brought_back(page: Page, platform: RunningPlatform) -> None:
    client = platform.client()
    archive = client.create_archive("Titles")
    new_item(client, archive, "taken")
    item = new_item(client, archive, "first")
    opened(page, platform, archive, item)

    page.press("Rename")
    page.fill("title", "taken")
    page.press("Save title")
    wait_until(lambda: any(page.texts(".complaint")), timeout_s=20, what="that the title is taken")
    page.fill("title", "second")
    page.press("Save title")
    wait_until(lambda: page.texts("h1") == ["second"], timeout_s=20, what="the new title")
    page.press("Delete this item")
    page.press("Delete it")
    page.shows("“second” is deleted.")
    assert [each["title"] for each in client.items(archive["pk"])] == ["taken"]
    page.press("Bring it back")

    wait_until(lambda: page.texts("h1") == ["second"], timeout_s=20, what="the item again")
    assert len(client.items(archive["pk"])) == 2


def test_an_image_that_does_not_arrive_says_why_and_one_that_does_is_there(
    page: Page, platform: RunningPlatform, tmp_path: Path
) -> None:
    client = platform.client()
    archive = client.create_archive("Arrivals")
    item = new_item(client, archive, "waiting")
    broken = tmp_path / "broken.mha"
    broken.write_bytes(b"ObjectType = Image\nNDims = 3\n")
    opened(page, platform, archive, item)
    page.shows("Nothing has been put into this item yet.")

    choose(page, "generic-overlay")
    page.fill("value", str(broken))
    page.press("Save value")
    page.shows("generic-overlay: Failed. None of the files could be imported.", timeout_s=60)
    page.shows("Refused files")
    assert page.texts(".session button") == ["Try again"]

    choose(page, "generic-medical-image")
    page.fill("value", str(volume(tmp_path, "good.mha")))
    page.press("Save value")
    page.find("[data-socket=generic-medical-image] [aria-label='Change Generic Medical Image']", timeout_s=60)


def test_somebody_who_may_only_look_is_offered_no_changes(page: Page, platform: RunningPlatform) -> None:
    client = platform.client()
    archive = client.create_archive("Reading room")
    item = new_item(client, archive, "to be read")
    _, token = platform.new_user("reader")
    client.call("POST", f"archives/{archive['pk']}/members/", json={"user": "reader", "role": "user"})
    page.sign_in(token)
    page.shows("New archive")

    page.open(f"/archives/{archive['slug']}/items/{item['pk']}/")

    page.shows("Nothing has been put into this item yet.")
    shown = page.find("main").text
    assert "Rename" not in shown
    assert "Add a value" not in shown
    assert "Delete" not in shown

    page.open(f"/archives/{archive['slug']}/")
    page.shows("to be read")
    assert page.texts(".pages a") == ["Items", "Table", "Versions", "Duplicates"]
    assert not page.all("#files")


def test_files_that_belong_together_become_one_item_after_a_preview(
    page: Page, platform: RunningPlatform, tmp_path: Path
) -> None:
    archive = platform.client().create_archive("Together")
    files = [volume(tmp_path, name) for name in ("p1_scan.mha", "p1_mask.mha", "alone.mha")]
    page.sign_in(platform.token)
    page.shows("New archive")
    page.open(f"/archives/{archive['slug']}/")
    page.find("[name=grouped]").click()
    page.find("#files").send_keys("\n".join(map(str, files)))
    page.shows("One of its own", timeout_s=60)

    page.fill("'grouping.pattern'", "no placeholder")
    page.press("Preview")
    page.shows("It must hold {item} once")
    page.fill("'grouping.pattern'", "{item}_{socket}.mha")
    page.fill("'grouping.sockets'", "mask: generic-overlay")
    page.press("Preview")
    wait_until(
        lambda: (
            sorted(page.texts(".grouping tbody tr"))
            == [
                "alone.mha One of its own generic-medical-image",
                "p1_mask.mha p1 generic-overlay",
                "p1_scan.mha p1 generic-medical-image",
            ]
        ),
        timeout_s=20,
        what="the preview",
    )
    page.press("Import")

    page.shows("3 images from 3 files", timeout_s=60)
    wait_until(lambda: len(page.all(".item")) == 2, timeout_s=30, what="two items")
    page.find(".made summary").click()
    assert "p1_mask.mha" in page.find(".made table").text


def test_files_become_items_as_a_table_says(page: Page, platform: RunningPlatform, tmp_path: Path) -> None:
    archive = platform.client().create_archive("As a table says")
    files = [volume(tmp_path, name) for name in ("one.mha", "two.mha")]
    table = tmp_path / "table.csv"
    page.sign_in(platform.token)
    page.shows("New archive")
    page.open(f"/archives/{archive['slug']}/")
    page.find("[name=grouped]").click()
    page.find("#files").send_keys("\n".join(map(str, files)))
    page.shows("One of its own", timeout_s=60)

    Select(page.find("[name='grouping.by']")).select_by_value("manifest")
    table.write_text("name;item\none.mha;Anna\n")
    page.fill("'grouping.rows'", str(table))
    page.press("Preview")
    page.shows("Its first line must name the columns")
    table.write_text('file;item;socket\none.mha;Anna;\ntwo.mha;"Anna";generic-overlay\n')
    page.fill("'grouping.rows'", str(table))
    page.press("Preview")
    wait_until(
        lambda: (
            sorted(page.texts(".grouping tbody tr"))
            == ["one.mha Anna generic-medical-image", "two.mha Anna generic-overlay"]
        ),
        timeout_s=20,
        what="the preview",
    )
    page.press("Import")

    page.shows("2 images from 2 files", timeout_s=60)
    wait_until(
        lambda: [card.split("\n")[0] for card in page.texts(".item h3")] == ["Anna"],
        timeout_s=30,
        what="one item",
    )
