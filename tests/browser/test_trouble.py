"""Connections break, tabs crash, servers restart: nothing is lost and nothing comes twice."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from tests.browser.person import ACCEPTED, PASSWORD, Person
from tests.support.server import ServerProcess

People = Callable[..., Person]


def test_what_is_written_offline_is_kept_and_sent_once_in_order_on_return(
    person: People, screenshot: Callable[[Person, str], None]
) -> None:
    ann, bob = person("ann"), person("bob")
    ann.open(bob)
    bob.open(ann)

    ann.context.set_offline(True)
    for text in ("first", "second", "third"):
        ann.write(text)
    expect(ann.message("third").locator("[data-state=queued]")).to_be_visible()
    expect(ann.page.locator("chat-status")).to_contain_text("offline")
    screenshot(ann, "offline")
    ann.context.set_offline(False)

    expect(bob.message("third")).to_be_visible(timeout=60_000)
    assert bob.texts() == ["first", "second", "third"]
    expect(ann.page.locator(".message--pending")).to_have_count(0)
    expect(ann.page.locator("chat-status")).to_be_hidden()


def test_a_tab_that_dies_while_sending_leaves_its_message_to_the_next_one(person: People) -> None:
    ann, bob = person("ann"), person("bob")
    ann.open(bob)
    bob.open(ann)
    ann.page.route("**/chats/", lambda route: route.abort())
    ann.write("written, then gone")
    expect(ann.message("written, then gone").locator("[data-state=queued]")).to_be_visible()
    address = ann.page.url
    ann.page.close()

    ann.page = ann.tab()
    ann.page.goto(address)

    ann.write("what comes after it")
    expect(bob.message("what comes after it")).to_be_visible()
    assert bob.texts() == ["written, then gone", "what comes after it"]


def test_an_answer_that_got_lost_does_not_send_the_message_twice(person: People) -> None:
    ann, bob = person("ann"), person("bob")
    ann.open(bob)
    bob.open(ann)
    calls = []

    def lose_the_answer(route: object) -> None:
        calls.append(1)
        if len(calls) == 1:
            route.fetch()  # type: ignore[attr-defined]
            route.abort()  # type: ignore[attr-defined]
        else:
            route.continue_()  # type: ignore[attr-defined]

    ann.page.route("**/chats/", lose_the_answer)
    ann.write("only once")

    accepted = ann.accepted("only once")
    expect(accepted).to_be_visible()
    assert len(calls) == 2
    ann.write("and then")
    expect(bob.message("and then")).to_be_visible()
    expect(ann.message("and then")).to_be_visible()
    assert bob.texts() == ann.texts() == ["only once", "and then"]


def test_a_refused_message_stays_with_its_reason_and_can_be_retried_or_discarded(person: People) -> None:
    ann, bob = person("ann"), person("bob")
    ann.open(bob)
    ann.page.route(
        "**/chats/",
        lambda route: route.fulfill(
            status=403,
            content_type="application/problem+json",
            body='{"code":"forbidden","detail":"Not today."}',
        ),
    )
    ann.write("try me")
    row = ann.message("try me")
    expect(row).to_contain_text("Not today.")

    ann.page.unroute("**/chats/")
    row.get_by_role("button", name="Retry").click()

    expect(row.locator(ACCEPTED)).to_be_visible()


def test_a_file_that_cannot_be_read_any_more_is_refused_and_holds_up_nothing(
    person: People, tmp_path: Path
) -> None:
    ann, bob = person("ann"), person("bob")
    ann.open(bob)
    bob.open(ann)
    notes = tmp_path / "notes.txt"
    notes.write_text("as attached")
    ann.page.locator("chat-composer input[type=file]").set_input_files(notes)
    expect(ann.page.locator("chat-composer")).to_contain_text("notes.txt")
    notes.unlink()

    ann.write("see there")
    ann.write("and this")

    expect(ann.message("see there")).to_contain_text("cannot be read any more")
    expect(bob.message("and this")).to_be_visible()


def test_twelve_tabs_hold_one_poll_are_all_live_and_hand_over_when_the_leader_closes(person: People) -> None:
    ann, bob = person("ann"), person("bob")
    tabs = [ann.page, *(ann.tab() for _ in range(11))]
    for tab in tabs[1:]:
        tab.goto(ann.base)
        expect(tab.locator("chat-sidebar nav")).to_be_visible()
    leading = [tab.evaluate("document.querySelector('chat-app').chat.leader.isLeader") for tab in tabs]
    assert leading.count(True) == 1

    bob.open(ann)
    bob.write("to all of you")
    for tab in tabs:
        expect(tab.locator("chat-sidebar .room").filter(has_text=bob.name)).to_contain_text("to all of you")

    tabs.pop(leading.index(True)).close()
    bob.write("after the leader")
    for tab in tabs:
        expect(tab.locator("chat-sidebar .room").filter(has_text=bob.name)).to_contain_text(
            "after the leader"
        )
        expect(tab.locator(".badge")).to_contain_text("2")
    ann.page = tabs[0]


def with_a_second_tab(person: People) -> tuple[Person, Person, Page]:
    """Two who talk, and another tab of the first one's in the same room; her first one leads."""
    ann, bob = person("ann"), person("bob")
    ann.open(bob)
    bob.open(ann)
    second = ann.tab()
    second.goto(ann.page.url)
    expect(second.locator("chat-composer textarea")).to_be_visible()
    return ann, bob, second


