"""People found by what they are called, whatever the browser's region; what nobody sees or nobody can draw; nobody."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.person import PASSWORD, Person

People = Callable[..., Person]


def test_ilqar_bell_is_found_by_ilqar_where_the_small_letter_of_i_is_another_one(person: People) -> None:
    ann, ilqar = person("ann", locale="az-AZ"), person("someone")
    called = f"Ilqar Bell {ilqar.name}"
    ilqar.call("PATCH", "users/me/", {"full_name": called})
    for search in (f"ilqar {ilqar.name}", f"{ilqar.name} bel", f"@{ilqar.name}"):
        ann.page.fill("chat-sidebar input[type=search]", search)
        expect(ann.page.locator("chat-sidebar .room .room__name")).to_have_text([called])
        ann.page.keyboard.press("Control+k")
        ann.page.locator(".dialog--switcher input").fill(search)
        expect(ann.page.locator(".switcher__option bdi")).to_have_text([called])
        ann.page.keyboard.press("Escape")

    ilqar.call("POST", "chats/", {"receiver_id": ann.id, "message": "hello"})
    ann.page.fill("chat-sidebar input[type=search]", f"bell ilqar {ilqar.name}")
    expect(ann.page.locator("chat-sidebar .rooms .room__last")).to_have_text("hello")


def test_a_letter_with_sixty_marks_stays_inside_its_own_box(person: People) -> None:
    ann, bob = person("ann"), person("bob")
    ann.open(bob)
    ann.write("above")
    ann.write("Z" + "\u0301" * 60 + "algo")
    ann.write("below")
    expect(ann.accepted("below")).to_be_visible()
    tall = ann.message("algo").locator(".message__bubble")
    ann.page.mouse.move(0, 0)

    place = tall.bounding_box()
    assert place is not None
    strips = [(place["y"] - 30, 28.0), (place["y"] + place["height"] + 2, 28.0)]

    def around() -> list[bytes]:
        shots = ({"x": place["x"], "y": y, "width": place["width"], "height": height} for y, height in strips)
        return [ann.page.screenshot(clip=shot, animations="disabled") for shot in shots]

    shown = around()
    tall.evaluate("bubble => (bubble.style.visibility = 'hidden')")
    assert around() == shown, "nothing of it was drawn above or below"


def test_a_picture_that_cannot_be_drawn_is_a_file_to_download_for_both(person: People) -> None:
    ann, bob = person("ann"), person("bob")
    broken = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR and then no picture at all"
    ann.open(bob)
    ann.page.locator("chat-composer input[type=file]").set_input_files(
        {"name": "broken.png", "mimeType": "image/png", "buffer": broken}
    )
    ann.page.locator("chat-composer textarea").press("Enter")
    bob.open(ann)
    for one in (ann, bob):
        file = one.page.locator(".message .file")
        expect(file).to_contain_text("broken.png")
        expect(one.page.locator(".message .picture")).to_have_count(0)
        with one.page.expect_download() as download:
            file.click()
        assert download.value.path().read_bytes() == broken


def test_invisible_signs_alone_are_not_sent(person: People) -> None:
    ann, bob = person("ann"), person("bob")
    ann.open(bob)
    for nothing in ("\u3164", "\u2800 \u200d"):
        ann.write(nothing)
    ann.page.locator("chat-composer textarea").fill("")
    ann.write("something")
    expect(ann.page.locator(".message__text")).to_have_text(["something"])


def test_where_an_account_is_gone_the_page_says_that_nobody_is_there(person: People) -> None:
    ann, bob = person("ann"), person("bob")
    ann.open(bob)
    ann.write("are you there?")
    expect(ann.accepted("there?")).to_be_visible()
    bob.call("DELETE", "users/me/", {"password": PASSWORD})
    ann.write("hello?")
    expect(ann.message("hello?")).to_contain_text("Nobody is there any more")

    ann.page.reload()
    expect(ann.page.locator(".room-view__state")).to_contain_text("Nobody is there any more")
    expect(ann.page.locator("chat-composer")).to_be_hidden()
    expect(ann.message("are you there?")).to_be_visible()
