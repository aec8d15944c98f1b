"""The chat in somebody else's page: another origin, its own styles, its own users."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import jwt
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.conftest import SCREENSHOTS
from tests.browser.person import ACCEPTED, EXPECTED, Person, unique
from tests.browser.test_looks import AXE, STILL
from tests.support.server import ServerProcess

EXAMPLE = Path(__file__).resolve().parents[2] / "docs" / "examples"
SECRET = "a key of thirty-two bytes or more"
People = Callable[..., Person]


class Host:
    """A web application at another origin, whose pages are those of docs/examples."""

    def __init__(self) -> None:
        self.chat = ""
        self.room = ""
        self.user = unique("zoe")
        self.tokens = 0
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Answer, self))
        self.origin = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def file(self, name: str) -> bytes:
        text = (EXAMPLE / name).read_text()
        return (
            (re.sub(r"\bCHAT\b", self.chat, text) if name.endswith(".html") else text)
            .replace("ROOM", self.room)
            .encode()
        )

    def token(self) -> str:
        self.tokens += 1
        claims = {
            "sub": self.user,
            "name": f"Zoë {self.user}",
            "aud": "chatserver",
            "exp": int(time.time()) + 60,
            "jti": str(self.tokens),  # two of one second are two: signing out ends one of them
        }
        return jwt.encode(claims, SECRET, algorithm="HS256")

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


class Answer(SimpleHTTPRequestHandler):
    def __init__(self, host: Host, *args: Any) -> None:
        self.host = host
        super().__init__(*args)

    def do_GET(self) -> None:
        name = self.path.removeprefix("/").partition("?")[0] or "host-page.html"
        if name not in {path.name for path in EXAMPLE.iterdir()}:
            return self.send_error(404)
        self._send(self.host.file(name), self.guess_type(name))

    def do_POST(self) -> None:
        self._send(f'{{"token": "{self.host.token()}"}}'.encode(), "application/json")

    def _send(self, body: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture(scope="module")
def chat() -> Iterator[ServerProcess]:
    """A server that lets two sites in: one for scripts and frames, and nobody else."""
    host = Host()
    env = {
        "CHATSERVER_HOST_SECRET": SECRET,
        "CHATSERVER_GUESTS": "true",
        "CHATSERVER_REGISTRATION": "open",
        "CHATSERVER_CORS_ORIGINS": host.origin,
        "CHATSERVER_FRAME_ANCESTORS": host.origin,
    }
    made = ServerProcess(env=env).start()
    made.host = host  # type: ignore[attr-defined]
    host.chat = made.base
    yield made
    host.close()
    made.stop()
    made.forget()


@pytest.fixture
def host(chat: ServerProcess) -> Host:
    made: Host = chat.host  # type: ignore[attr-defined]
    made.user = unique("zoe")
    made.tokens = 0
    return made


@pytest.fixture
def support(browser: Browser, chat: ServerProcess, host: Host) -> Iterator[Person]:
    made = Person(browser, chat.base, "support").sign_up()
    host.room = made.name
    yield made
    made.leave()


@pytest.fixture
def visit(browser: Browser, host: Host) -> Iterator[Callable[..., Page]]:
    contexts = []
    complaints: list[str] = []

    def make(path: str = "/", script: str = "", **context: Any) -> Page:
        contexts.append(
            browser.new_context(**{"viewport": {"width": 1180, "height": 820}, "locale": "en-GB"} | context)
        )
        page = contexts[-1].new_page()
        page.set_default_timeout(60_000)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console",
            lambda said: (
                complaints.append(said.text)
                if said.type in ("error", "warning") and not EXPECTED.search(said.text)
                else None
            ),
        )
        page.add_init_script(LISTEN + script)
        page.goto(host.origin + path)
        return page

    yield make
    for one in contexts:
        one.close()
    assert not complaints, complaints


LISTEN = """window.heard = [];
for (const name of ['message', 'unreadchange']) {
  addEventListener(name, (event) => event.target.id && window.heard.push([event.target.id, name, event.detail]));
}
"""
STORES_NOTHING = """Object.defineProperty(window, 'indexedDB', {
  get() { throw new DOMException('The operation is insecure.', 'SecurityError'); },
});"""


SIGN_OUT = "document.querySelector('#inline').shadowRoot.querySelector('chat-timeline').app.api.logout()"
LOOKS_FOR_ITS_ROOM = re.compile(r"/users/\?username=")


def write(room: Locator, text: str) -> None:
    room.locator("textarea").fill(text)
    room.locator("textarea").press("Enter")


def said(room: Locator, text: str) -> Locator:
    return room.locator(".message").filter(has_text=text)


def in_use(visit: Callable[..., Page], script: str = "") -> tuple[Page, Locator]:
    """The host's page, and its room, whose session has been good for a message."""
    page = visit(script=script)
    room = page.locator("#inline")
    write(room, "before")
    expect(said(room, "before").locator(ACCEPTED)).to_be_visible()
    return page, room


