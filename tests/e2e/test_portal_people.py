"""People and one's own account, in a browser: somebody is added, signs in, changes the password, and makes a token."""

from uuid import uuid4

import pytest
from selenium.webdriver.support.select import Select

from demo.client import ApiError, ArchiveClient
from tests.support.platform import RunningPlatform
from tests.support.portal import Page

FIRST, OWN = "told on the phone", "nobody else knows it"


def signed_in(page: Page, username: str, password: str) -> None:
    page.shows("Your token")
    page.fill("username", username)
    page.fill("password", password)
    page.press("Sign in")


def test_an_administrator_adds_somebody_who_then_chooses_an_own_password(
    page: Page, platform: RunningPlatform
) -> None:
    page.sign_in(platform.token)
    page.shows("New archive")
    page.open("/people/")
    page.fill("username", "berta")
    page.fill("password", "short")
    page.press("Add person")
    page.shows("characters.")
    page.fill("password", FIRST)
    page.press("Add person")  # whoever is made already is not made twice
    page.find("[data-user=berta]")
    page.shows("berta is added.")
    assert len(page.all("[data-user=berta]")) == 1
    page.find("#account button").click()

    signed_in(page, "berta", FIRST)
    page.shows("Only administrators may do this.")
    assert "People" not in page.texts("#account a")
    page.open("/account/")
    page.fill("present", "another one")
    page.fill("password", OWN)
    page.press("Change password")
    page.shows("The present password is wrong.")
    page.fill("present", FIRST)
    page.fill("password", OWN)
    page.press("Change password")
    page.shows("The password is changed")
    page.find("#account button").click()
    signed_in(page, "berta", OWN)

    page.shows("Change password")


def test_a_token_is_made_shown_once_and_revoked(page: Page, platform: RunningPlatform) -> None:
    page.sign_in(platform.new_user("caesar")[1])
    page.shows("Archives")
    page.open("/account/")
    page.fill("name", "reading room")
    Select(page.find("[name=scope]")).select_by_value("read")
    page.press("Make a token")
    secret = page.find("code.secret").text

    with ArchiveClient(platform.address, secret) as program:
        assert program.call("GET", "users/me/")["username"] == "caesar"
        page.find("[aria-label='Revoke reading room']").click()
        page.shows("The token reading room is good for nothing any more.")

        with pytest.raises(ApiError, match="401"):
            program.call("GET", "users/me/")


def test_a_token_for_some_archives_says_that_it_is_good_for_nothing_else(
    page: Page, platform: RunningPlatform
) -> None:
    secret = platform.new_user("dora")[1]
    with ArchiveClient(platform.address, secret) as program:
        program.call("POST", "tokens/", json={"name": "scanner", "archives": [str(uuid4())]})
    page.sign_in(secret)
    page.shows("Archives")
    page.open("/account/")

    card = page.find("[data-token=scanner]").text

    assert "Everything you may do · in one archive only, nothing else of yours" in card
