"""The items of an archive as a table, in a browser: found, sorted, brought in, and deleted many at once."""

from pathlib import Path
from typing import Any

from selenium.webdriver.support.select import Select

from demo.client import ArchiveClient
from tests.support.platform import RunningPlatform
from tests.support.portal import Page
from tests.support.processes import wait_until


def filled(client: ArchiveClient, title: str) -> dict[str, Any]:
    """Create an archive of three items that have a risk."""
    if not client.call("GET", "components/interfaces/?slug=risk")["results"]:
        client.call("POST", "components/interfaces/", json={"title": "Risk", "kind": "Float"})
    archive = client.create_archive(title)
    for name, risk in (("low one", 0.1), ("high one", 0.9), ("middle one", 0.5)):
        values = [{"interface": "risk", "value": risk}]
        body = {"archive": archive["api_url"], "title": name, "values": values}
        client.call("POST", "archives/items/", json=body)
    indexed = f"archives/items/?archive={archive['pk']}&value[risk][gte]=0"
    wait_until(lambda: len(client.call("GET", indexed)["results"]) == 3, timeout_s=60, what="the index")
    return archive


def opened(page: Page, platform: RunningPlatform, archive: dict[str, Any]) -> None:
    """Sign in as the administrator and open the table of an archive."""
    page.sign_in(platform.token)
    page.shows("New archive")
    page.open(f"/archives/{archive['slug']}/table/")
    page.shows("3 of 3 items.")


def titles(page: Page) -> list[str]:
    script = "return [...document.querySelectorAll('[data-item]')].map((row) => row.dataset.item)"
    found: list[str] = page.browser.execute_script(script)
    return found


def test_items_are_found_by_words_and_values_and_sorted(page: Page, platform: RunningPlatform) -> None:
    archive = filled(platform.client(), "Looked through")
    opened(page, platform, archive)

    page.find(".item-table th:nth-of-type(2) button").click()
    assert titles(page) == ["low one", "middle one", "high one"]
    page.find(".item-table th:nth-of-type(2) button").click()
    assert titles(page) == ["high one", "middle one", "low one"]
    assert page.find(".item-table th:nth-of-type(2)").get_attribute("aria-sort") == "descending"

    page.press("Add a condition")
    what, how = page.all(".condition select")
    Select(what).select_by_visible_text("Risk")
    Select(how).select_by_visible_text("is at least")
    page.find(".condition input").send_keys("0.5")
    page.press("Search")
    wait_until(lambda: len(titles(page)) == 2, timeout_s=20, what="two items")
    page.browser.refresh()
    page.shows("2 items.")
    page.find("[type=search]").send_keys("middle")
    page.press("Search")

    wait_until(lambda: titles(page) == ["middle one"], timeout_s=20, what="one item")


def test_a_large_archive_is_sorted_as_a_whole_and_no_page_of_it_comes_twice(
    page: Page, platform: RunningPlatform
) -> None:
    client = platform.client()
    archive = client.create_archive("Many")
    rows = [{"operation": "create", "title": f"case {number:03d}"} for number in range(150)]
    client.call("POST", "archives/items/bulk/", json={"archive": archive["api_url"], "rows": rows})
    client.wait_for_items(archive["pk"], 150)
    page.sign_in(platform.token)
    page.shows("New archive")
    page.open(f"/archives/{archive['slug']}/table/")
    page.shows("100 of 150 items; there are more.")

    for order in ("ascending", "descending"):
        page.find(".item-table th button").click()
        page.find(f".item-table th[aria-sort={order}]")  # the table is drawn anew, with other buttons
    wait_until(lambda: titles(page)[:2] == ["case 149", "case 148"], timeout_s=20, what="the last ones")
    assert page.texts(".item-table > .hint") == ["100 of 150 items; there are more."]
    page.browser.execute_script(
        "const more = document.querySelector('.item-table > button'); more.click(); more.click()"
    )
    page.shows("150 of 150 items.")
    assert titles(page) == [f"case {number:03d}" for number in range(149, -1, -1)]
    page.find(".item-table th button").click()

    assert titles(page) == [f"case {number:03d}" for number in range(150)]