def test_a_tab_behind_that_is_frozen_does_not_keep_the_others_deaf(person: People) -> None:
    ann, bob, second = with_a_second_tab(person)
    devtools = ann.context.new_cdp_session(ann.page)
    devtools.send("Page.setWebLifecycleState", {"state": "frozen"})

    bob.write("anybody there?")
    second.evaluate("dispatchEvent(new Event('online'))")  # as when it is looked at again
    expect(ann.message("anybody there?", second)).to_be_visible()

    devtools.send("Page.setWebLifecycleState", {"state": "active"})
    bob.write("and now?")
    for page in (second, ann.page):
        expect(ann.message("and now?", page)).to_be_visible()
        assert ann.texts(page) == ["anybody there?", "and now?"]


def test_a_page_that_is_put_aside_lets_another_tab_lead_and_lives_again_when_gone_back_to(
    person: People,
) -> None:
    ann, bob, second = with_a_second_tab(person)

    ann.page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide', {persisted: true}))")
    bob.write("who leads?")
    expect(ann.message("who leads?", second)).to_be_visible()

    ann.page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
    expect(ann.message("who leads?")).to_be_visible()
    ann.write("here again")
    expect(bob.message("here again")).to_be_visible()


def test_what_one_tab_sends_and_reads_shows_in_the_other_tab_of_the_same_session(person: People) -> None:
    ann, bob = person("ann"), person("bob")
    second = ann.tab()
    second.goto(ann.base)
    ann.open(bob)
    ann.open(bob, second)

    ann.write("from the first tab")
    expect(ann.message("from the first tab", second)).to_have_count(1)
    ann.write("from the second tab", second)

    expect(ann.message("from the second tab")).to_have_count(1)
    assert ann.texts() == ann.texts(second)


class BlocksCookies:
    """A browser whose owner blocks all cookies: with them go every storage and the locks between tabs."""

    def __init__(self, browser: Browser, launch: dict[str, Any], profile: Path) -> None:
        self._kind, self._launch, self._profile = browser.browser_type, launch, profile
        settings = {"profile": {"default_content_setting_values": {"cookies": 2}}}
        (profile / "Default").mkdir()
        (profile / "Default" / "Preferences").write_text(json.dumps(settings))

    def new_context(self, **context: Any) -> BrowserContext:
        return self._kind.launch_persistent_context(self._profile, **self._launch, **context)


def test_a_browser_that_may_keep_nothing_sends_and_receives_like_any_other(
    person: People, browser: Browser, chromium: dict[str, Any], server: ServerProcess, tmp_path: Path
) -> None:
    bob, carl = person("bob"), person("carl")
    ann = Person(BlocksCookies(browser, chromium, tmp_path), server.base, "ann")
    ann.page.goto(ann.base)
    ann.page.fill("[name=username]", ann.name)
    ann.page.fill("[name=password]", PASSWORD)
    ann.page.click("[type=submit]")
    ann.open(bob)
    bob.open(ann)

    ann.write("do you hear me?")
    expect(bob.message("do you hear me?")).to_be_visible()
    bob.write("I do")
    expect(ann.message("I do")).to_be_visible()
    ann.page.locator("chat-composer textarea").fill("half a sente")
    ann.open(carl).open(bob)
    expect(ann.page.locator("chat-composer textarea")).to_have_value("half a sente")
    ann.leave()