def test_a_room_in_somebody_elses_page_signs_the_hosts_user_in_and_talks(
    support: Person, host: Host, visit: Callable[..., Page]
) -> None:
    page = visit()
    room = page.locator("#inline")
    write(room, "Where is my order?")
    support.page.locator("chat-sidebar .room").filter(has_text=host.user).click()
    expect(support.message("Where is my order?")).to_be_visible()
    support.write("On its way: https://example.org/track")
    expect(said(room, "On its way")).to_be_visible()

    heard = page.evaluate("window.heard.filter(([id, name]) => id === 'inline' && name === 'message')")
    assert [[one[2]["message"]["message"], one[2]["mine"]] for one in heard] == [
        ["Where is my order?", True],
        ["On its way: https://example.org/track", False],
    ]
    expect(page.frame_locator("#frame").locator(".message").filter(has_text="On its way")).to_be_visible()
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / "embedded.png")


def test_a_conversation_of_several_people_stands_in_somebody_elses_page(
    support: Person, host: Host, visit: Callable[..., Page]
) -> None:
    page, room = in_use(visit)
    zoe = page.evaluate(
        "document.querySelector('#inline').shadowRoot.querySelector('chat-timeline').app.me.id"
    )
    wanted = {"preset": "group", "name": "Orders", "member_ids": [zoe], "client_id": host.user}
    id = support.call("POST", "conversations/", wanted)["id"]
    page.evaluate(
        """id => {
          const room = document.querySelector('#inline');
          room.removeAttribute('room');
          room.setAttribute('conversation', id);
        }""",
        str(id),
    )
    expect(room.get_by_role("heading", name="Orders")).to_be_visible()
    write(room, "for all of you")
    row = support.page.locator("chat-sidebar .room").filter(has_text="Orders")
    expect(row).to_contain_text("for all of you")
    row.click()
    support.write("thank you")
    expect(said(room, "thank you").get_by_role("button", name=support.name)).to_be_visible()


def test_a_conversation_is_named_by_the_hosts_own_id_of_it(
    support: Person, chat: ServerProcess, host: Host, visit: Callable[..., Page]
) -> None:
    claims = {
        "aud": "chatserver",
        "exp": int(time.time()) + 600,
        "scope": "conversations:write messages:write",
    }
    key = {"Authorization": f"Bearer {jwt.encode(claims, SECRET, algorithm='HS256')}"}
    of_host = f"{chat.base}/api/v1/communication/host"
    id = f"class/{unique('5b')} ü"
    page, room = in_use(visit)
    body = {"title": "Class 5b", "members": [host.user]}
    made = support.page.request.put(
        f"{of_host}/conversations/-/", params={"external_id": id}, data=body, headers=key
    )
    assert made.status == 201, made.text()
    said_by_bot = {"conversation": id, "as": {"bot": "Homework"}, "message": "page 12", "client_id": id}
    assert support.page.request.post(f"{of_host}/messages/", data=said_by_bot, headers=key).status == 201
    show = """id => {
      const room = document.querySelector('#inline');
      room.removeAttribute('room');
      room.setAttribute('conversation', id);
    }"""
    page.evaluate(show, f"ext:{id}")
    expect(room.get_by_role("heading", name="Class 5b")).to_be_visible()
    expect(said(room, "page 12")).to_contain_text("Homework")
    write(room, "done")
    expect(said(room, "done").locator(ACCEPTED)).to_be_visible()
    page.evaluate(show, f"ext:{unique('nothing')}")
    expect(room.get_by_role("heading", name="Class 5b")).to_have_count(0)
    expect(said(room, "page 12")).to_have_count(0)


