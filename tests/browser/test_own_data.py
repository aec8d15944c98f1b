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


def test_a_new_password_signs_every_other_device_out(
    person: Callable[..., Person], screenshot: Callable[[Person, str], None]
) -> None:
    ann = person("ann")
    other = ann.call("POST", "auth/login/", {"username": ann.name, "password": PASSWORD})
    page = ann.page
    page.locator(".menu summary").click()
    page.get_by_role("button", name="Settings").click()
    page.get_by_role("button", name="Change password…").click()
    new = "quite another horse"
    for present, said in (
        ("not this one", "is not your present password"),
        (PASSWORD, "Your password is changed"),
    ):
        page.get_by_label("Present password").fill(present)
        page.get_by_label("New password").fill(new)
        screenshot(ann, "password-form")
        page.get_by_role("button", name="Save").last.click()
        expect(page.locator("dialog .form-error", has_text=said)).to_be_visible()
    screenshot(ann, "password")
    expect(page.locator(".sessions__item")).to_have_count(1)
    assert ann.call("POST", "auth/login/", {"username": ann.name, "password": new})["token"]
    assert other["token"]
