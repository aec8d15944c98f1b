"""A person at a browser: signs up, opens a conversation, writes, reads.

Leaving fails the test if one of their pages complained about anything.
"""

from __future__ import annotations

import itertools
import json
import os
import random
import re
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

API = "/api/v1/communication/"
PASSWORD = "correct horse battery staple"
# A message that the server has; how far it has got depends on who is there.
ACCEPTED = "[data-state=sent], [data-state=delivered], [data-state=read]"
# What a browser itself writes into the console when a request fails; the page cannot prevent it.
EXPECTED = re.compile(r"Failed to load resource|net::ERR_|favicon")
_numbers = itertools.count(1)


def unique(name: str) -> str:
    return f"{name}{next(_numbers)}x{os.getpid()}x{random.randrange(16**5):05x}"


class Person:
    def __init__(self, browser: Browser, base: str, name: str = "ann", **context: Any) -> None:
        self.base = base
        # What asks here is no browser: a name that only the browser knows means nothing to it.
        self.reached_at: str = context.pop("reached_at", base)
        self.name = unique(name)
        self.context: BrowserContext = browser.new_context(
            viewport=context.pop("viewport", {"width": 1180, "height": 760}),
            locale=context.pop("locale", "en-GB"),
            **context,
        )
        self.complaints: list[str] = []
        self.page = self.tab()

    def tab(self) -> Page:
        page = self.context.new_page()
        page.set_default_timeout(60_000)
        page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        page.on("console", self._heard)
        page.on("dialog", lambda dialog: (self.complaints.append("a dialog opened"), dialog.dismiss()))
        return page

    def _heard(self, message: Any) -> None:
        if message.type in ("error", "warning") and not EXPECTED.search(message.text):
            self.complaints.append(f"{message.type}: {message.text}")

    def sign_up(self) -> Person:
        """Through the API, for speed; the tests of the sign-in page fill in its form."""
        fields = {"username": self.name, "password": PASSWORD}
        assert self.context.request.post(f"{self.reached_at}{API}auth/register/", data=fields).ok
        account = self.context.request.post(f"{self.reached_at}{API}auth/login/", data=fields).json()
        entries = {"chat.accounts": json.dumps({account["user"]["id"]: account})}
        entries["chat.last"] = str(account["user"]["id"])
        self.context.add_init_script(
            f"if (!localStorage['chat.accounts']) Object.assign(localStorage, {json.dumps(entries)})"
        )
        self.page.goto(self.base)
        expect(self.page.locator("chat-sidebar nav")).to_be_visible()
        return self

    def open(self, other: Person, page: Page | None = None) -> Person:
        page = page or self.page
        page.fill("chat-sidebar input[type=search]", other.name)
        page.locator("chat-sidebar .room").filter(has_text=other.name).first.click()
        expect(page.locator(".room-view__name")).to_have_text(other.name)
        expect(page.locator(".timeline__scroller[aria-busy=false]")).to_be_attached()
        return self

    def write(self, text: str, page: Page | None = None) -> None:
        box = (page or self.page).locator("chat-composer textarea")
        box.fill(text)
        box.press("Enter")

    def message(self, text: str, page: Page | None = None) -> Locator:
        return (page or self.page).locator(".message").filter(has_text=text)

    def accepted(self, text: str) -> Locator:
        """Its mark once the server has it, whatever has become of it since."""
        return self.message(text).locator(ACCEPTED)

    def texts(self, page: Page | None = None) -> list[str]:
        return (page or self.page).locator(".message__text").all_inner_texts()

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """The API, as this person."""
        return self.page.evaluate(
            """([method, path, json]) => document.querySelector('chat-app').api
                .request(method, path, json === null ? {} : {json})""",
            [method, path, body],
        )

    @property
    def id(self) -> int:
        return int(self.page.evaluate("document.querySelector('chat-app').me.id"))

    def leave(self) -> None:
        self.context.close()
        assert not self.complaints, self.complaints
