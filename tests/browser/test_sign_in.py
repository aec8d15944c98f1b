"""The sign-in page where nobody may register, and how the server knows a browser again."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.person import PASSWORD, unique
from tests.support.command import chatserver
from tests.support.mongo import MongoNode
from tests.support.server import ServerProcess


@pytest.fixture(scope="module")
def closed(mongo: MongoNode) -> Iterator[ServerProcess]:
    env = {
        "CHATSERVER_MONGODB_URI": mongo.uri,
        "CHATSERVER_MONGODB_DATABASE": unique("closed"),
        "CHATSERVER_REGISTRATION": "off",
    }
    made = ServerProcess(env=env).start()
    yield made
    made.stop()
    made.forget()


@pytest.fixture
def page(browser: Browser, closed: ServerProcess) -> Iterator[Page]:
    context = browser.new_context(locale="en-GB")
    yield context.new_page()
    context.close()


def test_the_page_offers_no_registering_where_it_is_off(page: Page, closed: ServerProcess) -> None:
    name = unique("ann")
    added = chatserver("user", "add", name, "--password-stdin", env=closed.env, input=PASSWORD)
    assert added.code == 0, added
    for address in ("", "#sign-up"):
        page.goto(f"{closed.base}/{address}")
        expect(page.get_by_role("button", name="Sign in")).to_be_visible()
        expect(page.get_by_role("button", name="Create a new account")).to_have_count(0)
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator("chat-sidebar nav")).to_be_visible()
    (cookie,) = page.context.cookies(f"{closed.base}/api/v1/communication/auth/login/")
    assert cookie["name"].startswith("chat_device_") and cookie["httpOnly"]
    assert page.context.cookies(f"{closed.base}/api/v1/communication/chats/") == []
