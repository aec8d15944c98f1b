"""Two people talk."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import expect

from tests.browser.person import ACCEPTED, Person

People = Callable[..., Person]


def test_a_message_appears_in_the_other_window_by_itself_and_is_ticked_as_read(
    person: People, screenshot: Callable[[Person, str], None]
) -> None:
    ann, bob = person("ann"), person("bob")
    ann.open(bob)
    bob.open(ann)

    for number in range(1, 6):
        ann.write(f"Good morning, Bob ({number})")
        expect(bob.message(f"Bob ({number})")).to_be_visible()
    bob.page.bring_to_front()

    expect(ann.message("Bob (5)").locator("[data-state=read]")).to_be_visible()
    screenshot(ann, "talking")


def test_a_message_stands_in_its_place_before_the_server_answers_and_keeps_its_node(person: People) -> None:
    ann, bob = person("ann"), person("bob")
    ann.open(bob)
    held: list[Any] = []
    ann.page.route("**/chats/", lambda route: held.append(route))

    ann.write("At once")
    row = ann.message("At once")
    expect(row).to_have_class(re.compile("message--pending"))
    row.evaluate("node => (node.marked = true)")
    held[0].continue_()

    expect(row.locator(ACCEPTED)).to_be_visible()
    assert row.evaluate("node => node.marked === true")
    expect(row).to_have_count(1)


def test_typing_is_shown_and_ends_with_the_message(person: People) -> None:
    ann, bob = person("ann"), person("bob")
    ann.open(bob)
    bob.open(ann)
    ann.write("How is it going?")
    expect(bob.message("How is it going?")).to_be_visible()

    bob.page.locator("textarea").press_sequentially("Hm", delay=20)
    expect(ann.page.locator(".typing")).to_contain_text(f"{bob.name} is typing")
    bob.write("Hm, yes")

    expect(ann.page.locator(".typing")).to_be_empty()


def test_unread_messages_are_counted_divided_and_cleared_when_seen(person: People) -> None:
    ann, bob = person("ann"), person("bob")
    bob.open(ann)
    for number in range(3):
        bob.write(f"unread {number}")
        expect(bob.accepted(f"unread {number}")).to_be_visible()

    expect(ann.page.locator(".badge")).to_contain_text("3")
    expect(ann.page).to_have_title(re.compile(r"^\(3\)"))
    ann.page.bring_to_front()
    ann.open(bob)

    expect(ann.page.locator(".divider")).to_be_visible()
    expect(ann.page.locator(".badge")).to_have_count(0)
    expect(ann.page).not_to_have_title(re.compile(r"^\("))


def test_enter_sends_shift_enter_breaks_and_a_composition_is_left_alone(person: People) -> None:
    ann, bob = person("ann"), person("bob")
    ann.open(bob)
    box = ann.page.locator("textarea")

    box.press_sequentially("one")
    box.press("Shift+Enter")
    box.press_sequentially("two")
    box.evaluate(
        "node => node.dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter', isComposing: true, bubbles: true}))"
    )
    expect(ann.page.locator(".message")).to_have_count(0)
    box.press("Enter")

    expect(ann.page.locator(".message__text")).to_have_text(["one\ntwo"])


def test_a_draft_survives_switching_and_reloading(person: People) -> None:
    ann, bob, eve = person("ann"), person("bob"), person("eve")
    ann.open(bob)
    ann.write("hello")
    ann.page.locator("textarea").fill("half a thought")
    ann.open(eve)

    expect(ann.page.locator("chat-sidebar .room").filter(has_text=bob.name)).to_contain_text("Draft")
    ann.open(bob)
    ann.page.reload()

    expect(ann.page.locator("textarea")).to_have_value("half a thought")


def test_pictures_and_files_arrive_and_pictures_open_large(person: People, tmp_path: Path) -> None:
    ann, bob = person("ann"), person("bob")
    bob.open(ann)
    ann.open(bob)
    picture = Path(__file__).resolve().parents[2] / "static/icons/icon-192.png"
    notes = tmp_path / "notes.txt"
    notes.write_text("some notes")

    ann.page.set_input_files("input[type=file]", [picture, notes])
    ann.page.get_by_label("Describe icon-192.png").fill("two speech bubbles")
    ann.write("with a caption")

    image = bob.page.locator(".picture__image")
    expect(image).to_have_js_property("naturalWidth", 192)
    expect(bob.message("with a caption").locator(".picture")).to_be_visible()
    expect(image).to_have_attribute("alt", re.compile(r"with a caption\s+two speech bubbles"))
    expect(
        bob.page.get_by_role("button", name="Open image: with a caption two speech bubbles")
    ).to_be_visible()
    bob.page.locator(".picture").click()
    expect(bob.page.locator("dialog .viewer__image")).to_be_visible()
    bob.page.keyboard.press("Escape")
    with bob.page.expect_download() as download:
        bob.page.get_by_role("button", name="Download notes.txt").click()
    assert Path(download.value.path()).read_text() == "some notes"


def test_a_file_too_large_is_refused_before_it_is_sent(person: People) -> None:
    ann, bob = person("ann"), person("bob")
    ann.open(bob)

    ann.page.evaluate("document.querySelector('chat-app').limits.attachment_bytes = 1000")
    ann.page.set_input_files(
        "input[type=file]", files=[{"name": "big.bin", "mimeType": "application/zip", "buffer": b"x" * 1001}]
    )

    expect(ann.page.locator(".toast--urgent")).to_contain_text("big.bin is too large")
    expect(ann.page.locator(".tray__item")).to_have_count(0)


def test_scrolling_back_loads_older_messages_and_the_line_in_sight_does_not_move(person: People) -> None:
    ann, bob = person("ann"), person("bob")
    ann.page.evaluate(
        """async (id) => {
          const {api} = document.querySelector('chat-app');
          for (let n = 0; n < 160; n += 1) {
            await api.send({receiver_id: id, message: `line ${n}`, client_id: `scroll${n}`});
          }
        }""",
        bob.id,
    )
    bob.page.evaluate("document.querySelector('chat-app').chat.reading.all()")
    bob.open(ann)
    scroller = bob.page.locator(".timeline__scroller")
    scroller.evaluate("node => (node.scrollTop = node.scrollHeight)")
    jumps = bob.page.evaluate(
        """async () => {
          const scroller = document.querySelector('.timeline__scroller');
          const rows = () => [...document.querySelectorAll('.message')];
          let worst = 0;
          // A page on its way may be long on a busy machine: until the beginning is there.
          const end = performance.now() + 60_000;
          while (performance.now() < end && !document.querySelector('.begin')) {
            const top = scroller.getBoundingClientRect().top;
            const seen = rows().find((row) => row.getBoundingClientRect().top >= top);
            const before = seen.getBoundingClientRect().top;
            const moved = Math.min(180, scroller.scrollTop);
            scroller.scrollTop -= moved;
            await new Promise((done) => setTimeout(done, 40));
            if (!seen.isConnected || moved === 0) continue;
            worst = Math.max(worst, Math.abs(seen.getBoundingClientRect().top - before - moved));
          }
          return worst;
        }"""
    )

    expect(bob.page.locator(".begin")).to_be_attached()
    assert jumps <= 1, f"{jumps} px"
    expect(bob.page.locator(".jump")).to_be_visible()
    ann.open(bob)
    ann.write("and one more")
    expect(bob.page.locator(".jump")).to_contain_text("1 new message")
    bob.page.locator(".jump").click()
    expect(bob.message("and one more")).to_be_in_viewport()


def test_a_link_to_an_old_message_opens_the_room_there_with_what_stands_around_it(person: People) -> None:
    ann, bob = person("ann"), person("bob")
    ids = ann.page.evaluate(
        """async (id) => {
          const {api} = document.querySelector('chat-app');
          const ids = [];
          for (let n = 0; n < 120; n += 1) {
            ids.push((await api.send({receiver_id: id, message: `line ${n}.`, client_id: `l${n}`})).id);
          }
          return ids;
        }""",
        bob.id,
    )

    bob.page.goto(f"{bob.base}/#/with/{ann.id}/m/{ids[10]}")
    bob.page.reload()
    expect(bob.message("line 10.")).to_be_in_viewport()
    expect(bob.message("line 9.")).to_be_attached()
    bob.page.locator(".jump").click()

    expect(bob.message("line 119.")).to_be_in_viewport()


def test_coming_back_to_a_room_finds_the_place_where_one_left(person: People) -> None:
    ann, bob, eve = person("ann"), person("bob"), person("eve")
    ann.page.evaluate(
        """async (id) => {
          const {api} = document.querySelector('chat-app');
          for (let n = 0; n < 45; n += 1) await api.send({receiver_id: id, message: `line ${n}.`, client_id: `p${n}`});
        }""",
        bob.id,
    )
    ann.open(bob)
    expect(ann.message("line 44.")).to_be_in_viewport()
    ann.page.locator(".timeline__scroller").evaluate("node => (node.scrollTop = 400)")
    ann.page.wait_for_function("() => !document.querySelector('chat-timeline').position.isAtEnd")
    top = "document.querySelector('.timeline__scroller')?.scrollTop"
    before = ann.page.evaluate(top)
    ann.open(eve)

    ann.page.go_back()

    expect(ann.page.locator(".room-view__name")).to_have_text(bob.name)
    ann.page.wait_for_function(f"() => Math.abs({top} - {before}) <= 2")


def test_an_edited_and_a_deleted_message_change_in_place_on_every_screen(
    person: People, screenshot: Callable[[Person, str], None]
) -> None:
    ann, bob = person("ann"), person("bob")
    ann.open(bob)
    bob.open(ann)
    for text in ("stays as it is", "with a tpyo", "said too soon"):
        ann.write(text)
    expect(bob.message("said too soon")).to_be_visible()
    ann.page.locator("textarea").fill("half a thought")

    row = ann.message("with a tpyo")
    row.hover()
    row.get_by_role("button", name="Edit").click()
    box = ann.page.locator("textarea")
    expect(box).to_have_value("with a tpyo")
    screenshot(ann, "editing")
    box.fill("with a typo")
    box.press("Enter")

    expect(box).to_have_value("half a thought")
    for one in (ann, bob):
        expect(one.message("with a typo").locator(".message__note")).to_be_visible()

    ann.message("said too soon").hover()
    ann.message("said too soon").get_by_role("button", name="Delete").click()
    ann.page.locator("dialog").get_by_role("button", name="Cancel").click()
    expect(ann.page.locator("dialog")).to_have_count(0)
    ann.message("said too soon").hover()
    ann.message("said too soon").get_by_role("button", name="Delete").click()
    ann.page.locator("dialog").get_by_role("button", name="Delete").click()

    for one in (ann, bob):
        expect(one.message("Message deleted")).to_be_visible()
        expect(one.message("said too soon")).to_have_count(0)
    expect(bob.page.locator("chat-sidebar .room").filter(has_text=ann.name)).to_contain_text(
        "Message deleted"
    )
    bob.page.reload()
    expect(bob.page.locator(".message")).to_contain_text(["stays as it is", "with a typo", "Message deleted"])
    bob.message("Message deleted").hover()
    expect(bob.page.locator(".message__actions button")).to_have_count(0)


def test_the_arrow_up_takes_up_ones_last_message_and_escape_gives_the_draft_back(person: People) -> None:
    ann, bob = person("ann"), person("bob")
    ann.open(bob)
    bob.open(ann)
    ann.write("mine")
    expect(bob.message("mine")).to_be_visible()
    bob.write("not mine")
    expect(ann.message("not mine")).to_be_visible()
    box = ann.page.locator("textarea")

    box.press("ArrowUp")
    expect(box).to_have_value("mine")
    box.press_sequentially(", changed")
    box.press("Escape")
    expect(box).to_have_value("")
    expect(ann.page.locator(".composer__edit")).to_have_count(0)
    box.press("ArrowUp")
    expect(box).to_have_value("mine")
    box.press_sequentially(" and changed")
    box.press("Enter")

    expect(bob.message("mine and changed")).to_be_visible()
    expect(box).to_have_value("")
    box.press_sequentially("a draft")
    ann.page.reload()
    expect(box).to_have_value("a draft")
