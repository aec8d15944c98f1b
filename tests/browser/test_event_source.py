"""A browser's own EventSource, on a page of another site, as existing web clients use it and as new ones may."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.person import API, PASSWORD, unique
from tests.support.server import ServerProcess

# What was heard is kept as `NAME DATA`, and shown so that a test can wait for it.
PAGE = b"""<!doctype html><meta charset="utf-8"><title>Elsewhere</title><ol></ol><script>
window.heard = [];
window.follow = (address) => {
  const source = window.source = new EventSource(address);
  const hear = (event) => {
    window.heard.push([event.type, event.data && JSON.parse(event.data), event.lastEventId]);
    const line = document.createElement('li');
    line.textContent = `${event.type} ${event.data ?? source.readyState}`;
    document.querySelector('ol').append(line);
  };
  for (const name of ['connected', 'message', 'typing', 'error', 'superseded']) source.addEventListener(name, hear);
};
</script>"""


class Elsewhere(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(PAGE)))
        self.end_headers()
        self.wfile.write(PAGE)

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://localhost:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def chat(site: str) -> Iterator[ServerProcess]:
    made = ServerProcess(env={"CHATSERVER_CORS_ORIGINS": site}).start()
    yield made
    made.stop()
    made.forget()


class Tab:
    """Somebody who is signed in, at a page of the other site."""

    def __init__(self, browser: Browser, chat: ServerProcess, site: str) -> None:
        self.base = chat.base
        self.context = browser.new_context()
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(60_000)
        self.page.goto(site)
        fields = {"username": unique("ann"), "password": PASSWORD}
        assert self.context.request.post(f"{self.base}{API}auth/register/", data=fields).ok
        answer = self.context.request.post(f"{self.base}{API}auth/login/", data=fields).json()
        self.id, self.token = answer["user"]["id"], answer["token"]

    def call(self, method: str, path: str, **data: Any) -> Any:
        headers = {"Authorization": f"Token {self.token}"}
        answer = self.context.request.fetch(
            f"{self.base}{API}{path}", method=method, headers=headers, data=data or None
        )
        assert answer.ok, answer
        return answer.json()

    def follow(self, query: str = "", token: str | None = None) -> None:
        self.page.evaluate(
            "(address) => follow(address)",
            f"{self.base}{API}sse/events/?token={token or self.token}{query}",
        )

    def hears(self, *lines: str) -> None:
        for line in lines:
            expect(self.page.locator("li").filter(has_text=line).first).to_be_attached()

    def texts(self) -> list[str]:
        heard = self.page.evaluate("heard")
        return [data["message"] for name, data, _ in heard if name == "message"]


@pytest.fixture
def tab(browser: Browser, chat: ServerProcess, site: str) -> Iterator[Callable[..., Tab]]:
    made: list[Tab] = []

    def make(page: str = site) -> Tab:
        made.append(Tab(browser, chat, page))
        return made[-1]

    yield partial(make)
    for one in made:
        one.context.close()


def say(ann: Tab, bob: Tab, text: str) -> None:
    ann.call("POST", "chats/", receiver_id=bob.id, message=text)


def test_a_page_of_another_site_hears_who_it_is_and_what_is_said(tab: Callable[..., Tab]) -> None:
    ann, bob = tab(), tab()
    bob.follow()
    bob.hears('connected {"status": "connected"')
    say(ann, bob, "from here to there")
    bob.hears("from here to there")
    ann.call("POST", "chats/typing/", receiver_id=bob.id, is_typing=True)
    bob.hears('"is_typing":true')


def test_a_page_of_a_site_that_is_not_allowed_hears_nothing(tab: Callable[..., Tab], site: str) -> None:
    stranger = tab(site.replace("localhost", "127.0.0.1"))
    stranger.follow()
    stranger.hears("error 2")  # closed, and not to be opened again
    assert stranger.page.evaluate("heard.map((h) => h[0])") == ["error"]


def test_a_bad_token_is_heard_as_an_error_with_data(tab: Callable[..., Tab]) -> None:
    ann = tab()
    ann.follow(token="bad")
    ann.hears('error {"error": "Unauthorized"}')


def test_a_browser_connects_again_by_itself_and_goes_on_where_it_was(
    tab: Callable[..., Tab], chat: ServerProcess
) -> None:
    ann, original, new = tab(), tab(), tab()
    new.follow(f"&client=tab&cursor={new.call('GET', 'snapshot/')['cursor']}")
    original.follow()
    for bob in (original, new):
        bob.hears("connected")
        say(ann, bob, "before")
        bob.hears("before")
    chat.stop()
    chat.start()
    for bob in (original, new):
        say(ann, bob, "after")
        bob.hears("after")
        assert bob.texts() == ["before", "after"]
    assert new.page.evaluate("heard.at(-1)[2]"), "its place"
    assert not original.page.evaluate("heard.at(-1)[2]"), "which an original client is not told"


def test_a_second_tab_of_the_same_name_ends_the_first(tab: Callable[..., Tab]) -> None:
    ann = tab()
    ann.follow("&client=tab")
    ann.hears("connected")
    ann.page.evaluate("window.first = source")
    ann.follow("&client=tab")
    ann.hears("superseded {}")
