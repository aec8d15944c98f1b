"""Words that were written long ago, in this conversation or in another, and what a quote was taken from."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.person import Person

People = Callable[..., Person]
FILL = """async ([id, from, count]) => {
  const {api} = document.querySelector('chat-app');
  for (let n = from; n < from + count; n += 1) {
    await api.send({receiver_id: id, message: `line ${n}.`, client_id: `fill${n}`});
  }
}"""
HIT = "document.querySelector('.message--shown') && [...CSS.highlights.get('find')].map(String)"


def test_words_are_found_in_all_of_a_conversation_and_across_conversations(
    person: People, screenshot: Callable[[Person, str], None]
) -> None:
    ann, bob, eve = person("ann"), person("bob"), person("eve")
    ann.call("POST", "chats/", {"receiver_id": bob.id, "message": "The Zeppelin lands at noon"})
    ann.page.evaluate(FILL, [bob.id, 0, 70])
    ann.call("POST", "chats/", {"receiver_id": bob.id, "message": "no more zeppelins"})
    eve.call("POST", "chats/", {"receiver_id": ann.id, "message": "a zeppelin, at last"})

    ann.open(bob)
    ann.page.get_by_role("button", name="Find in this conversation").click()
    ann.page.locator(".find input").fill("zeppelin")
    expect(ann.page.locator(".find__count")).to_have_text("2 of 2")
    ann.page.locator(".find input").press("Enter")
    expect(ann.page.locator(".find__count")).to_have_text("1 of 2")
    expect(ann.message("The Zeppelin lands")).to_be_in_viewport()
    ann.page.wait_for_function(f"() => ({HIT})?.some((text) => text === 'Zeppelin')")
    screenshot(ann, "find")
    ann.page.locator(".find input").press("Escape")

    ann.page.fill("chat-sidebar input[type=search]", "zeppelin")
    hits = ann.page.locator(".sidebar__hits .room")
    expect(hits).to_have_count(2)
    expect(hits.locator("mark")).to_have_text(["zeppelin", "Zeppelin"])
    screenshot(ann, "search")
    hits.filter(has_text="lands at noon").click()
    expect(ann.message("The Zeppelin lands")).to_be_in_viewport()
    expect(hits).to_have_count(2)
    hits.filter(has_text="at last").click()
    expect(ann.page.locator(".room-view__name")).to_have_text(eve.name)
    expect(ann.message("a zeppelin, at last")).to_be_in_viewport()


def test_a_quote_leads_to_what_it_was_taken_from(person: People) -> None:
    ann, bob = person("ann"), person("bob")
    ann.call("POST", "chats/", {"receiver_id": bob.id, "message": "Shall we meet\nat the harbour?"})
    ann.open(bob)
    row = ann.message("Shall we meet")
    row.hover()
    row.get_by_role("button", name="Quote").click()
    expect(ann.page.locator("textarea")).to_have_value(re.compile(r"^> Shall we meet\n> at the harbour"))
    ann.page.locator("textarea").press_sequentially("I mean it")
    ann.page.evaluate(FILL, [bob.id, 0, 70])
    ann.page.locator("textarea").press("Enter")

    bob.page.evaluate("document.querySelector('chat-app').chat.reading.all()")
    bob.open(ann)
    reply = bob.message("I mean it")
    expect(reply).to_be_in_viewport()
    expect(bob.page.locator(".message", has_text="harbour")).to_have_count(1)
    reply.hover()
    reply.get_by_role("button", name="Go to the quoted message").click()

    original = bob.page.locator(".message--shown")
    expect(original).to_contain_text("Shall we meet")
    expect(original).to_be_in_viewport()
    expect(original.locator(".quote")).to_have_count(0)
