"""Sockets on their page: what items can hold, and what administrators add to that."""

from selenium.webdriver.support.select import Select

from archive_api.domain.socket_kinds import KINDS
from tests.support.platform import RunningPlatform
from tests.support.portal import Page
from tests.support.processes import wait_until


def test_an_administrator_adds_sockets_and_an_item_is_given_a_report(
    page: Page, platform: RunningPlatform
) -> None:
    client = platform.client()
    archive = client.create_archive("With reports")
    item = client.call("POST", "archives/items/", json={"archive": archive["api_url"], "title": "case"})
    page.sign_in(platform.token)
    page.shows("New archive")
    page.open("/sockets/")
    page.shows("Generic Overlay")

    page.fill("title", "Lobes of the lung")
    page.press("Add socket")
    page.shows("Segmentations need them")
    page.fill("overlay_segments", "left\nright")
    page.press("Add socket")
    page.find("[data-socket=lobes-of-the-lung]")
    page.fill("title", "Finding of the reader")
    Select(page.find("[name=kind]")).select_by_value("String")
    page.press("Add socket")
    page.find("[data-socket=finding-of-the-reader]")
    page.open(f"/archives/{archive['slug']}/items/{item['pk']}/")
    Select(page.find("[name=socket]")).select_by_value("finding-of-the-reader")
    page.fill("value", "No nodule.\nNo effusion.")
    page.press("Save value")

    page.find("[data-socket=finding-of-the-reader] .written-value")
    (value,) = client.call("GET", item["api_url"])["values"]
    assert value["value"] == "No nodule.\nNo effusion."
    made = client.call("GET", "components/interfaces/?slug=lobes-of-the-lung")["results"][0]
    assert [(each["name"], each["voxel_value"]) for each in made["overlay_segments"]] == [
        ("left", 1),
        ("right", 2),
    ]


def test_choices_of_a_socket_are_those_that_were_written(page: Page, platform: RunningPlatform) -> None:
    page.sign_in(platform.token)
    page.shows("New archive")
    page.open("/sockets/")
    page.fill("title", "Is it malignant")
    Select(page.find("[name=kind]")).select_by_value("Choice")

    page.press("Add socket")
    page.shows("Write at least one choice.")
    page.fill("schema", "benign\nmalignant")
    page.press("Add socket")

    assert "benign, malignant" in page.find("[data-socket=is-it-malignant]").text


def test_every_kind_that_is_offered_is_one_of_the_platform(page: Page, platform: RunningPlatform) -> None:
    page.sign_in(platform.token)
    page.shows("New archive")
    page.open("/sockets/")

    offered = Select(page.find("[name=kind]")).options

    assert {option.get_attribute("value") for option in offered} <= KINDS.keys()


def test_others_read_of_sockets_and_add_none(page: Page, platform: RunningPlatform) -> None:
    _, token = platform.new_user("reader-of-sockets")
    page.sign_in(token)
    page.shows("New archive")

    page.open("/sockets/")

    page.shows("Generic Overlay")
    assert not page.all("form")


def test_an_archive_offers_the_sockets_that_its_editors_allow(page: Page, platform: RunningPlatform) -> None:
    client = platform.client()
    archive = client.create_archive("Scores alone")
    item = client.call("POST", "archives/items/", json={"archive": archive["api_url"], "title": "case"})
    for title in ("Score of the reader", "Remark of the reader"):
        client.call("POST", "components/interfaces/", json={"title": title, "kind": "Float"})
    page.sign_in(platform.token)
    page.shows("New archive")
    page.open(f"/archives/{archive['slug']}/settings/")
    Select(page.find("[name=allowed_sockets]")).select_by_value("score-of-the-reader")
    page.press("Save settings")
    wait_until(
        lambda: client.call("GET", archive["api_url"])["allowed_sockets"] == ["score-of-the-reader"],
        timeout_s=20,
        what="the settings",
    )

    page.open(f"/archives/{archive['slug']}/items/{item['pk']}/")

    options = Select(page.find("[name=socket]")).options
    assert [option.get_attribute("value") for option in options] == ["", "score-of-the-reader"]
