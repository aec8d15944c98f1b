"""A client written for another server, of an application with tokens of its own, works from that application's origin."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.person import API, EXPECTED, Person, unique
from tests.support.server import ServerProcess

HERE = Path(__file__).resolve().parent
PICTURE = HERE.parents[1] / "static/icons/icon-192.png"


class Application:
    """Serves the client, and says whose its tokens are."""

    def __init__(self) -> None:
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Answer, self))
        self.origin = f"http://127.0.0.1:{self.server.server_port}"
        self.subs: dict[str, str] = {}
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def token_of(self, sub: str) -> str:
        token = unique("opaque-")
        self.subs[token] = sub
        return token

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


class Answer(BaseHTTPRequestHandler):
    def __init__(self, application: Application, *args: Any) -> None:
        self.application = application
        super().__init__(*args)

    def do_GET(self) -> None:
        self._send(200, (HERE / "existing_client.html").read_bytes(), "text/html")

    def do_POST(self) -> None:
        token = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["token"]
        sub = self.application.subs.get(token)
        said = {"sub": sub, "name": sub, "ttl": 60}
        self._send(200 if sub else 401, json.dumps(said).encode(), "application/json")

    def _send(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture(scope="module")
def application() -> Iterator[Application]:
    made = Application()
    yield made
    made.close()


@pytest.fixture(scope="module")
def chat(application: Application) -> Iterator[ServerProcess]:
    env = {
        "CHATSERVER_CORS_ORIGINS": application.origin,
        "CHATSERVER_TOKEN_URL": f"{application.origin}/whose",
    }
    made = ServerProcess(env=env).start()
    yield made
    made.stop()
    made.forget()


class User:
    """One of the application's, at a browser of their own."""

    def __init__(self, browser: Browser, chat: ServerProcess, application: Application, sub: str) -> None:
        self.context = browser.new_context()
        self.application, self.base = application, chat.base + API
        self.token = application.token_of(sub)
        self.complaints: list[str] = []
        headers = {"Authorization": f"Bearer {self.token}"}
        answer = self.context.request.get(f"{self.base}users/me/", headers=headers)
        assert answer.ok, answer.text()
        self.id = int(answer.json()["user"]["id"])

    def open(self, other: User) -> Page:
        page = self.context.new_page()
        page.set_default_timeout(60_000)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on(
            "console",
            lambda said: (
                self.complaints.append(said.text)
                if said.type == "error" and not EXPECTED.search(said.text)
                else None
            ),
        )
        known = {"base": self.base, "token": self.token, "other": other.id}
        page.goto(f"{self.application.origin}/#{quote(json.dumps(known))}")
        expect(page.locator("body[data-ready]")).to_be_attached()
        return page


def send(page: Page, text: str, *files: Path) -> None:
    page.fill("#text", text)
    page.set_input_files("#file", list(files))
    page.click("button")
    expect(page.locator("li.mine").filter(has_text=text)).to_be_visible()


def test_it_lists_sends_receives_and_opens_files_from_its_own_origin(
    browser: Browser, chat: ServerProcess, application: Application, tmp_path: Path
) -> None:
    sub = unique("ann")
    ann, phone = (User(browser, chat, application, sub) for _ in range(2))
    bob = User(browser, chat, application, unique("bob"))
    assert ann.id == phone.id
    hers, his, on_phone = ann.open(bob), bob.open(ann), phone.open(bob)

    send(hers, "hello")
    expect(his.locator("li.theirs").filter(has_text="hello")).to_be_visible()
    expect(on_phone.locator("li.mine").filter(has_text="hello")).to_be_visible()

    send(hers, "a picture", PICTURE)
    live = his.locator("li.theirs").filter(has_text="a picture")
    _is_drawn(live.locator("img"))
    with bob.context.expect_page() as opened:
        live.locator("a").click()
    opened.value.wait_for_load_state()
    assert opened.value.url.startswith(chat.base) and bob.token not in opened.value.url
    _is_drawn(opened.value.locator("img"))

    notes = tmp_path / "notes.txt"
    notes.write_text("between us")
    send(his, "some notes", notes)
    with hers.expect_download() as download:
        hers.locator("li.theirs").filter(has_text="some notes").locator("a").click()
    assert download.value.path().read_text() == "between us"

    his.reload()
    expect(his.locator("li")).to_have_count(3)
    _is_drawn(his.locator("li.theirs img"))
    expect(his.locator("li.mine")).to_have_count(1)
    for one in (ann, phone, bob):
        assert not one.complaints
        one.context.close()


def _is_drawn(image: Any) -> None:
    expect(image).to_have_js_property("complete", True)
    assert image.evaluate("image => image.decode().then(() => image.naturalWidth)") == 192


@pytest.fixture(scope="module")
def misnamed() -> Iterator[ServerProcess]:
    """A server whose links begin with an address that this machine cannot reach."""
    made = ServerProcess(env={"CHATSERVER_PUBLIC_URL": "https://chat.example.invalid"}).start()
    yield made
    made.stop()
    made.forget()


def test_the_page_takes_files_by_the_way_it_came_whatever_their_links_begin_with(
    person: Any, misnamed: ServerProcess
) -> None:
    ann: Person = person("ann", misnamed.base)
    bob: Person = person("bob", misnamed.base)
    ann.open(bob)
    ann.page.set_input_files("input[type=file]", [PICTURE])
    ann.write("a picture")
    bob.open(ann)
    expect(bob.page.locator(".picture__image")).to_have_js_property("naturalWidth", 192)