def test_the_last_search_counts_however_late_the_one_before_it_is_answered(
    page: Page, platform: RunningPlatform
) -> None:
    opened(page, platform, filled(platform.client(), "Typed quickly"))
    page.browser.execute_script(DELAY_SEARCH_FOR_LOW)

    for word in ("low", "high"):
        page.find("[type=search]").clear()
        page.find("[type=search]").send_keys(word)
        page.press("Search")
    wait_until(lambda: titles(page) == ["high one"], timeout_s=20, what="the last search")
    wait_until(
        lambda: page.browser.execute_script("return window.lateIsHere"), timeout_s=20, what="the first"
    )

    assert titles(page) == ["high one"]


DELAY_SEARCH_FOR_LOW = """
    const fetched = window.fetch;
    window.fetch = async (path, request) => {
        const answer = await fetched(path, request);
        if (!String(path).includes("search=low")) return answer;
        await new Promise((resolve) => setTimeout(resolve, 3000));
        setTimeout(() => { window.lateIsHere = true; }, 500);
        return answer;
    };
"""


def test_one_goes_from_item_to_item_in_the_order_of_the_table(page: Page, platform: RunningPlatform) -> None:
    opened(page, platform, filled(platform.client(), "In order"))
    page.find(".item-table th:nth-of-type(2) button").click()

    page.press("low one")
    page.shows("1 of 3")
    page.press("Next")
    wait_until(lambda: page.texts("h1") == ["middle one"], timeout_s=20, what="the next item")
    page.press("Previous")

    wait_until(lambda: page.texts("h1") == ["low one"], timeout_s=20, what="the item before")
    assert page.texts(".neighbours a") == ["Next ›"]


def test_a_table_is_checked_row_by_row_and_then_brought_in(
    page: Page, platform: RunningPlatform, tmp_path: Path
) -> None:
    client = platform.client()
    archive = filled(client, "Brought in")
    first = client.items(archive["pk"])[0]
    table = tmp_path / "table.csv"
    table.write_text("pk,title,risk\n,fresh,none of it\n")
    opened(page, platform, archive)

    page.fill("content", str(table))
    page.press("Check the table")
    page.shows("1 row cannot be imported; nothing was done.")
    assert page.texts(".wrong tbody tr")[0].startswith("1 ")
    table.write_text(f"pk,title,risk\n,fresh,0.7\n{first['pk']},,0.2\n")
    page.fill("content", str(table))
    page.press("Check the table")
    page.shows("1 new, 1 changed")
    assert page.texts(".plan tbody tr") == [
        "1 A new item fresh risk = 0.7",
        "2 Changes an item risk = 0.2",
    ]
    assert len(client.items(archive["pk"])) == 3
    page.press("Import 2 rows")

    page.shows("2 rows imported.", timeout_s=60)
    wait_until(lambda: "fresh" in titles(page), timeout_s=20, what="the new item")
    assert client.call("GET", first["api_url"])["values"][0]["value"] == 0.2


def test_many_items_are_deleted_at_once_and_brought_back(page: Page, platform: RunningPlatform) -> None:
    archive = filled(platform.client(), "Thinned out")
    opened(page, platform, archive)

    page.find("[aria-label='Choose low one']").click()
    page.find("[aria-label='Choose high one']").click()
    page.press("Delete 2 items")
    page.shows("can be brought back for 30 days")
    page.press("Delete now")
    page.shows("2 items deleted.", timeout_s=60)
    wait_until(lambda: titles(page) == ["middle one"], timeout_s=20, what="the item left")
    page.find("[data-page='deleted/'] a").click()
    page.find("[aria-label='Bring back low one']").click()
    page.shows("It is back")
    page.find("[data-page='table/'] a").click()
    wait_until(lambda: sorted(titles(page)) == ["low one", "middle one"], timeout_s=30, what="one more")
    page.find("[aria-label='Choose low one']").click()
    page.press("Delete 1 item")
    page.shows("can be brought back for 30 days")
    page.press("Delete now")
    page.shows("1 item deleted.", timeout_s=60)
    page.press("Bring them back")

    wait_until(lambda: len(titles(page)) == 2, timeout_s=30, what="the item again")
