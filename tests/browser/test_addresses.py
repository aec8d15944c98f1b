"""Rooms go by their conversation: addresses, and a conversation that begins while its room is open."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.person import Person

People = Callable[..., Person]
ADDRESS = re.compile(r"#/c/\d+$")
# As a page of the release before kept them: by person.
LEFT = """async ([me, other]) => {
  localStorage.setItem(`chat.drafts.${me}`, JSON.stringify({[other]: 'begun long ago'}));
  localStorage.setItem('chat.prefs', JSON.stringify({muted: [other]}));
  localStorage.removeItem(`chat.conversations.${me}`);
  const opening = indexedDB.open('chat-outbox', 1);
  await new Promise((resolve, reject) => Object.assign(opening, {onsuccess: resolve, onerror: reject}));
  const writing = opening.result.transaction('items', 'readwrite');
  writing.objectStore('items').put({
    client_id: 'left-behind', user_id: me, receiver_id: other, message: 'never went out', file: null,
    file_name: null, order: 1, created_at: Date.now(), state: 'failed', error: 'forbidden', detail: null,
  });
  await new Promise((resolve, reject) => Object.assign(writing, {oncomplete: resolve, onerror: reject}));
}"""


def kept(person: Person) -> dict[str, object]:
    return json.loads(person.page.evaluate(f"localStorage['chat.conversations.{person.id}'] ?? '{{}}'"))


def test_a_conversation_that_begins_while_its_room_is_open_stays_open_under_its_id(person: People) -> None:
    ann, bob = person("ann"), person("bob")
    ann.open(bob)
    assert ann.page.url.endswith(f"#/with/{bob.id}")
    box = ann.page.locator("chat-composer textarea")
    box.fill("half a sentence")
    ann.page.evaluate("window.isTheSame = document.querySelector('chat-timeline')")

    bob.open(ann)
    bob.write("I was first")

    expect(ann.message("I was first")).to_be_visible()
    expect(ann.page).to_have_url(ADDRESS)
    expect(box).to_have_value("half a sentence")
    assert ann.page.evaluate("window.isTheSame === document.querySelector('chat-timeline')")
    expect(ann.page.locator("chat-sidebar .room[aria-current]")).to_contain_text(bob.name)
    box.blur()
    ann.page.reload()
    expect(box).to_have_value("half a sentence")
    assert list(kept(ann)["drafts"]) == [ann.page.url.rpartition("/")[2]]
    box.press("Enter")
    expect(bob.message("half a sentence")).to_be_visible()
    expect(bob.page).to_have_url(ADDRESS)


def test_what_waited_before_the_conversation_began_goes_out_after_a_reload_and_once(person: People) -> None:
    ann, bob = person("ann"), person("bob")
    ann.open(bob)
    ann.page.route("**/chats/", lambda route: route.abort())
    ann.write("kept for later")
    expect(ann.message("kept for later").locator("[data-state=pending], [data-state=queued]")).to_be_visible()
    bob.open(ann)
    bob.write("hello")
    expect(ann.page).to_have_url(ADDRESS)
    expect(ann.message("kept for later")).to_be_visible()
    ann.page.reload()
    expect(ann.message("kept for later")).to_be_visible()

    ann.page.unroute("**/chats/")

    expect(bob.message("kept for later")).to_have_count(1)
    expect(ann.accepted("kept for later")).to_be_visible()
    assert ann.texts() == ["hello", "kept for later"]


def test_the_address_of_a_person_leads_to_their_conversation_and_so_does_an_older_link(
    person: People,
) -> None:
    ann, bob = person("ann"), person("bob")
    ann.open(bob)
    ann.write("look here")
    expect(ann.page).to_have_url(ADDRESS)
    message = ann.call("GET", f"chats/conversation/{bob.id}/")["messages"][0]

    bob.page.goto(f"{bob.base}/#/with/{ann.id}")
    expect(bob.page).to_have_url(ADDRESS)
    expect(bob.message("look here")).to_be_visible()
    bob.page.goto(f"{bob.base}/#/")
    bob.page.goto(f"{bob.base}/#/with/{ann.id}/m/{message['id']}")
    expect(bob.page).to_have_url(re.compile(rf"#/c/{message['conversation_id']}/m/{message['id']}$"))
    expect(bob.message("look here")).to_be_visible()

    ann.page.goto(f"{ann.base}/#/c/987654321")
    expect(ann.page.get_by_role("heading", name="This conversation is not available.")).to_be_visible()
    expect(ann.page.locator("chat-composer")).to_have_count(0)
    ann.page.get_by_role("link", name="Back to conversations").click()
    expect(ann.page.get_by_role("heading", name="Pick a conversation")).to_be_visible()


def test_what_a_browser_kept_by_person_is_taken_over(person: People) -> None:
    ann, bob = person("ann"), person("bob")
    ann.open(bob)
    ann.write("hello")
    expect(ann.page).to_have_url(ADDRESS)
    ann.page.goto(f"{ann.base}/#/")
    ann.page.evaluate(LEFT, [ann.id, bob.id])

    ann.page.reload()

    row = ann.page.locator("chat-sidebar .room").filter(has_text=bob.name)
    expect(row).to_contain_text("begun long ago")
    expect(row).to_contain_text("Muted")
    row.click()
    expect(ann.page.locator("chat-composer textarea")).to_have_value("begun long ago")
    ann.message("never went out").get_by_role("button", name="Retry").click()
    expect(ann.accepted("never went out")).to_be_visible()
    assert ann.page.evaluate(f"localStorage['chat.drafts.{ann.id}'] === undefined")
