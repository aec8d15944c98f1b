"""What people meet every day: code in quotes, searches that fail, refusals of proxies, long messages, other regions."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Route, expect

from tests.browser.person import Person

People = Callable[..., Person]
CODE = "look:\n```c#\nif (a > b)\n\n> not a quote\n```\nnice"


def test_a_quoted_code_block_arrives_whole_and_leads_to_its_original(person: People) -> None:
    ann, bob = person("ann"), person("bob")
    ann.call("POST", "chats/", {"receiver_id": bob.id, "message": CODE})
    bob.open(ann)
    row = bob.message("look:")
    row.hover()
    row.get_by_role("button", name="Quote").click()
    bob.page.locator("textarea").press_sequentially("yes")
    bob.page.locator("textarea").press("Enter")

    reply = bob.page.locator(".message").filter(has_text="yes")
    expect(reply.locator(".quote .code-block code")).to_have_text("if (a > b)\n\n> not a quote")
    expect(reply.locator(".code-block")).to_have_count(1)
    bob.page.mouse.move(0, 0)
    reply.hover()
    reply.get_by_role("button", name="Go to the quoted message").click()
    expect(bob.page.locator(".message--shown")).to_contain_text("look:")


def test_a_search_that_fails_says_so_and_one_of_too_many_words_says_what_is_left_out(person: People) -> None:
    ann, bob = person("ann"), person("bob")
    ann.call(
        "POST",
        "chats/",
        {"receiver_id": bob.id, "message": "one two three four five six seven eight nine ten"},
    )
    ann.open(bob)
    ann.page.get_by_role("button", name="Find in this conversation").click()
    find = ann.page.locator(".find")
    find.locator("input").fill("one two three four five six seven eight nine ten eleven")
    expect(find).to_contain_text("Only the first 10 words are looked for.")
    expect(find.locator(".find__count")).to_have_text("1 of 1")

    ann.page.route("**/chats/search/**", lambda route: route.fulfill(status=503, body="<h1>no</h1>"))
    find.locator("input").fill("unheard of")
    expect(find).to_contain_text("The search did not work")
    expect(find).not_to_contain_text("Not found")
    ann.page.fill("chat-sidebar input[type=search]", "unheard of")
    side = ann.page.locator("chat-sidebar")
    expect(side).to_contain_text("The search did not work")
    expect(side).not_to_contain_text("Nothing found")


def test_a_hit_is_marked_where_it_stands_behind_letters_that_grow_when_folded(person: People) -> None:
    ann, bob = person("ann"), person("bob")
    ann.call("POST", "chats/", {"receiver_id": bob.id, "message": "İİİİİİ son"})
    ann.open(bob)
    ann.page.get_by_role("button", name="Find in this conversation").click()
    ann.page.locator(".find input").fill("son")
    ann.page.wait_for_function("() => [...(CSS.highlights.get('find') ?? [])].map(String).join() === 'son'")
    ann.page.fill("chat-sidebar input[type=search]", "son")
    expect(ann.page.locator(".sidebar__hits mark")).to_have_text("son")


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (413, "larger than a proxy on the way lets through"),
        (403, "A proxy or firewall on the way refused it"),
        (431, "cookies"),
        (511, "wants you to sign in to it first"),
    ],
)
def test_what_a_proxy_refuses_is_told_in_words(person: People, status: int, words: str) -> None:
    ann, bob = person("ann"), person("bob")
    ann.open(bob)

    def refuse(route: Route) -> None:
        if route.request.method == "POST":
            route.fulfill(status=status, content_type="text/html", body="<h1>refused</h1>")
        else:
            route.continue_()

    ann.page.route("**/communication/chats/", refuse)
    ann.write("hello")
    expect(ann.message("hello").locator(".message__trouble")).to_contain_text(words)


def test_a_network_that_wants_a_sign_in_first_is_told_of(person: People) -> None:
    ann = person("ann")
    ann.page.route(
        "**/poll/events/**", lambda route: route.fulfill(status=511, body="<h1>Welcome to the hotel</h1>")
    )
    expect(ann.page.locator("chat-status")).to_contain_text("This network wants you to sign in to it first.")


def test_a_message_of_sixty_lines_is_folded_until_somebody_wants_all_of_it(person: People) -> None:
    ann, bob = person("ann"), person("bob")
    text = "\n".join(f"line {n}" for n in range(1, 61))
    ann.call("POST", "chats/", {"receiver_id": bob.id, "message": text})
    ann.open(bob)
    row = ann.message("line 1")
    folded = row.bounding_box()
    assert folded
    assert folded["height"] < 600

    row.get_by_role("button", name="Show all of it").click()

    expect(row.get_by_role("button", name="Show all of it")).to_have_count(0)
    whole = row.bounding_box()
    assert whole
    assert whole["height"] > folded["height"] * 2


@pytest.mark.parametrize("region", ["en-GB", "fr-FR", "ja-JP", "de-DE"])
def test_the_clock_is_that_of_the_browsers_region(person: People, region: str) -> None:
    ann, bob = person("ann", locale=region), person("bob")
    ann.call("POST", "chats/", {"receiver_id": bob.id, "message": "what time is it?"})
    ann.open(bob)
    expect(ann.message("what time").locator("time")).to_have_text(re.compile(r"^\d?\d:\d\d$"))
