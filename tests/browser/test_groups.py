"""Conversations of several people, in the page."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Route, expect

from tests.browser.person import Person
from tests.support.pictures import png

People = Callable[..., Person]
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
TOP_ROW = """() => {
  const {scroller, list} = document.querySelector('chat-timeline');
  const from = scroller.getBoundingClientRect().top;
  const row = [...list.querySelectorAll('.message')].find((one) => one.getBoundingClientRect().top >= from);
  return [row.dataset.key, row.getBoundingClientRect().top - from];
}"""
_numbers = itertools.count(1)


def group(owner: Person, *others: Person, preset: str = "group", name: str = "Bakery") -> int:
    """Made through the API, for speed; those who look see it come."""
    body = {"preset": preset, "name": name, "member_ids": [one.id for one in others]}
    made = owner.call("POST", "conversations/", {**body, "client_id": f"g{next(_numbers)}-{owner.name}"})
    for one in (owner, *others):
        expect(row(one, name)).to_be_visible()
    return int(made["id"])


def row(one: Person, name: str) -> Locator:
    return one.page.locator("chat-sidebar .room").filter(has_text=name)


def enter(*people: Person, name: str = "Bakery") -> None:
    for one in people:
        row(one, name).click()
        expect(one.page.locator(".room-view__name")).to_have_text(name)
        expect(one.page.locator(".timeline__scroller[aria-busy=false]")).to_be_attached()


def sent(one: Person, text: str) -> None:
    one.write(text)
    expect(one.accepted(text)).to_be_visible()


def choose(one: Person, other: Person) -> None:
    """Among people by their name, for of a crowd the list shows the first only."""
    one.page.get_by_role("combobox", name="Find people").fill(other.name)
    one.page.get_by_role("option").filter(has_text=other.name).click()


def details(one: Person) -> Locator:
    one.page.locator(".room-view__open").click()
    panel = one.page.get_by_role("complementary", name="Details")
    expect(panel.locator(".members__row").first).to_be_visible()
    return panel


def member(one: Person, other: Person, choice: str) -> None:
    """Through the menu in the details."""
    line = one.page.locator(".members__row").filter(has_text=other.name)
    line.get_by_role("button").click()
    one.page.get_by_role("menuitem", name=choice).click()


def row_menu(one: Person, name: str, choice: str) -> None:
    row(one, name).click(button="right")
    one.page.get_by_role("menuitem", name=choice).click()


def test_a_group_is_made_by_keyboard_alone_and_stands_in_all_lists_at_once(person: People) -> None:
    ann, bob, cy = person("ann"), person("bob"), person("cy")
    ann.page.get_by_role("button", name="New conversation").first.click()
    field, spoken = (
        ann.page.get_by_role("combobox", name="Find people"),
        ann.page.locator(".picker [role=status]"),
    )
    for one in (bob, cy):
        field.fill(one.name)
        expect(ann.page.get_by_role("option")).to_have_count(1)
        ann.page.keyboard.press("Enter")
        expect(spoken.last).to_have_text(f"{one.name} was chosen.")
        expect(field).to_be_focused()
    ann.page.keyboard.press("Backspace")
    expect(spoken.last).to_have_text(f"{cy.name} is not chosen any more.")
    field.fill(cy.name)
    expect(ann.page.get_by_role("option")).to_have_count(1)
    ann.page.keyboard.press("Enter")
    ann.page.get_by_label("Group name").fill("Bakery")
    ann.page.keyboard.press("Enter")

    expect(ann.page.get_by_role("heading", level=1, name="Bakery")).to_be_visible()
    expect(ann.page.locator("chat-composer textarea")).to_be_focused()
    for one in (ann, bob, cy):
        expect(row(one, "Bakery")).to_be_visible()
    enter(bob, cy)
    sent(bob, "hot bread")
    expect(ann.message("hot bread").get_by_role("button", name=bob.name)).to_be_visible()
    expect(ann.message("hot bread").locator(".avatar")).to_have_text("B")
    expect(bob.message("hot bread").locator(".message__name, .avatar")).to_have_count(0)
    expect(row(cy, "Bakery")).to_contain_text(f"{bob.name}: hot bread")
    expect(ann.page.locator(".system")).to_contain_text("made this conversation")


def test_one_name_opens_the_conversation_of_two_and_shows_neither_names_nor_pictures(person: People) -> None:
    ann, bob = person("ann"), person("bob")
    for _ in range(2):
        ann.page.get_by_role("button", name="New conversation").first.click()
        choose(ann, bob)
        ann.page.get_by_role("button", name="Open chat").click()
        expect(ann.page.locator(".room-view__name")).to_have_text(bob.name)
    sent(ann, "just us")
    bob.open(ann)
    expect(bob.message("just us")).to_be_visible()
    expect(bob.message("just us").locator(".message__name, .avatar")).to_have_count(0)
    expect(row(ann, bob.name)).to_have_count(1)


def test_creating_twice_after_an_answer_that_was_cut_makes_one_group(person: People) -> None:
    ann, bob = person("ann"), person("bob")
    cut: list[str] = []

    def lose_the_answer(route: Route) -> None:
        if route.request.method == "POST" and not cut:
            cut.append(route.fetch().text())
            return route.abort()
        return route.continue_()

    ann.page.route("**/communication/conversations/", lose_the_answer)
    ann.page.get_by_role("button", name="New conversation").first.click()
    choose(ann, bob)
    ann.page.get_by_label("Group name").fill("Bakery")
    create = ann.page.get_by_role("button", name="Create group")
    create.click()
    expect(ann.page.get_by_text("It could not be created")).to_be_visible()
    expect(ann.page.get_by_label("Group name")).to_have_value("Bakery")
    create.click()

    expect(ann.page.get_by_role("heading", level=1, name="Bakery")).to_be_visible()
    expect(row(bob, "Bakery")).to_have_count(1)
    assert len(ann.call("GET", "conversations/")["results"]) == 1


def test_the_details_cost_neither_place_nor_draft_and_close_by_escape_and_back(person: People) -> None:
    ann, bob = person("ann"), person("bob")
    group(ann, bob)
    enter(ann)
    for number in range(30):
        ann.write(
            f"{number} words enough to fill a line and to be broken into another one when there is less room"
        )
    expect(ann.accepted("29 words")).to_be_visible()
    ann.page.locator("chat-composer textarea").fill("half a sentence")
    ann.page.locator(".timeline__scroller").evaluate("node => node.scrollTo(0, node.scrollHeight / 2)")
    ann.page.wait_for_function("() => document.querySelector('chat-timeline').position.read !== null")
    key, top = ann.page.evaluate(TOP_ROW)

    panel = details(ann)
    expect(panel.get_by_role("heading", name="Details")).to_be_focused()
    settled(ann)
    assert ann.page.evaluate(TOP_ROW)[0] == key
    assert abs(ann.page.evaluate(TOP_ROW)[1] - top) <= 1
    expect(ann.page.locator("chat-composer textarea")).to_have_value("half a sentence")
    ann.page.keyboard.press("Escape")
    expect(panel).to_have_count(0)
    expect(ann.page.locator(".room-view__open")).to_be_focused()
    settled(ann)
    assert abs(ann.page.evaluate(TOP_ROW)[1] - top) <= 1

    details(ann)
    ann.page.go_back()
    expect(panel).to_have_count(0)
    expect(ann.page.locator(".room-view__name")).to_have_text("Bakery")


def settled(one: Person) -> None:
    one.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def test_a_new_name_shows_at_once_in_row_head_and_title(person: People) -> None:
    ann, bob = person("ann"), person("bob")
    group(ann, bob)
    enter(ann, bob)
    details(ann).get_by_role("button", name="Edit").click()
    ann.page.get_by_label("Name", exact=True).fill("Bread and more")
    ann.page.get_by_role("button", name="Save").click()

    for one in (ann, bob):
        expect(one.page.locator(".room-view__name")).to_have_text("Bread and more")
        expect(row(one, "Bread and more")).to_be_visible()
        one.page.wait_for_function("() => document.title.includes('Bread and more')")
    expect(bob.page.locator(".system").last).to_contain_text("changed the name to “Bread and more”")


def test_a_chosen_picture_is_made_small_and_shows_at_once_in_row_head_and_details(
    person: People, tmp_path: Path
) -> None:
    ann, bob = person("ann"), person("bob")
    id = group(ann, bob)
    enter(ann, bob)
    big, text = tmp_path / "big.png", tmp_path / "notes.png"
    big.write_bytes(png(900, 600))
    text.write_text("no picture")
    details(ann).get_by_role("button", name="Edit").click()
    form = ann.page.get_by_role("dialog")
    with ann.page.expect_file_chooser() as chooser:
        form.get_by_role("button", name="Choose a picture…").press("Enter")
    chooser.value.set_files(text)
    expect(form.get_by_role("status")).to_contain_text("cannot be shown")
    form.locator("input[type=file]").set_input_files(big)
    expect(form.get_by_role("status")).to_contain_text("big.png")
    expect(form.locator(".picture-field img")).to_be_visible()
    form.get_by_role("button", name="Save").click()
    expect(form).to_have_count(0)

    for one in (ann, bob):
        for place in (row(one, "Bakery"), one.page.locator(".room-view__head")):
            image = place.locator("img.avatar__image")
            expect(image).to_be_visible()
            one.page.wait_for_function("image => image.naturalWidth === 128", arg=image.element_handle())
    expect(bob.page.locator(".system").last).to_contain_text("changed the picture")
    assert ann.call("GET", f"conversations/{id}/")["rev"] == 2, "neither name nor words are told as changed"

    details(bob)
    ann.page.get_by_role("button", name="Edit").click()
    form.get_by_role("button", name="Remove the picture").press("Enter")
    expect(form.get_by_role("button", name="Choose a picture…")).to_be_focused()
    form.get_by_role("button", name="Save").click()
    expect(bob.page.locator("img.avatar__image")).to_have_count(0)


def test_what_may_be_done_changes_live_with_the_role(person: People) -> None:
    ann, bob, cy = person("ann"), person("bob"), person("cy")
    group(ann, bob, cy)
    enter(ann, bob)
    details(ann)
    panel = details(bob)
    expect(panel.get_by_role("button", name="Edit")).to_have_count(0)
    member(ann, bob, "Make admin")
    expect(panel.get_by_role("button", name="Edit")).to_be_visible()
    expect(panel.locator(".members__row").filter(has_text=bob.name)).to_contain_text("Admin")
    member(ann, bob, "Make member")
    expect(panel.get_by_role("button", name="Edit")).to_have_count(0)
    panel.locator(".members__row").filter(has_text=cy.name).get_by_role("button").click()
    expect(bob.page.get_by_role("menuitem")).to_have_count(1)
    bob.page.keyboard.press("Escape")


def test_who_is_removed_while_writing_sees_why_and_keeps_the_draft_until_being_added_again(
    person: People,
) -> None:
    ann, bob = person("ann"), person("bob")
    group(ann, bob)
    enter(ann, bob)
    sent(ann, "welcome")
    expect(bob.message("welcome")).to_be_visible()
    bob.page.locator("chat-composer textarea").fill("what I wanted to say")
    details(ann)
    member(ann, bob, "Remove…")
    expect(ann.page.get_by_role("button", name="Cancel")).to_be_focused()
    ann.page.get_by_role("button", name="Remove", exact=True).click()

    bar = bob.page.locator(".no-composer[role=note]")
    expect(bar).to_contain_text("You were removed.")
    expect(bar).to_contain_text("Your draft: what I wanted to say")
    expect(bob.message("welcome")).to_be_visible()
    expect(row(bob, "Bakery")).to_have_count(0)
    expect(ann.page.locator(".members__row").filter(has_text=bob.name)).to_have_count(0)
    ann.page.get_by_role("button", name="Add people").click()
    choose(ann, bob)
    ann.page.get_by_role("dialog").get_by_role("button", name="Add people").click()
    expect(bob.page.locator("chat-composer textarea")).to_have_value("what I wanted to say")


def test_a_ban_takes_along_what_was_written_lately_where_that_is_ticked(person: People) -> None:
    ann, bob, cy = person("ann"), person("bob"), person("cy")
    group(ann, bob, cy)
    enter(ann, bob, cy)
    sent(bob, "rude words")
    sent(cy, "please stop")
    expect(ann.message("please stop")).to_be_visible()
    details(ann)
    member(ann, bob, "Ban…")
    expect(ann.page.get_by_role("button", name="Cancel")).to_be_focused()
    ann.page.get_by_label("Delete what they wrote in the last 24 hours").check()
    ann.page.get_by_role("button", name="Ban", exact=True).click()
    for one in (ann, cy):
        expect(one.message("Message deleted")).to_be_visible()
        expect(one.message("rude words")).to_have_count(0)
        expect(one.message("please stop")).to_be_visible()


def test_who_was_banned_is_listed_for_those_who_may_lift_it_and_can_be_taken_in_again(person: People) -> None:
    ann, bob = person("ann"), person("bob")
    id = group(ann, bob)
    ann.call("PUT", f"conversations/{id}/bans/{bob.id}/", {"reason": "Too loud for a library"})
    enter(ann)
    details(ann)
    ann.page.get_by_role("button", name="Banned people").click()
    dialog = ann.page.get_by_role("dialog", name="Banned people")
    expect(dialog.get_by_role("listitem")).to_contain_text("Too loud for a library")
    dialog.get_by_role("button", name=f"Lift the ban: {bob.name}").click()
    expect(dialog.get_by_text("The ban is lifted")).to_be_focused()
    ann.page.keyboard.press("Escape")
    ann.page.get_by_role("button", name="Banned people").click()
    expect(dialog).to_contain_text("Nobody is banned.")
    ann.page.keyboard.press("Escape")
    ann.call("PUT", f"conversations/{id}/members/{bob.id}/")
    expect(ann.page.locator(".members__row").filter(has_text=bob.name)).to_be_visible()


def test_who_is_removed_from_a_group_without_messages_is_offered_nothing_there_and_keeps_every_letter(
    person: People,
) -> None:
    ann, bob = person("ann"), person("bob")
    id = group(ann, bob)
    enter(bob)
    empty = bob.page.locator(".timeline__empty")
    expect(empty.get_by_role("button", name="Add people")).to_be_visible()
    bob.page.locator("chat-composer textarea").fill("typed a moment ago")
    ann.call("DELETE", f"conversations/{id}/members/{bob.id}/")
    expect(bob.page.get_by_role("note")).to_contain_text("Your draft: typed a moment ago")
    expect(empty).to_have_text("")


def test_an_owner_who_leaves_chooses_the_next_and_members_never_see_closing(person: People) -> None:
    ann, bob = person("ann"), person("bob")
    id = group(ann, bob)
    enter(ann, bob)
    row_menu(ann, "Bakery", "Leave group…")
    ann.page.get_by_role("dialog").get_by_role("button", name=bob.name).click()
    ann.page.get_by_role("button", name="Make owner and leave").click()
    expect(row(ann, "Bakery")).to_have_count(0)
    expect(ann.page.get_by_role("note")).to_contain_text("You left.")

    panel = details(bob)
    expect(panel.locator(".members__row")).to_have_count(1)
    expect(panel.locator(".members__row")).to_contain_text("Owner")
    assert bob.call("GET", f"conversations/{id}/")["owner_id"] == bob.id
    panel.get_by_role("button", name="Leave group…").click()
    dialog = bob.page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Close for everyone")).to_be_disabled()
    dialog.get_by_label("Type “Bakery” to confirm").fill("Bakery")
    dialog.get_by_role("button", name="Close for everyone").click()
    expect(row(bob, "Bakery")).to_have_count(0)
    bob.page.reload()
    expect(bob.page.locator("chat-sidebar nav")).to_be_visible()
    expect(row(bob, "Bakery")).to_have_count(0)
    shown = bob.call("GET", "conversations/")["results"]
    assert [one for one in shown if one["id"] == id] == []


def test_in_announcements_members_find_no_field_but_the_reason(person: People) -> None:
    ann, bob = person("ann"), person("bob")
    group(ann, bob, preset="announcement", name="News")
    enter(ann, bob, name="News")
    sent(ann, "We open at six")
    expect(bob.message("six")).to_be_visible()
    expect(bob.page.get_by_role("note").filter(has_text="Only admins write here.")).to_be_visible()
    expect(bob.page.locator("textarea")).to_have_count(0)
    expect(details(ann).locator(".members__row")).to_have_count(2)
    bob.page.locator(".room-view__open").click()
    expect(bob.page.get_by_text("Only moderators see the members.")).to_be_visible()


def test_comings_and_goings_fold_and_count_as_nothing_unread(person: People) -> None:
    ann, bob, cy, dee = person("ann"), person("bob"), person("cy"), person("dee")
    id = group(ann, bob)
    for one in (cy, dee):
        ann.call("PUT", f"conversations/{id}/members/{one.id}/")
        expect(row(one, "Bakery")).to_be_visible()
    ann.call("PATCH", f"conversations/{id}/", {"about": "Bread"})
    expect(row(bob, "Bakery")).to_contain_text("changed the description")
    expect(row(bob, "Bakery").locator(".badge")).to_have_count(0)
    assert not bob.page.title().startswith("(")
    enter(bob)
    fold = bob.page.locator(".system__fold")
    expect(fold).to_have_text("2 people joined, 2 more changes")
    fold.click()
    expect(fold).to_have_attribute("aria-expanded", "true")
    expect(bob.page.locator(".system p")).to_have_count(4)


def test_what_is_ones_own_holds_on_a_second_device_at_once(person: People) -> None:
    ann, bob = person("ann"), person("bob")
    group(ann, bob)
    group(ann, bob, name="Market")
    assert bob.context.browser
    tab = bob.context.browser.new_context(locale="en-GB")
    other = tab.new_page()
    other.set_default_timeout(60_000)
    other.goto(bob.base)
    other.evaluate(
        "entries => Object.assign(localStorage, entries)",
        bob.page.evaluate(
            "({'chat.accounts': localStorage['chat.accounts'], 'chat.last': localStorage['chat.last']})"
        ),
    )
    other.reload()
    second = other.locator("chat-sidebar nav > .rooms .room")
    expect(second.first).to_contain_text("Market")

    row_menu(bob, "Bakery", "Pin")
    expect(second.first).to_contain_text("Bakery")
    expect(second.first).to_contain_text("Pinned")
    row_menu(bob, "Bakery", "Mute…")
    bob.page.get_by_role("button", name="1 week").click()
    expect(second.first).to_contain_text("Muted")
    row_menu(bob, "Market", "Archive")
    expect(second).to_have_count(1)
    other.get_by_role("button", name="Archived (1)").click()
    expect(second.first).to_contain_text("Market")
    enter(ann, name="Market")
    sent(ann, "still here")
    expect(second.first).to_contain_text("still here")
    expect(row(bob, "Market")).to_have_count(0)
    # What is muted rings for nobody and is in no title.
    enter(ann)
    sent(ann, "quiet")
    expect(row(bob, "Bakery").locator(".badge")).to_be_visible()
    assert not bob.page.title().startswith("(")
    tab.close()


def test_what_is_marked_unread_in_an_open_room_stays_so_until_it_is_entered_again(person: People) -> None:
    ann, bob = person("ann"), person("bob")
    group(ann, bob)
    enter(ann, bob)
    sent(ann, "read me later")
    expect(bob.message("later")).to_be_visible()
    expect(row(bob, "Bakery").locator(".badge")).to_have_count(0)
    row_menu(bob, "Bakery", "Mark as unread")
    expect(row(bob, "Bakery").locator(".badge")).to_be_visible()
    expect(bob.page.locator(".room-view__name")).to_have_count(0)
    settled(bob)
    expect(row(bob, "Bakery").locator(".badge")).to_be_visible()
    enter(bob)
    expect(row(bob, "Bakery").locator(".badge")).to_have_count(0)


def test_seen_by_says_as_many_as_its_list(person: People) -> None:
    ann, bob, cy = person("ann"), person("bob"), person("cy")
    group(ann, bob, cy)
    enter(ann, bob)
    sent(ann, "who has seen this?")
    expect(bob.message("seen this")).to_be_visible()
    button = ann.page.locator(".seen__open")
    expect(button).to_have_text("Seen by 1")
    button.click()
    dialog = ann.page.get_by_role("dialog")
    expect(dialog.get_by_role("listitem")).to_have_text([f"B{bob.name}", f"C{cy.name}"])
    expect(dialog).to_contain_text("Not yet (1)")


def test_several_who_write_share_one_line_that_moves_nothing(person: People) -> None:
    ann, *others = person("ann"), person("bob"), person("cy"), person("dee")
    group(ann, *others)
    enter(ann, *others)
    before = ann.page.locator("chat-composer").bounding_box()
    for one in others:
        one.page.locator("chat-composer textarea").press_sequentially("writing")
    expect(ann.page.locator(".typing")).to_contain_text("3 people are typing…")
    assert ann.page.locator("chat-composer").bounding_box() == before


# How far the words of a name in the picker begin from the picture, in the page's direction.
BESIDE_PICTURE = """() => {
  const words = document.createRange();
  words.selectNodeContents(document.querySelector('.picker__name bdi'));
  const [name, picture] = [words, document.querySelector('.picker__option .avatar')]
    .map((one) => one.getBoundingClientRect());
  return document.dir === 'rtl' ? picture.left - name.right : name.left - picture.right;
}"""
# Parts of rows of members that lie over one another.
OVER_THE_EDGE = """() => [...document.querySelectorAll('.members__row')].flatMap((row) => {
  const inner = [...row.querySelectorAll('.members__me > *')].map((part) => part.getBoundingClientRect());
  const who = row.querySelector('.members__who').getBoundingClientRect();
  return inner.filter((name) => name.left < who.left - 1 || name.right > who.right + 1).map(() => row.textContent);
})"""
NAME_IS_LEFT = """isLeft => {
  const rows = [...document.querySelectorAll('chat-sidebar .room')];
  const last = rows.find((one) => one.textContent.includes('Market')).querySelector('.room__last');
  const [name, words] = ['bdi', '.room__words'].map((one) => last.querySelector(one).offsetLeft);
  return name !== words && (name < words) === isLeft;
}"""


@pytest.mark.parametrize("locale", ["en-GB", "ar"])
def test_names_of_the_other_direction_keep_a_line_in_order(person: People, locale: str) -> None:
    ann, bob, cy = person("ann", locale=locale), person("bob"), person("cy")
    bob.call("PATCH", "users/me/", {"full_name": "ليلى حداد" if locale == "en-GB" else "Leila Haddad"})
    cy.call("PATCH", "users/me/", {"full_name": "Bartholomew Featherstonehaugh of Somewhere Else"})
    group(ann, bob, cy, name="Market")
    row(ann, "Market").click()
    row(bob, "Market").click()
    bob.write("1 – 2")
    message = ann.message("1 – 2")
    name, text = (
        message.locator(".message__name").bounding_box(),
        message.locator(".message__bubble").bounding_box(),
    )
    assert name and text
    side = "x" if locale == "en-GB" else None
    starts = (name["x"], text["x"]) if side else (name["x"] + name["width"], text["x"] + text["width"])
    assert abs(starts[0] - starts[1]) < 8
    preview = row(ann, "Market").locator(".room__last")
    expect(preview).to_contain_text("1 – 2")
    # Found and looked at in one step: the row is drawn anew when it changes, and one that is out of the page is nowhere.
    ann.page.wait_for_function(NAME_IS_LEFT, arg=locale == "en-GB")
    ann.page.locator(".sidebar__head button").first.click()
    ann.page.get_by_role("combobox").fill(bob.name)
    expect(ann.page.get_by_role("option")).to_have_count(1)
    assert 0 < ann.page.evaluate(BESIDE_PICTURE) < 24
    ann.page.keyboard.press("Escape")
    ann.page.locator(".room-view__open").click()
    expect(ann.page.locator(".members__row").filter(has_text="Featherstonehaugh")).to_be_visible()
    assert ann.page.evaluate(OVER_THE_EDGE) == []


def test_under_a_finger_a_messages_actions_come_up_from_below_with_words(person: People) -> None:
    ann, bob = person("ann", **PHONE), person("bob")
    bob.open(ann)
    sent_direct = "tap me"
    bob.write(sent_direct)
    ann.page.locator("chat-sidebar .room").filter(has_text=sent_direct).tap()
    ann.message(sent_direct).locator(".message__bubble").tap()
    entries = ann.page.get_by_role("menuitem")
    expect(entries).to_have_text(["Quote", "Copy text", "Copy link to this message"])
    for entry in entries.all():
        assert (entry.bounding_box() or {})["height"] >= 48
    ann.page.keyboard.press("Escape")
    expect(entries).to_have_count(0)
    ann.write("mine")
    expect(ann.accepted("mine")).to_be_visible()
    ann.message("mine").locator(".message__bubble").tap()
    expect(entries.last).to_have_text("Delete")


def test_the_key_i_shows_the_details_of_any_conversation_and_takes_them_away(person: People) -> None:
    ann, bob = person("ann"), person("bob")
    group(ann, bob)
    enter(ann)
    panel = ann.page.get_by_role("complementary", name="Details")
    for open_one in (lambda: None, lambda: ann.open(bob)):
        open_one()
        ann.page.locator(".timeline__scroller").focus()
        ann.page.keyboard.press("i")
        expect(panel.get_by_role("heading", name="Details")).to_be_focused()
        ann.page.keyboard.press("i")
        expect(panel).to_have_count(0)
    ann.page.locator("chat-composer textarea").press("i")
    expect(ann.page.locator("chat-composer textarea")).to_have_value("i")
    expect(panel).to_have_count(0)


def test_the_details_of_a_direct_conversation_say_who_it_is_and_lead_to_a_group_with_them(
    person: People,
) -> None:
    ann, bob = person("ann"), person("bob")
    ann.open(bob)
    ann.page.locator(".room-view__open").click()
    panel = ann.page.get_by_role("complementary", name="Details")
    expect(panel).to_contain_text(f"@{bob.name}")
    expect(panel).to_contain_text("Online")
    panel.get_by_role("button", name="New group with").click()
    expect(ann.page.get_by_role("dialog").locator(".chip")).to_have_text(bob.name)
    ann.page.keyboard.press("Escape")
    ann.page.keyboard.press("Escape")
    expect(panel).to_have_count(0)


def test_who_was_removed_is_in_no_number_of_those_who_have_seen(person: People) -> None:
    ann, bob, cy = person("ann"), person("bob"), person("cy")
    id = group(ann, bob, cy)
    enter(ann, bob, cy)
    sent(ann, "look")
    expect(ann.page.locator(".seen__open")).to_have_text("Seen by 2")
    ann.call("DELETE", f"conversations/{id}/members/{cy.id}/")
    expect(ann.page.locator(".seen__open")).to_have_text("Seen by 1")


def test_what_was_put_aside_does_not_flash_in_the_list(person: People) -> None:
    ann, bob = person("ann"), person("bob")
    ann.open(bob)
    ann.write("hello")
    expect(bob.page.locator("chat-sidebar .room").filter(has_text="hello")).to_be_visible()
    row_menu(ann, bob.name, "Archive")
    expect(ann.page.get_by_role("button", name="Archived (1)")).to_be_visible()
    held: list[Route] = []
    ann.page.route("**/conversations/?**", lambda route: held.append(route))
    ann.page.goto(f"{ann.base}/#/")
    ann.page.reload()
    expect(ann.page.get_by_role("button", name="Archived (1)")).to_be_visible()
    expect(ann.page.locator("chat-sidebar .rooms > li[data-id]")).to_have_count(0)
    for route in held:
        route.continue_()
    ann.page.unroute("**/conversations/?**")


def test_where_messages_come_slowly_send_counts_down_and_what_is_written_waits(person: People) -> None:
    ann, bob = person("ann"), person("bob")
    id = group(ann, bob)
    ann.call("PATCH", f"conversations/{id}/", {"slow_secs": 10})
    enter(ann, bob)
    send = bob.page.locator(".composer__send")
    sent(bob, "one")
    bob.write("two")
    expect(bob.page.locator("chat-announcer")).to_contain_text("You can write again in")
    expect(bob.page.locator("chat-composer textarea")).to_have_value("two")
    expect(send).to_have_text("3")
    expect(send).to_have_attribute("aria-label", "Send")
    bob.page.locator("chat-composer textarea").press("Enter")
    expect(ann.message("two")).to_be_visible()
    sent(ann, "three")
    expect(ann.page.locator(".composer__send")).to_have_attribute("aria-label", "Send")