def test_nothing_leaks_out_of_the_room_nor_into_it(
    support: Person, host: Host, visit: Callable[..., Page]
) -> None:
    page = visit()
    text = page.locator("#inline textarea")
    expect(text).to_be_visible()

    style = (
        "node => { const s = getComputedStyle(node); return [s.fontStyle, s.letterSpacing, s.borderStyle]; }"
    )
    assert text.evaluate(style) == ["normal", "normal", "none"]
    assert (
        page.locator("h2").first.evaluate("node => getComputedStyle(node).fontFamily").startswith("Georgia")
    )
    assert page.evaluate("document.styleSheets.length") == 1
    assert page.evaluate("document.adoptedStyleSheets.length") == 0
    # What the chat adds to the window is what a page gets that only loads an empty module.
    names = "Object.getOwnPropertyNames(window).sort()"
    with_chat = set(page.evaluate(names))
    bare = page.context.new_page()
    bare.goto(f"{host.origin}/host-page.css")
    assert with_chat - set(bare.evaluate(names)) == {"heard", "0"}  # ours, and the frame
    accent = page.locator("#inline .embed").evaluate(
        "node => getComputedStyle(node).getPropertyValue('--accent')"
    )
    assert accent.strip() == "light-dark(#7a1f5c, #eaa6d1)"


def test_the_bubble_counts_opens_with_the_focus_in_it_and_closes_with_escape(
    support: Person, host: Host, visit: Callable[..., Page]
) -> None:
    page = visit()
    bubble = page.locator("#bubble")
    launcher = page.get_by_role("button", name="Chat with our support")
    write(page.locator("#inline"), "hello")
    support.page.locator("chat-sidebar .room").filter(has_text=host.user).click()
    expect(support.message("hello")).to_be_visible()
    # Another window in front: what arrives is not read.
    support.page.bring_to_front()
    page.locator("#inline").evaluate("node => node.remove()")
    page.locator("#frame").evaluate("node => node.remove()")
    support.write("one")
    support.write("two")

    expect(bubble.locator(".launcher__badge")).to_have_text("2")
    expect(page.locator("#unread")).to_have_text("(2)")
    page.bring_to_front()
    launcher.click()
    expect(bubble.locator("textarea")).to_be_focused()
    expect(said(bubble, "two")).to_be_visible()
    expect(page.locator("#unread")).to_be_empty()

    typing = page.context.new_cdp_session(page)
    typing.send("Input.imeSetComposition", {"text": "かな", "selectionStart": 2, "selectionEnd": 2})
    page.keyboard.press("Escape")  # it belongs to the words that are being composed
    expect(bubble.locator("textarea")).to_have_value("かな")
    expect(bubble.locator("textarea")).to_be_focused()
    bubble.locator("textarea").fill("")
    page.keyboard.press("Escape")
    expect(bubble.locator("textarea")).to_have_count(0)
    expect(launcher).to_be_focused()
    page.evaluate("document.querySelector('#bubble').open()")
    expect(bubble.locator("textarea")).to_be_focused()
    page.reload()
    expect(said(bubble, "two")).to_be_visible()
    expect(bubble.locator("textarea")).not_to_be_focused()


def test_an_ended_session_is_renewed_with_a_fresh_token_from_the_host(
    support: Person, host: Host, visit: Callable[..., Page]
) -> None:
    page, room = in_use(visit)
    asked = host.tokens

    page.evaluate(SIGN_OUT)

    write(room, "and after")
    expect(said(room, "and after").locator(ACCEPTED)).to_be_visible()
    support.page.locator("chat-sidebar .room").filter(has_text=host.user).click()
    support.write("still there?")
    expect(said(room, "still there?")).to_be_visible()
    assert host.tokens > asked


