"""What belongs to a person: taken along as a file, or deleted for ever."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import expect

from tests.browser.person import PASSWORD, Person


def test_ones_data_comes_as_one_file_and_the_account_can_be_deleted(person: Callable[..., Person]) -> None:
    ann, bob = person("ann"), person("bob")
    ann.call("POST", "chats/", {"receiver_id": bob.id, "message": "remember me"})
    page = ann.page
    page.locator(".menu summary").click()
    page.get_by_role("button", name="Settings").click()

    with page.expect_download() as download:
        page.get_by_role("button", name="Download my data").click()
    taken = json.loads(Path(download.value.path()).read_text())
    assert taken["user"]["username"] == ann.name
    assert [one["message"] for one in taken["conversations"][0]["messages"]] == ["remember me"]

    page.get_by_role("button", name="Delete my account…").click()
    page.locator("#settings-password").fill("not this one")
    page.get_by_role("button", name="Delete my account", exact=True).click()
    expect(page.locator("dialog .form-error").last).not_to_be_empty()
    page.locator("#settings-password").fill(PASSWORD)
    page.get_by_role("button", name="Delete my account", exact=True).click()
    expect(page.locator(".sign-in .notice")).to_have_text("Your account is deleted.")
    page.reload()
    expect(page.locator(".sign-in")).to_be_visible()
