"""What a page does while nobody looks at it, and what it says when the server is newer than itself."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.person import Person

People = Callable[..., Person]
WATCH = """
window.notes = [];
window.asked = window.sounds = 0;
window.Notification = class {
  static permission = 'default';
  static async requestPermission() { window.asked += 1; return (this.permission = 'granted'); }
  constructor(title, options) { window.notes.push({title, body: options.body, click: () => this.onclick()}); }
  close() {}
};
const Sound = window.AudioContext;
window.AudioContext = class extends Sound { constructor() { super(); window.sounds += 1; } };
"""


def test_notifications_and_sounds_come_only_when_asked_for_and_not_for_what_is_in_sight_or_muted(
    person: People,
) -> None:
    ann, bob, eve = person("ann"), person("bob"), person("eve")
    ann.context.add_init_script(WATCH)
    ann.page.reload()
    bob.open(ann)
    eve.open(ann)
    badge = ann.page.locator("chat-sidebar .room").filter(has_text=bob.name).locator(".badge")

    bob.write("unheard")
    expect(badge).to_contain_text("1")
    assert ann.page.evaluate("[asked, notes.length, sounds]") == [0, 0, 0]

    ann.page.locator(".menu summary").click()
    ann.page.get_by_role("button", name="Settings").click()
    ann.page.get_by_label("Notify me about new messages").check()
    ann.page.get_by_label("Play a soft sound").check()
    ann.page.keyboard.press("Escape")
    assert ann.page.evaluate("asked") == 1
    bob.write("heard")
    ann.page.wait_for_function("() => notes.length === 1 && sounds === 1")
    assert ann.page.evaluate("[notes[0].title, notes[0].body]") == [bob.name, "heard"]
    ann.page.bring_to_front()
    ann.page.evaluate("notes[0].click()")
    expect(ann.page.locator(".room-view__name")).to_have_text(bob.name)

    # In sight, then muted: neither; the one after that, from someone else, shows that they would have come.
    bob.write("seen at once")
    expect(ann.message("seen at once")).to_be_visible()
    expect(badge).to_have_count(0)
    ann.page.get_by_role("button", name="Mute this conversation").click()
    ann.open(eve)
    bob.write("muted")
    expect(badge).to_contain_text("1")
    ann.page.locator("chat-sidebar .room").filter(has_text=bob.name).click()
    eve.write("the last one")
    ann.page.wait_for_function("() => notes.length === 2 && sounds === 2")
    assert ann.page.evaluate("notes[1].title") == eve.name


def test_a_newer_server_is_told_politely_and_nothing_reloads_by_itself(person: People) -> None:
    ann, bob = person("ann"), person("bob")
    ann.open(bob)
    ann.page.evaluate("window.before = true; document.documentElement.dataset.version = '0.0.0-older'")
    ann.page.route("**/poll/events/**", lambda route: route.abort())
    expect(ann.page.locator("chat-status")).to_contain_text("Connection lost", timeout=60_000)
    ann.page.locator("textarea").fill("in the middle of")
    ann.page.unroute("**/poll/events/**")

    hint = ann.page.locator("chat-status[data-kind=update]")
    expect(hint).to_contain_text("A new version of this page is ready.", timeout=60_000)
    assert ann.page.evaluate("window.before") is True
    expect(ann.page.locator("textarea")).to_have_value("in the middle of")
    hint.get_by_role("button", name="Reload").click()
    expect(ann.page.locator("textarea")).to_have_value("in the middle of")
    assert ann.page.evaluate("window.before") is None
