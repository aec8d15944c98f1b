"""The reading page in a browser, under the policy it is served with: reading, and trying a call."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.person import EXPECTED, PASSWORD, unique
from tests.support.server import ServerProcess


@pytest.fixture
def page(browser: Browser, server: ServerProcess) -> Iterator[Page]:
    context = browser.new_context(base_url=server.base, viewport={"width": 1400, "height": 900})
    made = context.new_page()
    complaints: list[str] = []
    made.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    made.on("pageerror", lambda error: complaints.append(str(error)))
    yield made
    assert [said for said in complaints if not EXPECTED.search(said)] == []
    context.close()


def attempt(page: Page, id: str, body: Any = None) -> Any:
    """Send the form of a call; its answer's status and text."""
    call = page.locator(f"#{id}")
    if not call.locator("[type=submit]").is_visible():
        call.locator(".try > summary").click()
    if body is not None:
        call.locator("textarea").fill(json.dumps(body))
    call.locator("[type=submit]").click()
    expect(call.locator(".try__answer .status")).to_be_visible()
    return call.locator(".try__answer .status").inner_text(), call.locator(".try__answer pre").inner_text()


def test_one_signs_up_signs_in_and_sends_without_leaving_the_page(page: Page) -> None:
    person = {"username": unique("ann"), "password": PASSWORD}
    page.goto("/docs")
    assert attempt(page, "me")[0] == "401"
    assert attempt(page, "register", person)[0] == "201"
    assert attempt(page, "login", person)[0] == "200"
    expect(page.locator("#who")).to_have_text(person["username"])
    status, me = attempt(page, "me")
    assert status == "200"
    sent = attempt(
        page, "send_message", {"receiver_id": json.loads(me)["user"]["id"], "message": "to myself"}
    )
    assert sent[0] == "201"
    assert json.loads(sent[1])["message"] == "to myself"
    page.locator("#send_message input[type=file]").set_input_files(
        {"name": "a.txt", "mimeType": "text/plain", "buffer": b"a file"}
    )
    page.locator("#send_message [type=submit]").click()
    expect(page.locator("#send_message .try__answer pre")).to_contain_text('"attachment_name": "a.txt"')
    assert page.evaluate("Object.keys(localStorage).length + Object.keys(sessionStorage).length") == 0


def test_a_held_poll_can_be_stopped(page: Page) -> None:
    person = {"username": unique("bob"), "password": PASSWORD}
    page.goto("/docs#poll")
    attempt(page, "register", person)
    attempt(page, "login", person)
    poll = page.locator("#poll")
    poll.locator(".try > summary").click()
    poll.locator("[name=wait]").fill("30")
    poll.locator("[type=submit]").click()
    poll.locator("[data-stop]").click()
    expect(poll.locator(".try__answer")).to_have_text("Stopped.")


@pytest.mark.parametrize("width", [1400, 800, 360])
def test_a_problem_is_led_to_and_nothing_is_wider_than_the_window(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.goto("/docs#problem-cursor_expired")
    expect(page.locator("#problem-cursor_expired")).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
