"""A server that is reached by plain http under a name: browsers have no Web Locks and no clipboard there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.person import Person
from tests.support.server import ServerProcess

People = Callable[..., Person]
NAME = "chat.example"
LEADS = "document.querySelector('chat-app').chat.leader.isLeader"


@pytest.fixture
def person(browser: Browser, chromium: dict[str, Any], server: ServerProcess) -> Iterator[People]:
    """People whose browser knows the server by a name, which is no secure context."""
    arguments = [*chromium["args"], f"--host-resolver-rules=MAP {NAME} 127.0.0.1"]
    plain = browser.browser_type.launch(**{**chromium, "args": arguments})
    made: list[Person] = []

    def make(name: str) -> Person:
        base = server.base.replace("127.0.0.1", NAME)
        made.append(Person(plain, base, name, reached_at=server.base))
        return made[-1].sign_up()

    yield make
    for one in made:
        # Of a header that means nothing by plain http.
        one.complaints = [line for line in one.complaints if "Cross-Origin-Opener-Policy" not in line]
        one.leave()
    plain.close()


def six_tabs(one: Person) -> list[Page]:
    tabs = [one.page, *(one.tab() for _ in range(5))]
    for tab in tabs[1:]:
        tab.goto(one.page.url)
        expect(tab.locator("chat-sidebar nav")).to_be_visible()
    return tabs


def test_six_tabs_hold_one_poll_and_a_send_goes_out_as_with_one(person: People) -> None:
    ann, bob = person("ann"), person("bob")
    assert ann.page.evaluate("[isSecureContext, navigator.locks === undefined]") == [False, True]
    bob.open(ann)
    ann.open(bob)
    tabs = six_tabs(ann)
    polls: list[Page] = []
    for tab in tabs:
        tab.on("request", lambda request, tab=tab: "/poll/events/" in request.url and polls.append(tab))
    ann.write("with six tabs")
    # A connection that is held by each of six tabs would leave none for this.
    expect(ann.message("with six tabs").locator("[data-state=read]")).to_be_visible(timeout=5_000)
    for n in range(3):
        bob.write(f"to all {n}")
        for tab in tabs:
            expect(tab.locator("chat-sidebar .room").filter(has_text=bob.name)).to_contain_text(f"to all {n}")

    assert [tab.evaluate(LEADS) for tab in tabs].count(True) == 1
    assert len(set(polls)) == 1


def test_when_the_tab_that_leads_closes_another_one_takes_over(person: People) -> None:
    ann, bob = person("ann"), person("bob")
    bob.open(ann)
    tabs = six_tabs(ann)
    tabs.pop([tab.evaluate(LEADS) for tab in tabs].index(True)).close()
    ann.page = tabs[0]

    bob.write("after the leader")

    for tab in tabs:
        expect(tab.locator("chat-sidebar .room").filter(has_text=bob.name)).to_contain_text(
            "after the leader"
        )
    assert [tab.evaluate(LEADS) for tab in tabs].count(True) == 1


def copy(person: Person, text: str) -> None:
    row = person.message(text)
    row.hover()
    row.get_by_role("button", name="Copy text").click()
    expect(person.page.get_by_role("status").filter(has_text="Copied.")).to_be_visible()


def test_a_message_can_be_copied(person: People) -> None:
    ann, bob = person("ann"), person("bob")
    ann.open(bob)
    ann.write("to be copied\nwhole")
    copy(ann, "to be copied")

    ann.page.locator("textarea").focus()
    ann.page.keyboard.press("Control+V")

    expect(ann.page.locator("textarea")).to_have_value("to be copied\nwhole")


def test_a_message_can_be_copied_where_the_clipboard_is_refused(person: People) -> None:
    ann, bob = person("ann"), person("bob")
    ann.page.evaluate(
        "Object.defineProperty(navigator, 'clipboard', {value: {writeText: async () => { throw Error('refused') }}})"
    )
    ann.open(bob)
    ann.write("copied all the same")
    copy(ann, "copied all the same")


def test_an_example_of_the_reference_can_be_copied(person: People) -> None:
    ann = person("ann")
    docs = ann.tab()
    docs.goto(f"{ann.base}/docs")
    example = docs.locator(".code:has([data-copy])").first
    code = example.locator("pre").text_content()
    example.locator("[data-copy]").click()
    expect(docs.locator("[data-copy]", has_text="Copied")).to_be_visible()
    field = docs.locator("#credentials input").first
    field.focus()
    docs.keyboard.press("Control+V")
    # A field of one line leaves out where lines break.
    assert "".join((code or "").split()) == "".join(field.input_value().split())
