"""What a page does while nobody looks at it, and what it says when the server is newer than itself."""

from __future__ import annotations

import json
from collections.abc import Callable

from playwright.sync_api import Route, expect

from tests.browser.person import API, Person

People = Callable[..., Person]
WATCH = """
window.notes = [];
window.asked = window.sounds = 0;
window.Notification = class {
  static permission = 'default';
  static async requestPermission() { window.asked += 1; return (this.permission = 'granted'); }
  constructor(title, options) {
    this.told = {title, body: options.body, closed: false, click: () => this.onclick()};
    window.notes.push(this.told);
  }
  close() { this.told.closed = true; }
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
    ann.page.locator(".room-view__head").get_by_role("button", name="More about").click()
    ann.page.get_by_role("menuitem", name="Mute…").click()
    ann.page.get_by_role("button", name="Until I turn it on").click()
    expect(ann.page.locator("chat-sidebar .room[aria-current]")).to_contain_text("Muted")
    ann.open(eve)
    bob.write("muted")
    expect(badge).to_contain_text("1")
    ann.page.locator("chat-sidebar .room").filter(has_text=bob.name).click()
    eve.write("the last one")
    ann.page.wait_for_function("() => notes.length === 2 && sounds === 2")
    assert ann.page.evaluate("notes[1].title") == eve.name


WANTED = json.dumps({"notifications": True, "sound": True})
HIDDEN = """Object.defineProperty(document, 'visibilityState', {get: () => 'hidden'});
Object.defineProperty(document, 'hidden', {get: () => true}); document.hasFocus = () => false;"""
TOLD = "notes.map(({title, body, closed}) => [body, closed])"
SOMEBODY_ELSE = "() => notes.some(({body}) => body === 'from eve')"


def waiting(person: People) -> tuple[Person, Person, Person]:
    """One who wants to be told of messages and looks elsewhere, and two who write."""
    ann, bob, eve = person("ann"), person("bob"), person("eve")
    ann.context.add_init_script(f"localStorage['chat.prefs'] = JSON.stringify({WANTED}); {WATCH}")
    ann.context.add_init_script("Notification.permission = 'granted'")
    ann.page.goto(f"{ann.base}/#/")
    ann.page.reload()
    expect(ann.page.locator("chat-sidebar nav")).to_be_visible()
    bob.open(ann)
    eve.open(ann)
    return ann, bob, eve


def test_a_notification_goes_when_its_message_is_read_on_another_device(person: People) -> None:
    ann, bob, _ = waiting(person)
    bob.write("first")
    ann.page.wait_for_function("() => notes.length === 1")
    phone = ann.context.request
    account = ann.page.evaluate("Object.values(JSON.parse(localStorage['chat.accounts']))[0].token")
    [row] = ann.call("GET", "chats/conversations/")

    answer = phone.post(
        f"{ann.base}{API}chats/mark-read/",
        data={"message_ids": [row["last_message_id"]]},
        headers={"Authorization": f"Bearer {account}"},
    )

    assert answer.ok
    ann.page.wait_for_function("() => notes[0].closed")


def test_a_tab_behind_tells_nothing_of_the_room_that_another_tab_looks_at(person: People) -> None:
    ann, bob, eve = waiting(person)
    ann.page.evaluate(HIDDEN)
    front = ann.tab()
    front.goto(ann.base)
    ann.open(bob, front)
    front.bring_to_front()
    assert ann.page.evaluate("document.querySelector('chat-app').chat.leader.isLeader")

    bob.write("looked at")
    expect(ann.message("looked at", front)).to_be_visible()
    eve.write("from eve")

    ann.page.wait_for_function(SOMEBODY_ELSE)
    assert ann.page.evaluate(TOLD) == [["from eve", False]]
    assert front.evaluate("notes.length") == 0


def test_of_what_was_missed_only_what_is_still_unread_and_there_is_told_of(person: People) -> None:
    ann, bob, eve = waiting(person)
    ann.context.set_offline(True)
    read = bob.call("POST", "chats/", {"receiver_id": ann.id, "message": "read on the phone"})
    bob.call("POST", "chats/", {"receiver_id": ann.id, "message": "not read yet"})
    gone = eve.call("POST", "chats/", {"receiver_id": ann.id, "message": "taken back"})
    eve.call("DELETE", f"chats/message/{gone['id']}/")
    token = ann.page.evaluate("Object.values(JSON.parse(localStorage['chat.accounts']))[0].token")
    bob.page.evaluate(
        """([path, token, id]) => fetch(path, {method: 'POST', body: JSON.stringify({message_ids: [id]}),
            headers: {Authorization: `Bearer ${token}`, 'Content-Type': 'application/json'}})""",
        [f"{API}chats/mark-read/", token, read["id"]],
    )
    ann.context.set_offline(False)

    ann.page.wait_for_function("() => notes.length > 0")
    eve.write("from eve")
    ann.page.wait_for_function(SOMEBODY_ELSE)
    assert ann.page.evaluate(TOLD) == [["not read yet", False], ["from eve", False]]


def test_a_notification_goes_with_the_message_that_is_deleted(person: People) -> None:
    ann, bob, _ = waiting(person)
    sent = bob.call("POST", "chats/", {"receiver_id": ann.id, "message": "a slip"})
    ann.page.wait_for_function("() => notes.length === 1")
    bob.call("DELETE", f"chats/message/{sent['id']}/")
    ann.page.wait_for_function("() => notes[0].closed")


def test_thirty_messages_ring_once(person: People) -> None:
    ann, bob, _ = waiting(person)
    bob.page.evaluate(
        """async (id) => {
          for (let n = 1; n <= 30; n += 1) await document.querySelector('chat-app').api.request(
              'POST', 'chats/', {json: {receiver_id: id, message: `one of thirty ${n}.`}});
        }""",
        ann.id,
    )
    ann.page.wait_for_function("() => notes.at(-1)?.body === 'one of thirty 30.'")
    assert ann.page.evaluate("sounds") == 1


def test_a_silent_message_is_unread_and_rings_nowhere(person: People) -> None:
    ann, bob, eve = waiting(person)

    def hush(route: Route) -> None:
        """What the application would have sent silently."""
        answer = route.fetch()
        told = answer.json() if answer.ok else {}
        for event in told.get("events", ()):
            if event["data"].get("message") == "quiet":
                event["data"]["silent"] = True
        route.fulfill(response=answer, json=told)

    ann.page.route("**/poll/events/**", hush)
    ann.page.reload()
    expect(ann.page.locator("chat-sidebar nav")).to_be_visible()
    bob.write("quiet")
    row = ann.page.locator("chat-sidebar .room").filter(has_text=bob.name)
    expect(row.locator(".badge")).to_contain_text("1")
    eve.write("from eve")
    ann.page.wait_for_function(SOMEBODY_ELSE)
    assert ann.page.evaluate(TOLD) == [["from eve", False]]
    ann.page.unroute_all(behavior="ignoreErrors")


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
