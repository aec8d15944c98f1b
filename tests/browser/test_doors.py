"""How people come into a conversation by themselves: by a link, where it is public, by asking."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Locator, expect

from tests.browser.person import PASSWORD, Person, unique
from tests.browser.test_groups import PHONE, details, enter, group, row

People = Callable[..., Person]


def invite(owner: Person, id: int, **wishes: int) -> str:
    return str(owner.call("POST", f"conversations/{id}/invites/", wishes)["code"])


def follow(one: Person, code: str) -> None:
    """From elsewhere: where the page is open already, it would begin to follow it before it is loaded anew."""
    one.page.goto(f"{one.base}/healthz")
    one.page.goto(f"{one.base}/#join={code}")


def test_a_link_is_made_copied_and_stopped(person: People) -> None:
    ann = person("ann", permissions=["clipboard-read", "clipboard-write"])
    id = group(ann, person("bob"))
    enter(ann)
    details(ann).get_by_role("button", name="Invite link").click()
    dialog = ann.page.get_by_role("dialog", name="Invite link")
    expect(dialog.get_by_text("No link yet.")).to_be_visible()
    dialog.get_by_label("How many people it lets in").select_option("10")
    dialog.get_by_role("button", name="Create link").click()
    line = dialog.locator(".invites__one")
    expect(line).to_contain_text("0 of 10 used")
    line.get_by_role("button", name="Copy").click()
    expect(ann.page.locator("chat-announcer")).to_contain_text("Copied")
    [made] = ann.call("GET", f"conversations/{id}/invites/")["results"]
    link = line.get_by_label("Link", exact=True)
    expect(link).to_have_value(f"{ann.base}/#join={made['code']}")
    expect(link).to_have_attribute("dir", "ltr")
    line.get_by_role("button", name="Stop link…").click()
    ann.page.get_by_role("button", name="Stop link", exact=True).click()
    expect(dialog.get_by_text("No link yet.")).to_be_visible()
    assert ann.call("GET", f"conversations/{id}/invites/")["results"] == []


def test_who_follows_a_link_signs_up_sees_what_it_opens_and_is_in_only_when_they_say_so(
    person: People, browser: Browser
) -> None:
    ann = person("ann")
    id = group(ann, person("bob"))
    code = invite(ann, id)
    new = Person(browser, ann.base, "new")
    new.page.goto(f"{new.base}/#join={code}")
    expect(new.page.get_by_text("Sign in to see the invitation.")).to_be_visible()
    assert code not in new.page.url
    new.page.get_by_label("Username").fill(unique("new"))
    new.page.locator("input[name=password]").fill(PASSWORD)
    new.page.locator("[type=submit]").click()
    card = new.page.get_by_role("dialog", name="Invitation")
    expect(card).to_contain_text("Bakery")
    expect(card).to_contain_text("2 members")
    new.page.reload()
    expect(card).to_be_visible()
    assert ann.call("GET", f"conversations/{id}/")["member_count"] == 2, "nobody is in it by looking"
    card.get_by_role("button", name="Join").click()
    expect(new.page.locator(".room-view__name")).to_have_text("Bakery")
    assert code not in new.page.evaluate("location.href + JSON.stringify(history.state) + document.referrer")
    new.page.go_back()
    assert code not in new.page.url
    new.leave()


def test_links_that_are_dead_or_ones_own_or_put_off_say_so(person: People) -> None:
    ann, bob, cy, dan = person("ann"), person("bob"), person("cy"), person("dan")
    id = group(ann, bob)
    code = invite(ann, id, uses=1)
    follow(bob, code)
    expect(bob.page.locator(".room-view__name")).to_have_text("Bakery")
    expect(bob.page.locator("chat-announcer")).to_contain_text("You are already here.")

    follow(cy, code)
    card = cy.page.get_by_role("dialog", name="Invitation")
    card.get_by_role("button", name="Not now").click()
    cy.page.reload()
    expect(cy.page.locator("chat-sidebar nav")).to_be_visible()
    expect(card).to_have_count(0)
    follow(cy, code)
    full = {"code": "limit_reached", "limit": "group_members", "detail": "There is no place."}
    cy.page.route("**/invites/accept/", lambda route: route.fulfill(status=409, json=full))
    card.get_by_role("button", name="Join").click()
    expect(card).to_contain_text("This group is full.")
    cy.page.unroute("**/invites/accept/")
    card.get_by_role("button", name="Join").click()
    expect(row(cy, "Bakery")).to_be_visible()

    follow(dan, code)
    expect(dan.page.get_by_role("dialog")).to_contain_text("This link no longer works.")


@pytest.mark.parametrize("device", [{}, PHONE])
def test_public_conversations_are_found_and_joined(person: People, device: dict[str, object]) -> None:
    ann, bob = person("ann"), person("bob", **device)
    name = unique("Plaza")
    group(ann, preset="public", name=name)
    bob.page.locator(".sidebar__head").get_by_role("button", name="New conversation").click()
    bob.page.get_by_role("link", name="Find public conversations").click()
    bob.page.get_by_label("Search by name").fill(name)
    found = bob.page.locator(".discover__one")
    expect(found).to_have_count(1)
    expect(found).to_contain_text("1 member")
    found.get_by_role("button", name="Join").click()
    expect(bob.page.locator(".room-view__name")).to_have_text(name)


def test_who_asks_is_let_in_live_or_declined(person: People) -> None:
    ann, bob, cy = person("ann"), person("bob"), person("cy")
    name = unique("Plaza")
    id = group(ann, preset="public", name=name)
    ann.call("PATCH", f"conversations/{id}/", {"policy": {"join": "request"}})
    enter(ann, name=name)
    panel = details(ann)

    def found(one: Person) -> Locator:
        return one.page.locator(".discover__one").filter(has_text=name)

    for one in (bob, cy):
        one.page.goto(f"{one.base}/#/discover")
        one.page.get_by_label("Search by name").fill(name)
        expect(one.page.locator(".discover__one")).to_have_count(1)
        found(one).get_by_role("button", name="Ask to join").click()
        expect(found(one).get_by_role("button", name="Withdraw request")).to_be_focused()
    panel.get_by_role("button", name="Requests (2)").click()
    dialog = ann.page.get_by_role("dialog", name="Requests to join")
    dialog.get_by_role("button", name=f"Let in: {bob.name}").click()
    expect(found(bob).get_by_role("button", name="Open")).to_be_visible()
    dialog.get_by_role("button", name=f"Decline: {cy.name}").click()
    expect(dialog).to_contain_text("Declined")
    ann.page.keyboard.press("Escape")
    expect(panel.get_by_role("button", name="Requests")).to_have_count(0)
    found(bob).get_by_role("button", name="Open").click()
    expect(bob.page.locator(".room-view__name")).to_have_text(name)


def test_who_asks_takes_it_back_and_those_who_decide_see_it(person: People) -> None:
    ann, bob = person("ann"), person("bob")
    name = unique("Plaza")
    id = group(ann, preset="public", name=name)
    ann.call("PATCH", f"conversations/{id}/", {"policy": {"join": "request"}})
    enter(ann, name=name)
    panel = details(ann)
    bob.page.goto(f"{bob.base}/#/discover")
    bob.page.get_by_label("Search by name").fill(name)
    found = bob.page.locator(".discover__one")
    expect(found).to_have_count(1)
    found.get_by_role("button", name="Ask to join").click()
    expect(panel.get_by_role("button", name="Requests (1)")).to_be_visible()
    found.get_by_role("button", name="Withdraw request").click()
    expect(found.get_by_role("button", name="Ask to join")).to_be_focused()
    expect(panel.get_by_role("button", name="Requests")).to_have_count(0)