@pytest.mark.parametrize("script", ["", STORES_NOTHING], ids=["in the browser's database", "in memory"])
def test_what_is_sent_and_typed_while_a_session_is_renewed_is_kept(
    support: Person, host: Host, visit: Callable[..., Page], script: str
) -> None:
    page, room = in_use(visit, script)
    held: list[Any] = []
    page.route(LOOKS_FOR_ITS_ROOM, lambda route: held.append(route))
    with page.expect_request(LOOKS_FOR_ITS_ROOM):  # the last step of a renewal
        page.evaluate(SIGN_OUT)
        write(room, "refused at first")

    write(room, "meanwhile")
    expect(said(room, "meanwhile")).to_be_visible()
    room.locator("textarea").fill("half a sente")
    held[0].continue_()
    page.unroute(LOOKS_FOR_ITS_ROOM)

    for text in ("refused at first", "meanwhile"):
        expect(said(room, text).locator(ACCEPTED)).to_be_visible()
    expect(room.locator("textarea")).to_have_value("half a sente")


def test_without_a_token_one_is_a_guest_where_the_page_says_so_and_refused_where_not(
    support: Person, host: Host, visit: Callable[..., Page]
) -> None:
    page = visit("/host-page.css")
    page.set_content("<p>A page without accounts</p>")
    page.evaluate(
        """([chat, room]) => new Promise((done) => {
          const made = document.createElement('chat-room');
          made.addEventListener('error', ({detail}) => { window.refused = detail.code; });
          const attributes = {id: 'guest', src: chat, room, name: 'Passer-by'};
          for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
          document.body.append(made);
          const script = document.createElement('script');
          document.head.append(Object.assign(script, {type: 'module', src: `${chat}/embed.js`, onload: done}));
        })""",
        [host.chat, host.room],
    )
    room = page.locator("#guest")
    expect(room.get_by_role("alert")).to_contain_text("not signed in")
    assert page.evaluate("window.refused") == "token_missing"

    room.evaluate("node => node.setAttribute('guest', '')")
    write(room, "just looking")
    line = support.page.locator("chat-sidebar .room").filter(has_text="Passer-by")
    expect(line).to_contain_text("just looking")
    room.evaluate("node => { const {body} = document; node.remove(); body.append(node); }")
    write(room, "again")
    expect(line).to_have_count(1)
    expect(line).to_contain_text("again")


def test_a_room_is_with_whom_the_host_calls_so_or_whose_name_is_exactly_that(
    support: Person, chat: ServerProcess, host: Host, visit: Callable[..., Page]
) -> None:
    api = f"{chat.base}/api/v1/communication"
    request = support.page.request
    for number in range(21):
        fields = {"username": f"{host.room}.{number}", "password": "correct horse battery staple"}
        assert request.post(f"{api}/auth/register/", data=fields).ok
    sub = f"teacher/{unique('7')} ü"
    claims = {"sub": sub, "name": "Ms Teacher", "aud": "chatserver", "exp": int(time.time()) + 600}
    token = jwt.encode(claims, SECRET, algorithm="HS256")
    assert request.post(f"{api}/auth/host/", data={"token": token}).ok
    page = visit()
    room = page.locator("#inline")
    write(room, "to the support")
    expect(said(room, "to the support").locator(ACCEPTED)).to_be_visible()
    expect(support.page.locator("chat-sidebar .room").filter(has_text=host.user)).to_contain_text(
        "to the support"
    )
    room.evaluate("(node, name) => node.setAttribute('room', name)", f"sub:{sub}")
    expect(said(room, "to the support")).to_have_count(0)
    write(room, "to the teacher")
    expect(said(room, "to the teacher").locator(ACCEPTED)).to_be_visible()
    listed = request.get(f"{api}/chats/conversations/", headers={"Authorization": f"Bearer {token}"}).json()
    assert [row["last_message"] for row in listed] == ["to the teacher"]


