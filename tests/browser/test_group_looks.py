"""How conversations of several people look and can be used: every state, both themes, a phone, from right to left."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.person import Person, unique
from tests.browser.test_groups import PHONE, choose, details, enter, group, row, sent
from tests.browser.test_looks import AXE, LOOK, STILL
from tests.support.pictures import png

People = Callable[..., Person]
Screenshot = Callable[[Person, str], None]
CUT = """() => {
  // Where something is wider than a phone, its browser shows a window that is, too.
  const width = Math.min(innerWidth, screen.width);
  const wide = [...document.querySelectorAll('chat-app *, dialog *')].filter((node) =>
    node.getBoundingClientRect().right > width + 1 && getComputedStyle(node).position !== 'absolute'
      && node.checkVisibility());
  return wide.map((node) => node.outerHTML.slice(0, 120));
}"""
SMALL = """() => [...document.querySelectorAll('button, a[href], input, textarea')].filter((node) => {
  const {width, height} = node.getBoundingClientRect();
  const isTarget = node.checkVisibility() && !node.closest('.visually-hidden, label') && node.tabIndex >= 0;
  // The name in the head reaches over all of the head.
  const isOther = node.matches('.message__fold, .skip-link, .visually-hidden, .room-view__open');
  return isTarget && !isOther && width > 0 && height < 43.5;
}).map((node) => node.outerHTML.slice(0, 120))"""


class Looker:
    def __init__(self, screenshot: Screenshot) -> None:
        self.screenshot = screenshot
        self.findings: list[str] = []

    def __call__(self, one: Person, state: str) -> None:
        for scheme in ("light", "dark"):
            one.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
            one.page.evaluate(STILL)
            self.screenshot(one, f"group-{state}-{scheme}")
            if AXE.exists():
                one.page.evaluate(AXE.read_text())
                for found in one.page.evaluate(LOOK)["violations"]:
                    if found["id"] == "landmark-one-main":
                        continue  # on a phone the list is all there is, and it is the navigation
                    nodes = [node["html"][:160] for node in found["nodes"][:3]]
                    self.findings.append(f"{state}/{scheme}: {found['id']}: {found['help']} {nodes}")


@pytest.fixture
def look(screenshot: Screenshot) -> Looker:
    return Looker(screenshot)


def test_nothing_is_wrong_with_a_group_in_any_state(person: People, look: Looker) -> None:
    ann, bob, cy = person("ann"), person("bob"), person("cy")
    cy.call("PATCH", "users/me/", {"full_name": "ليلى حداد"})
    id = group(ann, bob, cy)
    enter(ann, bob)
    look(bob, "added")
    sent(bob, "Good morning everybody")
    sent(bob, "The oven is hot")
    row(cy, "Bakery").click()
    cy.write("صباح الخير")
    expect(ann.message("صباح")).to_be_visible()
    sent(ann, "See you there")
    expect(ann.page.locator(".seen__open")).to_have_text("Seen by 2")
    panel = details(ann)
    look(ann, "details")
    panel.locator(".members__row").filter(has_text=bob.name).get_by_role("button").click()
    look(ann, "member-menu")
    ann.page.keyboard.press("Escape")
    panel.get_by_role("button", name="Edit").click()
    look(ann, "edit")
    ann.page.keyboard.press("Escape")
    panel.get_by_role("button", name="Notifications…").click()
    look(ann, "notifications")
    ann.page.keyboard.press("Escape")
    ann.page.get_by_role("button", name="New conversation").first.click()
    choose(ann, bob)
    look(ann, "new")
    ann.page.keyboard.press("Escape")
    bob.page.locator("chat-composer textarea").fill("half a sentence")
    ann.call("DELETE", f"conversations/{id}/members/{bob.id}/")
    expect(bob.page.locator(".no-composer")).to_be_visible()
    look(bob, "removed")
    ann.context.set_offline(True)
    expect(panel.locator("[aria-disabled]").first).to_be_visible()
    look(ann, "offline")
    ann.context.set_offline(False)
    assert not look.findings, "\n".join(look.findings)


@pytest.mark.parametrize("locale", ["en-GB", "ar"])
def test_on_a_phone_nothing_of_a_group_is_cut_off_and_all_can_be_hit(
    person: People, look: Looker, locale: str
) -> None:
    phone = PHONE | {"viewport": {"width": 360, "height": 740}}
    person("www-mmm-www")  # wider than a phone is, where it stands beside a picture
    ann, bob = person("ann", locale=locale, **phone), person("bob")
    bob.call("PATCH", "users/me/", {"full_name": "Bartholomew Featherstonehaugh of Somewhere Else"})
    group(ann, bob, name="A name that is rather long for a phone")
    row(ann, "A name").tap()
    row(bob, "A name").click()
    bob.write("words that are many enough to be broken into several lines on a screen as narrow as this")
    expect(ann.message("many enough")).to_be_visible()
    pages: list[str] = []

    def seen(state: str) -> None:
        look(ann, f"phone-{locale}-{state}")
        pages.extend(f"{state}: {node}" for node in [*ann.page.evaluate(CUT), *ann.page.evaluate(SMALL)])
        ann.page.evaluate("document.documentElement.style.fontSize = '200%'")
        pages.extend(f"{state} at 200 %: {node}" for node in ann.page.evaluate(CUT))
        look.screenshot(ann, f"group-phone-{locale}-{state}-200")
        ann.page.evaluate("document.documentElement.style.fontSize = ''")

    seen("room")
    ann.message("many enough").locator(".message__bubble").tap()
    expect(ann.page.get_by_role("menuitem").first).to_be_visible()
    seen("sheet")
    ann.page.keyboard.press("Escape")
    ann.page.locator(".room-view__open").tap()
    expect(ann.page.locator(".members__row").first).to_be_visible()
    seen("details")
    # The first thing that one may do there is to change it.
    ann.page.locator(".details__actions .menu__entry").first.tap()
    ann.page.locator("dialog input[type=file]").set_input_files(
        {"name": "b.png", "mimeType": "image/png", "buffer": png(300, 300, 99)}
    )
    expect(ann.page.locator(".picture-field img")).to_be_visible()
    seen("edit")
    ann.page.keyboard.press("Escape")
    ann.page.go_back()
    ann.page.go_back()
    seen("list")
    ann.page.locator(".sidebar__head button").first.tap()
    ann.page.get_by_role("option").first.tap()
    seen("new")
    assert not pages, "\n".join(pages)
    assert not look.findings, "\n".join(look.findings)


@pytest.mark.parametrize("locale", ["en-GB", "ar"])
def test_nothing_is_wrong_with_what_is_around_a_group(person: People, look: Looker, locale: str) -> None:
    ann, bob = person("ann", locale=locale), person("bob", locale=locale)
    id = group(ann, bob, preset="announcement", name="News of the day")
    enter(ann, bob, name="News of the day")
    sent(ann, "The oven is hot")
    expect(ann.page.locator(".seen__open")).to_be_visible()
    ann.page.locator(".seen__open").click()
    look(ann, f"{locale}-seen-by")
    ann.page.keyboard.press("Escape")
    expect(bob.page.locator(".no-composer")).to_be_visible()
    look(bob, f"{locale}-announcement")
    bob.call("PATCH", f"conversations/{id}/me/", {"archived": True})
    bob.page.locator(".sidebar__archive button").click()
    expect(row(bob, "News of the day")).to_be_visible()
    look(bob, f"{locale}-archive")

    bob.page.locator(".sidebar__archive button").click()
    slow = group(ann, bob, name="Slow")
    ann.call("PATCH", f"conversations/{slow}/", {"slow_secs": 3600})
    enter(bob, name="Slow")
    bob.write("one")
    expect(bob.page.locator(".composer__send")).to_have_text(re.compile(r"\d+:\d\d"))
    bob.page.evaluate("document.querySelector('chat-composer').meetOther('words of the phone '.repeat(9))")
    look(bob, f"{locale}-slow-and-draft")
    bob.open(ann)
    bob.page.locator(".room-view__open").click()
    expect(bob.page.locator(".details__name")).to_be_visible()
    look(bob, f"{locale}-direct-details")
    assert not look.findings, "\n".join(look.findings)


@pytest.mark.parametrize("locale", ["en-GB", "ar"])
def test_nothing_is_wrong_at_the_doors_of_a_group(person: People, look: Looker, locale: str) -> None:
    ann = person("ann", locale=locale)
    bob = person("bob", locale=locale, **PHONE | {"viewport": {"width": 360, "height": 740}})
    name = unique("Plaza")
    id = group(ann, preset="public", name=name)
    about = "Everything that is baked here, and by whom, and when it is ready to be eaten"
    ann.call("PATCH", f"conversations/{id}/", {"policy": {"join": "request"}, "about": about})
    code = ann.call("POST", f"conversations/{id}/invites/", {})["code"]
    pages: list[str] = []

    def seen(state: str) -> None:
        look(bob, f"phone-{locale}-{state}")
        pages.extend(f"{state}: {node}" for node in [*bob.page.evaluate(CUT), *bob.page.evaluate(SMALL)])

    bob.page.goto(f"{bob.base}/#join={code}")
    bob.page.reload()
    expect(bob.page.locator(".join")).to_be_visible()
    seen("join")
    bob.page.keyboard.press("Escape")
    bob.page.goto(f"{bob.base}/#/discover")
    expect(bob.page.locator(".discover__one").first).to_be_visible()
    seen("discover")
    bob.page.locator(".discover__one").filter(has_text=name).locator("button").tap()
    enter(ann, name=name)
    ann.page.locator(".room-view__open").click()
    panel = ann.page.locator(".details")
    expect(panel.locator(".members__row").first).to_be_visible()
    look(ann, f"{locale}-details-of-who-decides")
    panel.locator(".details__actions button").nth(3).click()
    expect(ann.page.locator(".outsiders__row")).to_be_visible()
    look(ann, f"{locale}-requests")
    ann.page.keyboard.press("Escape")
    loud = person("cy").id
    kept_out = {"reason": "Too loud for a library", "until": "2099-01-01T00:00:00Z"}
    ann.call("PUT", f"conversations/{id}/bans/{loud}/", kept_out)
    panel.locator(".details__actions button").nth(4).click()
    expect(ann.page.locator(".outsiders__row")).to_be_visible()
    look(ann, f"{locale}-bans")
    ann.page.keyboard.press("Escape")
    panel.locator(".details__actions button").nth(2).click()
    expect(ann.page.locator(".invites__one")).to_be_visible()
    look(ann, f"{locale}-invites")
    ann.page.keyboard.press("Escape")
    ann.page.goto(f"{ann.base}/#/discover")
    expect(ann.page.locator(".discover__one").first).to_be_visible()
    look(ann, f"{locale}-discover")
    assert not pages, "\n".join(pages)
    assert not look.findings, "\n".join(look.findings)
