"""Words that are composed with an input method, as Japanese and Chinese are: Enter and Escape are its keys then."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Locator, Page, expect

from tests.browser.person import Person

People = Callable[..., Person]
# Safari tells of the Enter that ends a composition only by its code.
ENDS = """(field, key) => field.dispatchEvent(
    new KeyboardEvent('keydown', {key, keyCode: 229, bubbles: true, cancelable: true, composed: true}))"""


def compose(page: Page, field: Locator, text: str) -> None:
    """Some words are on their way, and every key that means something to a page is pressed meanwhile."""
    field.click()
    typing = page.context.new_cdp_session(page)
    typing.send(
        "Input.imeSetComposition", {"text": text, "selectionStart": len(text), "selectionEnd": len(text)}
    )
    for key in ("ArrowDown", "ArrowUp", "Enter", "Escape"):
        page.keyboard.press(key)
        field.evaluate(ENDS, key)
    typing.detach()


def test_escape_while_composing_leaves_the_find_bar_open(person: People) -> None:
    ann, bob = person("ann"), person("bob")
    ann.open(bob)
    ann.page.get_by_role("button", name="Find in this conversation").click()
    field = ann.page.locator(".find input")

    compose(ann.page, field, "かな")

    expect(field).to_be_focused()
    expect(field).to_have_value("かな")


def test_escape_and_enter_while_composing_leave_the_search_of_the_list_as_it_is(person: People) -> None:
    ann, bob = person("ann"), person("bob")
    ann.open(bob)
    ann.page.goto(f"{ann.base}/#/")
    field = ann.page.locator("chat-sidebar input[type=search]")
    field.fill(bob.name)
    expect(ann.page.locator("chat-sidebar .room").filter(has_text=bob.name)).to_be_visible()

    compose(ann.page, field, "か")

    expect(field).to_be_focused()
    assert field.input_value().replace("か", "") == bob.name
    assert not ann.page.evaluate("location.hash").startswith("#/c/")


def test_enter_and_escape_while_composing_leave_the_switcher_open(person: People) -> None:
    ann, bob = person("ann"), person("bob")
    bob.open(ann)
    ann.page.keyboard.press("Control+k")
    field = ann.page.locator("dialog input")
    expect(ann.page.locator(".switcher__option").first).to_be_visible()

    compose(ann.page, field, "か")

    expect(field).to_be_focused()
    assert "か" in field.input_value()


def test_escape_while_composing_leaves_the_emoji_panel_open(person: People) -> None:
    ann, bob = person("ann"), person("bob")
    ann.open(bob)
    ann.page.get_by_role("button", name="Emoji").click()
    field = ann.page.locator(".emoji input")

    compose(ann.page, field, "かな")

    expect(field).to_be_focused()
    expect(field).to_have_value("かな")


def test_escape_while_composing_leaves_the_settings_open(person: People) -> None:
    ann = person("ann")
    ann.page.locator(".menu summary").click()
    ann.page.get_by_role("button", name="Settings").click()
    field = ann.page.locator("#settings-name")

    compose(ann.page, field, "かな")

    expect(field).to_be_focused()
    assert "かな" in field.input_value()


def test_enter_while_composing_sends_nothing(person: People) -> None:
    ann, bob = person("ann"), person("bob")
    ann.open(bob)
    field = ann.page.locator("textarea")

    compose(ann.page, field, "かな")

    expect(field).to_be_focused()
    assert field.input_value().strip() == "かな"
    expect(ann.page.locator(".message")).to_have_count(0)