def test_a_frame_is_shown_on_the_sites_that_are_named_and_on_no_other(
    support: Person, host: Host, visit: Callable[..., Page], browser: Browser
) -> None:
    page = visit()
    frame = page.frame_locator("#frame")
    frame.locator("textarea").fill("from the frame")
    frame.locator("textarea").press("Enter")
    expect(support.page.locator("chat-sidebar .room").filter(has_text=host.user)).to_contain_text(
        "from the frame"
    )

    other = Host()
    other.chat, other.room = host.chat, host.room
    context = browser.new_context()
    stranger = context.new_page()
    stranger.goto(other.origin)
    expect(stranger.locator("#frame")).to_be_visible()
    expect(stranger.frame_locator("#frame").locator("chat-room")).to_have_count(0)
    assert all(not one.url.startswith(host.chat) for one in stranger.frames)
    # Nor do its scripts reach the API.
    expect(stranger.locator("#inline").get_by_role("alert")).to_be_visible()
    context.close()
    other.close()


def test_a_token_in_the_address_counts_in_a_frame_of_a_named_site_and_nowhere_else(
    support: Person, chat: ServerProcess, host: Host, visit: Callable[..., Page]
) -> None:
    address = f"{chat.base}/embed#room={host.room}&token="
    page = visit("/host-page.css")  # a page of the site that has no rooms of its own, and so asks for nothing
    asked: list[str] = []
    page.context.on("request", lambda request: asked.append(request.url))
    page.evaluate(
        "(src) => document.body.append(Object.assign(document.createElement('iframe'), {id: 'given', src}))",
        address + host.token(),
    )
    expect(page.frame_locator("#given").locator("textarea")).to_be_visible()
    assert any("/auth/host/" in url for url in asked)

    with page.expect_popup() as opened:
        page.evaluate("(src) => { open(src) }", address + host.token())
    followed = visit("/host-page.css")
    asked.clear()
    followed.context.on("request", lambda request: asked.append(request.url))
    followed.goto(address + host.token())
    for alone in (opened.value, followed):
        expect(alone.get_by_role("alert")).to_be_visible()
        expect(alone.locator("textarea")).to_have_count(0)
        assert "token" not in alone.evaluate("history.state")
    assert not any("/auth/" in url or "/users/me/" in url for url in asked), asked


def test_axe_finds_nothing_in_a_page_with_the_chat_in_it(
    support: Person, host: Host, visit: Callable[..., Page]
) -> None:
    page = visit()
    page.locator("#frame").evaluate("node => node.remove()")
    write(page.locator("#inline"), "hello")
    expect(said(page.locator("#inline"), "hello").locator(ACCEPTED)).to_be_visible()
    look(page, "#inline")
    page.locator("#inline").evaluate("node => node.remove()")
    look(page, "#bubble")
    page.get_by_role("button", name="Chat with our support").click()
    expect(said(page.locator("#bubble"), "hello")).to_be_visible()
    look(page, "#bubble")


def look(page: Page, room: str) -> None:
    page.evaluate(AXE.read_text())
    for theme in ("light", "dark"):
        page.locator(room).evaluate("(node, theme) => node.setAttribute('theme', theme)", theme)
        page.evaluate(STILL)
        found = page.evaluate("(room) => axe.run({include: [room]}, {resultTypes: ['violations']})", room)
        shown = [(one["id"], one["nodes"][0]["html"][:200]) for one in found["violations"]]
        assert not shown, (room, theme, shown)


def test_a_room_that_was_put_aside_lives_again_in_the_session_it_had(
    support: Person, host: Host, visit: Callable[..., Page]
) -> None:
    page, room = in_use(visit)
    asked = host.tokens

    for name in ("pagehide", "pageshow"):
        page.evaluate(f"dispatchEvent(new PageTransitionEvent('{name}', {{persisted: true}}))")

    write(room, "here again")
    expect(said(room, "here again").locator(ACCEPTED)).to_be_visible()
    assert host.tokens == asked


def test_whoever_comes_back_to_the_hosts_page_finds_its_rooms_alive(
    support: Person, host: Host, visit: Callable[..., Page]
) -> None:
    page, room = in_use(visit)
    frame = page.frame_locator("#frame")
    expect(frame.locator("textarea")).to_be_visible()

    page.goto(f"{host.origin}/host-page.css")
    page.go_back()

    write(room, "back inline")
    expect(said(room, "back inline").locator(ACCEPTED)).to_be_visible()
    frame.locator("textarea").fill("back in the frame")
    frame.locator("textarea").press("Enter")
    expect(said(room, "back in the frame")).to_be_visible()