def test_a_server_restart_under_an_open_page_costs_nothing(
    browser: Browser, screenshot: Callable[[Person, str], None]
) -> None:
    server = ServerProcess().start()
    ann, bob = Person(browser, server.base, "ann").sign_up(), Person(browser, server.base, "bob").sign_up()
    try:
        ann.open(bob)
        bob.open(ann)
        ann.write("before")
        expect(bob.message("before")).to_be_visible()
        server.stop()
        for text in ("while 1", "while 2", "while 3"):
            ann.write(text)
        expect(ann.page.locator("chat-status")).to_contain_text("Connection lost", timeout=60_000)
        screenshot(ann, "reconnecting")
        with ann.page.expect_request("**/poll/events/**"):
            ann.page.get_by_role("button", name="Retry now").click()
        server.start()

        expect(bob.message("while 3")).to_be_visible(timeout=60_000)
        assert bob.texts() == ["before", "while 1", "while 2", "while 3"]
        bob.write("after")
        # What she sends wakes her poller: it does not sit out its pause of up to 30 s.
        expect(ann.message("after")).to_be_visible()
        ann.leave()
        bob.leave()
    finally:
        server.stop()
        server.forget()


def test_an_ended_session_asks_to_sign_in_and_comes_back_to_the_same_place_with_the_draft(
    person: People,
) -> None:
    ann, bob = person("ann"), person("bob")
    ann.open(bob)
    ann.page.locator("textarea").fill("unfinished")
    ann.call("POST", "auth/logout/")

    expect(ann.page.locator(".sign-in .notice")).to_contain_text("Your session has ended", timeout=60_000)
    expect(ann.page.locator("[name=username]")).to_have_value(ann.name)
    ann.page.fill("[name=password]", "correct horse battery staple")
    ann.page.click("[type=submit]")

    expect(ann.page.locator(".room-view__name")).to_have_text(bob.name)
    expect(ann.page.locator("textarea")).to_have_value("unfinished")


def test_what_is_wrong_with_a_name_or_password_is_told_in_the_language_of_the_page(
    browser: Browser, server: ServerProcess, person: People
) -> None:
    bob, ann = person("bob"), Person(browser, server.base, "ann", locale="de-DE")
    ann.page.goto(ann.base)
    for name, password, told in (
        (bob.name, PASSWORD, "Diesen Namen hat schon jemand."),
        (ann.name, "password123", "Dieses Passwort ist zu leicht zu erraten."),
    ):
        ann.page.fill("[name=username]", name)
        ann.page.fill("[name=password]", password)
        ann.page.click("[type=submit]")
        expect(ann.page.locator(".form-error")).to_contain_text(told)
    ann.page.get_by_text("Ich habe schon ein Konto").click()
    ann.page.fill("[name=password]", PASSWORD)
    ann.page.click("[type=submit]")
    expect(ann.page.locator(".form-error")).to_have_text("Name und Passwort passen nicht zusammen.")
    ann.leave()


def test_what_was_asked_for_first_is_not_shown_last(person: People) -> None:
    """The view for signing in is fetched when first wanted; by the time it is here something else may be."""
    ann = person("ann")
    held: list[Route] = []
    ann.page.route("**/chat-sign-in.js", lambda route: held.append(route))
    ann.page.evaluate("""() => {
      const app = document.querySelector('chat-app');
      const account = app.accounts.current();
      window.late = app.signIn();
      app.enter(account);
    }""")
    expect(ann.page.locator("chat-sidebar nav")).to_be_visible()
    held[0].continue_()
    ann.page.evaluate("() => window.late")
    expect(ann.page.locator("chat-sign-in")).to_have_count(0)
    expect(ann.page.locator("chat-sidebar nav")).to_be_visible()


def test_a_menu_that_comes_when_its_account_is_not_here_any_more_is_not_drawn(person: People) -> None:
    ann = person("ann")
    menus: list[Route] = []
    ann.page.route("**/account-menu.js", lambda route: menus.append(route))
    ann.page.reload()
    expect(ann.page.locator("chat-sidebar nav")).to_be_visible()
    snapshots: list[Route] = []
    ann.page.route("**/snapshot/**", lambda route: snapshots.append(route))
    ann.page.evaluate("""() => {
      const app = document.querySelector('chat-app');
      app.enter(app.accounts.current());
    }""")
    expect(ann.page.locator(".splash")).to_be_visible()
    menus[0].continue_()
    ann.page.evaluate("(url) => import(url)", menus[0].request.url)
    snapshots[0].continue_()
    expect(ann.page.locator("chat-sidebar nav")).to_be_visible()
