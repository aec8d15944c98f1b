"""Small and large, light and dark, left and right; for eyes, ears and fingers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.person import PASSWORD, Person
from tests.support.server import ServerProcess

People = Callable[..., Person]
Screenshot = Callable[[Person, str], None]
AXE = Path(__file__).resolve().parents[1] / "frontend/node_modules/axe-core/axe.min.js"
# Brings everything that moves to where it is going (what moves for ever stays as it is). To wait for it instead can take
# for ever: a page of which nothing is drawn does not move.
STILL = """() => [document, ...[...document.querySelectorAll('*')].map((node) => node.shadowRoot)]
  .filter(Boolean).flatMap((root) => root.getAnimations())
  .filter((move) => move.effect.getComputedTiming().endTime !== Infinity).forEach((move) => move.finish())"""
LOOK = """() => Promise.race([
  axe.run(document, {resultTypes: ['violations']}),
  new Promise((_, reject) => setTimeout(reject, 60_000, new Error('axe did not end'))),
])"""

CORPUS = [
    "<script>window.hacked=1</script>",
    "<img src=x onerror=window.hacked=1>",
    '"><svg onload=window.hacked=1>',
    "<iframe srcdoc='<script>parent.hacked=1</script>'>",
    "javascript:window.hacked=1",
    "[x](javascript:window.hacked=1)",
    'https://a.example/"onmouseover=window.hacked=1 x="',
    "`<img src=x onerror=window.hacked=1>`",
    "```\n</code><script>window.hacked=1</script>\n```",
    "> <math><mi//xlink:href='data:x,<script>window.hacked=1</script>'>",
    "{{constructor.constructor('window.hacked=1')()}}",
    "\u202e<b>gnp.exe</b>\u2066",
]


def talk(ann: Person, bob: Person) -> None:
    ann.open(bob)
    bob.open(ann)
    ann.write("Did the release notes go out?")
    expect(bob.message("Did the release")).to_be_visible()
    bob.write("Two lines to go: https://example.org/notes\n```\npython run.py\n```")
    expect(ann.message("Two lines")).to_be_visible()


def test_nothing_a_person_writes_is_executed_as_message_name_or_file_name(person: People) -> None:
    ann, bob = person("ann"), person("bob")
    bob.open(ann)
    ann.open(bob)
    ann.call("PATCH", "users/me/", {"full_name": CORPUS[1]})
    for text in CORPUS:
        ann.write(text)
        expect(bob.page.locator(".message")).to_have_count(CORPUS.index(text) + 1)
    ann.page.set_input_files(
        "input[type=file]",
        files=[
            {
                "name": "<img src=x onerror=hacked=1>.svg",
                "mimeType": "image/svg+xml",
                "buffer": b"<svg onload='hacked=1'/>",
            },
            {
                "name": '"><script>hacked=1</script>.html',
                "mimeType": "text/html",
                "buffer": b"<script>hacked=1</script>",
            },
        ],
    )
    ann.write("files")
    expect(bob.page.locator(".file")).to_have_count(2)
    bob.page.reload()
    expect(bob.page.locator(".file")).to_have_count(2)
    expect(bob.page.locator(".room-view__name")).to_have_text(CORPUS[1])

    for one in (ann, bob):
        assert one.page.evaluate("window.hacked") is None
        assert one.page.locator(".message script, .message iframe, .message [onerror]").count() == 0
        hrefs = one.page.locator(".message a").evaluate_all("links => links.map((link) => link.protocol)")
        assert set(hrefs) <= {"https:", "http:"}


def test_a_phone_shows_one_pane_at_a_time_and_its_back_button_works(
    person: People, screenshot: Screenshot
) -> None:
    ann, bob = person("ann", viewport={"width": 360, "height": 740}, has_touch=True), person("bob")
    screenshot(ann, "phone-list")
    talk(ann, bob)
    expect(ann.page.locator("chat-sidebar")).to_be_hidden()
    expect(ann.page.locator("textarea")).to_be_in_viewport()
    screenshot(ann, "phone-room")

    ann.page.go_back()

    expect(ann.page.locator("chat-sidebar")).to_be_visible()
    expect(ann.page.locator("chat-conversation")).to_be_hidden()


@pytest.mark.parametrize("width", [320, 640])
def test_nothing_is_cut_off_at_320_pixels_or_at_double_text_size(person: People, width: int) -> None:
    ann, bob = person("ann", viewport={"width": width, "height": 640}), person("bob")
    if width == 640:
        ann.page.evaluate("document.documentElement.style.fontSize = '200%'")
    talk(ann, bob)

    wide = ann.page.evaluate(
        """() => [...document.querySelectorAll('chat-app, chat-app *')].filter((node) => node.checkVisibility()
          && !node.closest('.code-block, .visually-hidden, .message__actions')
          && node.getBoundingClientRect().right > innerWidth + 1).map((node) => node.className)"""
    )
    assert wide == []


def test_dark_follows_the_system_and_can_be_chosen_without_a_flash(
    person: People, screenshot: Screenshot
) -> None:
    ann, bob = person("ann", color_scheme="dark"), person("bob")
    talk(ann, bob)
    background = "getComputedStyle(document.documentElement).backgroundColor"
    dark = ann.page.evaluate(background)
    screenshot(ann, "dark")

    bob.page.evaluate("localStorage.setItem('chat.prefs', JSON.stringify({theme: 'dark'}))")
    bob.page.route("**/js/main.js", lambda route: route.abort())
    bob.page.reload(wait_until="domcontentloaded")

    assert bob.page.evaluate(background) == dark


def test_arabic_is_laid_out_from_right_to_left(
    browser: Browser, server: ServerProcess, screenshot: Screenshot
) -> None:
    ann, bob = (
        Person(browser, server.base, "ann", locale="ar").sign_up(),
        Person(browser, server.base, "bob").sign_up(),
    )
    talk(ann, bob)
    bob.write("مرحبا! هل وصلتك الملاحظات؟ see you at 3")
    expect(ann.message("مرحبا")).to_be_visible()
    ann.write("نعم، شكرًا لك")

    root = ann.page.locator("html")
    expect(root).to_have_attribute("dir", "rtl")
    expect(root).to_have_attribute("lang", "ar")
    assert ann.page.locator("chat-sidebar").bounding_box()["x"] > 400  # type: ignore[index]
    expect(ann.page.get_by_role("button", name="إرسال")).to_be_visible()
    screenshot(ann, "arabic")
    ann.leave()
    bob.leave()


def test_axe_finds_nothing_in_any_state(person: People, browser: Browser, server: ServerProcess) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is not installed: npm ci in tests/frontend")
    ann, bob = person("ann"), person("bob")
    findings: list[str] = []

    def look(one: Person, state: str) -> None:
        one.page.evaluate(STILL)
        one.page.evaluate(AXE.read_text())
        for scheme in ("light", "dark"):
            # Colours on their way from one theme to the other have no contrast worth measuring.
            one.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
            one.page.evaluate(STILL)
            result = one.page.evaluate(LOOK)
            for found in result["violations"]:
                nodes = [node["html"][:160] for node in found["nodes"][:3]]
                findings.append(f"{state}/{scheme}: {found['id']}: {found['help']} {nodes}")

    look(ann, "nothing chosen")
    ann.open(bob)
    look(ann, "empty room")
    talk(ann, bob)
    look(ann, "loaded")
    ann.page.locator("textarea").press("ArrowUp")
    expect(ann.page.locator(".composer__edit")).to_be_visible()
    look(ann, "editing")
    ann.page.keyboard.press("Escape")
    ann.message("Did the release").hover()
    ann.message("Did the release").get_by_role("button", name="Delete").click()
    look(ann, "deleting")
    ann.page.locator("dialog").get_by_role("button", name="Delete").click()
    expect(ann.message("Message deleted")).to_be_visible()
    ann.page.fill("chat-sidebar input[type=search]", "lines")
    expect(ann.page.locator(".sidebar__hits mark")).to_be_visible()
    ann.page.set_input_files(
        "input[type=file]", files=[{"name": "a.png", "mimeType": "image/png", "buffer": b"\x89PNG"}]
    )
    expect(ann.page.locator(".tray__words")).to_be_visible()
    look(ann, "found and attached")
    ann.page.locator(".tray__item button").click()
    ann.page.fill("chat-sidebar input[type=search]", "")
    ann.page.get_by_role("button", name="Emoji").click()
    look(ann, "emoji")
    ann.page.keyboard.press("Escape")
    ann.page.locator(".menu summary").click()
    look(ann, "menu")
    ann.page.get_by_role("button", name="Settings").click()
    look(ann, "settings")
    ann.page.keyboard.press("Escape")
    ann.page.keyboard.press("Control+k")
    look(ann, "switcher")
    ann.page.keyboard.press("Escape")
    ann.page.route("**/chats/", lambda route: route.fulfill(status=400, body='{"code":"validation_error"}'))
    ann.write("refused")
    expect(ann.page.locator(".message--failed")).to_be_visible()
    look(ann, "failed message")
    ann.page.set_viewport_size({"width": 360, "height": 740})
    look(ann, "phone")
    stranger = Person(browser, server.base)
    stranger.page.goto(server.base)
    stranger.page.fill("[name=username]", "x")
    look(stranger, "sign in")
    stranger.leave()

    assert not findings, "\n".join(findings)


def test_the_whole_way_without_a_mouse(browser: Browser, server: ServerProcess) -> None:
    bob = Person(browser, server.base, "bob").sign_up()
    ann = Person(browser, server.base, "ann")
    page = ann.page
    notes = {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"notes"}
    page.on("filechooser", lambda chooser: chooser.set_files(notes))  # type: ignore[arg-type]
    page.goto(server.base)
    expect(page.locator("[name=username]")).to_be_focused()
    page.keyboard.type(ann.name)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("chat-sidebar nav")).to_be_visible()

    page.wait_for_function("performance.getEntriesByType('resource').some(one => /keys.js$/.test(one.name))")
    page.keyboard.press("Control+k")
    expect(page.locator("dialog input")).to_be_focused()
    page.keyboard.type(bob.name)
    expect(page.locator(".switcher__option")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.locator("textarea")).to_be_focused()
    page.keyboard.type("by keys :tada")
    expect(page.locator(".completion [aria-selected=true]")).to_contain_text("tada")
    page.keyboard.press("Enter")
    expect(page.locator("textarea")).to_have_value("by keys 🎉 ")
    page.keyboard.press("Enter")
    expect(ann.accepted("by keys 🎉")).to_be_visible()
    page.keyboard.press("ArrowUp")
    expect(page.locator("textarea")).to_have_value("by keys 🎉")
    page.keyboard.type(" alone")
    page.keyboard.press("Enter")
    expect(ann.message("by keys 🎉 alone")).to_be_visible()
    expect(page.locator("textarea")).to_have_value("")

    page.keyboard.press("Shift+Tab")
    expect(page.get_by_role("button", name="Attach files")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".tray__item")).to_contain_text("notes.txt")
    expect(page.locator("textarea")).to_be_focused()
    page.keyboard.press("Enter")
    expect(bob.page.locator("chat-sidebar .room").filter(has_text=ann.name)).to_contain_text("notes.txt")

    page.get_by_role("button", name="Find in this conversation").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".find input")).to_be_focused()
    page.keyboard.type("alone")
    expect(page.locator(".find__count")).to_have_text("1 of 1")
    page.keyboard.press("Escape")
    expect(page.locator("textarea")).to_be_focused()

    page.keyboard.press("Shift+ArrowUp")
    expect(page.locator("article").last).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("textarea")).to_be_focused()
    page.locator("chat-sidebar summary").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Sign out").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".sign-in")).to_be_visible()
    ann.leave()
    bob.leave()


def test_an_emoji_takes_the_place_of_its_whole_name_however_fast_one_types(person: People) -> None:
    ann, bob = person("ann"), person("bob")
    ann.open(bob)
    ann.page.keyboard.type("so :ta")
    expect(ann.page.locator(".completion")).to_be_visible()

    # The rest of the name and Enter in one breath: nothing of the page runs in between but its listeners.
    ann.page.locator("textarea").evaluate(
        """(node) => {
          node.setRangeText('da', node.selectionStart, node.selectionStart, 'end');
          node.dispatchEvent(new InputEvent('input', {bubbles: true}));
          node.dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter', bubbles: true, cancelable: true}));
        }"""
    )

    expect(ann.page.locator("textarea")).to_have_value("so 🎉 ")


def test_new_messages_are_announced_once_and_apart_from_the_history(person: People) -> None:
    ann, bob = person("ann"), person("bob")
    talk(ann, bob)
    bob.write("listen")

    log = ann.page.locator("[role=log]")
    expect(log).to_contain_text(f"{bob.name}: listen")
    assert "Did the release notes" not in log.inner_text()
    assert ann.page.locator(".timeline__scroller [role=log], .timeline__scroller[aria-live]").count() == 0


def test_two_windows_of_one_browser_can_be_two_people(person: People) -> None:
    ann = person("ann")
    with ann.context.expect_page() as opened:
        ann.page.get_by_role("link", name="Open a second window").first.click()
    second = opened.value
    second.fill("[name=username]", f"{ann.name}b")
    second.fill("[name=password]", PASSWORD)
    second.click("[type=submit]")
    expect(second.locator("chat-sidebar nav")).to_be_visible()
    ann.page.reload()
    expect(ann.page.locator("chat-sidebar nav")).to_be_visible()

    names = [page.evaluate("document.querySelector('chat-app').me.username") for page in (ann.page, second)]
    assert names == [ann.name, f"{ann.name}b"]


def test_no_line_of_the_settings_runs_into_the_next_on_a_phone(person: Callable[..., Person]) -> None:
    ann = person("ann", locale="de-DE", viewport={"width": 360, "height": 740})
    ann.page.locator("summary.menu__open").click()
    ann.page.get_by_text("Einstellungen", exact=True).click()
    expect(ann.page.locator(".check").first).to_be_visible()
    cramped = ann.page.locator(".dialog__body > *").evaluate_all(
        "(parts) => parts.filter((part) => part.scrollHeight > part.clientHeight + 1).map((part) => part.textContent)"
    )
    assert cramped == []
