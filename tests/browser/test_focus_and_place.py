"""Where the focus goes, and what stays where it was."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.person import Person

People = Callable[..., Person]
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
TOP_ROW = """() => {
  const {position, scroller} = document.querySelector('chat-timeline');
  const top = (row) => row.getBoundingClientRect().top - scroller.getBoundingClientRect().top;
  window.read ??= position.read.row;
  return top(window.read);
}"""
BOX = "node => { const {left, right} = node.getBoundingClientRect(); return [left, right]; }"


def test_on_a_phone_the_focus_goes_to_the_title_of_a_room_and_back_to_its_row(person: People) -> None:
    ann, bob = person("ann", **PHONE), person("bob")
    bob.open(ann)
    bob.write("hello")
    row = ann.page.locator("chat-sidebar .room").filter(has_text="hello")
    row.tap()

    expect(ann.page.get_by_role("heading", level=1, name=bob.name)).to_be_focused()
    ann.page.go_back()
    expect(row).to_be_focused()
    for control in ann.page.locator("chat-sidebar input, .icon-button:visible").all():
        assert (control.bounding_box() or {})["height"] >= 43.5


def test_a_narrower_window_leaves_the_line_that_is_read_where_it_was(person: People) -> None:
    ann, bob = person("ann"), person("bob")
    ann.open(bob)
    for number in range(30):
        ann.write(f"{number} " + "many words that break into lines elsewhere when there is less room " * 4)
    expect(ann.accepted("29 many")).to_be_visible()
    ann.page.locator(".timeline__scroller").evaluate("node => node.scrollTo(0, node.scrollHeight / 2)")
    ann.page.wait_for_function("() => document.querySelector('chat-timeline').position.read !== null")
    before = ann.page.evaluate(TOP_ROW)

    ann.page.set_viewport_size({"width": 860, "height": 760})
    ann.page.wait_for_function(
        "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))).then(() => true)"
    )

    assert abs(ann.page.evaluate(TOP_ROW) - before) <= 1


def test_an_address_of_nobody_shows_no_head_and_nothing_to_write_in(person: People) -> None:
    ann = person("ann")
    ann.page.goto(f"{ann.base}/#/with/987654321")

    expect(ann.page.get_by_role("heading", name="This conversation is not available.")).to_be_visible()
    expect(ann.page.locator("chat-composer, .room-view__state")).to_have_count(0)


def test_nothing_found_is_said_only_when_neither_people_nor_messages_are(person: People) -> None:
    ann, bob = person("ann"), person("bob")
    ann.open(bob)
    ann.write("a pelican")
    expect(ann.accepted("pelican")).to_be_visible()
    search = ann.page.locator("chat-sidebar input[type=search]")

    search.fill("pelican")
    expect(ann.page.locator(".sidebar__hits .room")).to_be_visible()
    expect(ann.page.locator(".sidebar__none")).to_have_count(0)
    search.fill("penguins")
    expect(ann.page.locator(".sidebar__none")).to_have_text("Nothing found for “penguins”.")


def test_a_preview_begins_at_the_side_of_the_list_whatever_its_direction(person: People) -> None:
    ann, bob = person("ann", locale="ar"), person("bob")
    ann.open(bob)
    ann.write("a Latin sentence that is longer than the list is wide, so that it has to end somewhere")
    words = ann.page.locator("chat-sidebar .room__words")
    expect(words).to_have_css("direction", "ltr")
    name = ann.page.locator("chat-sidebar .room[aria-current] .room__line").first.evaluate(BOX)
    you = ann.page.locator("chat-sidebar .room[aria-current] .room__last > span").first.evaluate(BOX)
    assert abs(name[1] - you[1]) <= 1, "it begins at the right"
    assert words.evaluate(BOX)[1] < you[0]
    assert words.evaluate("node => node.scrollWidth > node.clientWidth && node.scrollLeft === 0")
    expect(ann.page.locator("chat-composer textarea")).to_have_css("direction", "rtl")

    carl = person("carl")
    bob.open(carl)
    bob.write("مرحبا")
    last = bob.page.locator("chat-sidebar .room[aria-current]")
    first = last.locator(".room__last > span").first.evaluate(BOX)
    assert last.locator(".room__words").evaluate(BOX)[0] - first[1] < 12, "it stands beside its You"
