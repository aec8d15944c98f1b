"""What somebody writes and does not send, on all of their devices."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Locator, expect

from tests.browser.person import API, PASSWORD, Person

People = Callable[..., Person]


class Device:
    """Another device of the same person: a session of its own, which only the API sees."""

    def __init__(self, one: Person) -> None:
        self.request, self.base = one.context.request, f"{one.base}{API}"
        fields = {"username": one.name, "password": PASSWORD}
        token = self.request.post(f"{self.base}auth/login/", data=fields).json()["token"]
        self.headers = {"Authorization": f"Bearer {token}"}

    def draft(self, id: int) -> Any:
        return self.request.get(f"{self.base}conversations/{id}/", headers=self.headers).json()["my"]["draft"]

    def keep(self, id: int, text: str, rev: int = 0) -> None:
        data = {"text": text, "rev": rev}
        answer = self.request.put(f"{self.base}conversations/{id}/me/draft/", data=data, headers=self.headers)
        assert answer.ok, answer.text()


def talking(person: People) -> tuple[Person, Person, int, Device]:
    ann, bob = person("ann"), person("bob")
    ann.open(bob)
    ann.write("hello")
    expect(ann.accepted("hello")).to_be_visible()
    id = int(ann.page.evaluate("document.querySelector('chat-app').route.conversationId"))
    ann.page.wait_for_function(
        "id => document.querySelector('chat-app').store.conversations.get(id).my !== undefined || "
        "(document.querySelector('chat-app').api.of('GET', id).then(one => "
        "document.querySelector('chat-app').store.regroup(one)), false)",
        arg=id,
    )
    return ann, bob, id, Device(ann)


def box(one: Person) -> Locator:
    return one.page.locator("chat-composer textarea")


def test_what_is_written_and_not_sent_is_there_on_another_device_and_goes_with_the_message(
    person: People,
) -> None:
    ann, _, id, phone = talking(person)
    with ann.page.expect_response("**/me/draft/"):
        box(ann).press_sequentially("half a sen")
    assert phone.draft(id)["text"] == "half a sen"

    box(ann).press_sequentially("tence")
    box(ann).press("Enter")
    expect(ann.accepted("half a sentence")).to_be_visible()
    assert phone.draft(id) is None


def test_a_draft_of_another_device_comes_into_a_field_that_nobody_writes_in(person: People) -> None:
    ann, _, id, phone = talking(person)
    ann.page.locator("chat-sidebar input[type=search]").focus()
    phone.keep(id, "from the phone")
    expect(box(ann)).to_have_value("from the phone")

    ann.page.goto(f"{ann.base}/#/")
    expect(ann.page.locator("chat-sidebar .room__draft")).to_be_visible()
    ann.page.evaluate(
        "localStorage.removeItem('chat.conversations.' + document.querySelector('chat-app').me.id)"
    )
    ann.page.evaluate("localStorage.removeItem('chat.synced.' + document.querySelector('chat-app').me.id)")
    ann.page.reload()
    expect(ann.page.locator("chat-sidebar .room").first).to_contain_text("from the phone")


def test_what_another_device_wrote_is_offered_beside_what_is_being_written_and_neither_is_lost(
    person: People,
) -> None:
    ann, _, id, phone = talking(person)
    box(ann).focus()
    phone.keep(id, "from the phone")
    note = ann.page.locator(".composer__other")
    expect(note).to_contain_text("from the phone")
    expect(box(ann)).to_have_value("")
    expect(box(ann)).to_be_focused()

    box(ann).press_sequentially("my own")
    note.get_by_role("button", name="Use it").click()
    expect(box(ann)).to_have_value("my own\nfrom the phone")
    expect(note).to_have_count(0)


def test_of_two_devices_that_write_at_once_the_second_is_told_what_the_first_kept(person: People) -> None:
    ann, bob, id, phone = talking(person)
    ann.page.route("**/poll/events/**", lambda route: route.abort())
    with ann.page.expect_event("requestfailed", lambda request: "/poll/events/" in request.url):
        bob.open(ann)
        bob.write("this ends the poll that is still held")
    phone.keep(id, "the first")
    box(ann).press_sequentially("the second")
    expect(ann.page.locator(".composer__other")).to_contain_text("the first")
    expect(box(ann)).to_have_value("the second")
    with ann.page.expect_response(lambda answer: "me/draft" in answer.url and answer.ok):
        box(ann).press_sequentially("!")
    ann.page.unroute("**/poll/events/**")
    assert phone.draft(id)["text"] == "the second!"
