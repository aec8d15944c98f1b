"""F10 and F3 on the page: five hundred ways to have a script run, and text that pretends to be something else."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Callable

from playwright.sync_api import expect

from tests.abuse.bench.ledger import Row
from tests.abuse.bench.size import sized
from tests.abuse.bench.values import spoofs
from tests.browser.conftest import browser, chromium, person
from tests.browser.person import API, Person
from tests.browser.test_looks import CORPUS

__all__ = ["browser", "chromium", "person"]  # fixtures

RUN = "window.hacked=1"
TAGS = [
    "img src=x", "svg", "video src=x", "audio src=x", "body", "details open", "input autofocus", "select autofocus",
    "textarea autofocus", "object data=x", "iframe src=x", "a href=x autofocus", "div style=animation:x", "math", "marquee",
    "style", "form", "button autofocus", "meter", "link rel=stylesheet href=x", "embed src=x", "frameset", "template", "x tabindex=1 autofocus",
]  # fmt: skip
EVENTS = [
    "onerror",
    "onload",
    "onfocus",
    "ontoggle",
    "onstart",
    "onanimationstart",
    "onpointerenter",
    "onmouseover",
]
BEFORE = ["", '">', "'>", "-->", "</script>", "]]>", "`", '\\">', "</textarea>", "</title>"]
LINKS = [
    f"{scheme}{RUN}" for scheme in ("javascript:", "JaVaScRiPt:", "java\tscript:", "\x01javascript:", "vbscript:", "data:text/html,<script>parent.")
]  # fmt: skip


def scripts(count: int) -> list[str]:
    chance = random.Random(10)
    made = [
        f"{before}<{tag} {event}={RUN}>" for tag, event, before in itertools.product(TAGS, EVENTS, BEFORE)
    ]
    fixed = [
        *CORPUS,
        *LINKS,
        *(f"[x]({link})" for link in LINKS),
        *(f"https://a.example/#{link}" for link in LINKS),
    ]
    fixed += [
        f"<script>{RUN}</script>",
        f"<scr<script>ipt>{RUN}</script>",
        f"<SCRIPT SRC=data:,{RUN}></SCRIPT>",
    ]
    fixed += [
        f"\\u003cscript\\u003e{RUN}\\u003c/script\\u003e",
        f"&lt;img src=x onerror={RUN}&gt;",
        f"%3Cscript%3E{RUN}%3C/script%3E",
    ]
    return [*fixed, *chance.sample(made, count - len(fixed))]


def send_all(sender: Person, receiver_id: int, texts: list[str], row: Row) -> None:
    account = json.loads(sender.page.evaluate("localStorage['chat.accounts']"))[str(sender.id)]
    for text in texts:
        answer = sender.context.request.post(
            f"{sender.base}{API}chats/",
            data={"receiver_id": receiver_id, "message": text},
            headers={"Authorization": f"Token {account['token']}"},
        )
        row.saw(answer.status, text[:100])


def shows(one: Person, count: int) -> None:
    one.page.reload()
    expect(one.page.locator(".message")).to_have_count(count)


def test_F10_no_text_becomes_a_script(person: Callable[..., Person], row: Row) -> None:
    ann, bob = person("ann"), person("bob")
    bob.open(ann)
    found = scripts(sized(60, 500))
    # Ten in a message, and never more messages than one page of history shows.
    blocks = ["\n".join(found[start : start + 10]) for start in range(0, len(found), 10)]
    for start in range(0, len(blocks), 25):
        ann.call("PATCH", "users/me/", {"full_name": found[start % len(found)][:90] or "Ann"})
        send_all(ann, bob.id, blocks[start : start + 25], row)
        shows(bob, min(50, start + len(blocks[start : start + 25])))
        page = bob.page
        if page.evaluate("window.hacked") is not None:
            row.violation(f"a script ran: one of {blocks[start : start + 25]}")
        made = page.locator(
            ".message script, .message iframe, .message object, .message embed, .message [onerror]"
        )
        if made.count():
            row.violation("text became an element")
        links = page.locator(".message a").evaluate_all("links => links.map((link) => link.protocol)")
        if not set(links) <= {"https:", "http:"}:
            row.violation(f"links to {set(links)}")
    row.cases = len(found)
    row.show(f"{len(found)} scripts shown as text")
    row.assert_clean()


def test_F3_no_text_breaks_the_page_around_it(person: Callable[..., Person], row: Row) -> None:
    ann, bob = person("ann"), person("bob", viewport={"width": 360, "height": 740})
    texts = [
        *random.Random(4).sample(spoofs(), sized(20, 40)),
        "x" * 4000,
        "\u202etxt.exe",
        "́" * 1000,
        "ﷺ" * 200,
    ]
    bob.open(ann)
    send_all(ann, bob.id, texts, row)
    stored = row.statuses["2xx"]
    shows(bob, min(50, stored))
    wide = bob.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    scroller = bob.page.locator(".timeline__scroller")
    inner = scroller.evaluate("one => one.scrollWidth - one.clientWidth")
    if wide > 0 or inner > 1:
        row.violation(f"the page is {wide} px, the messages are {inner} px too wide")
    # A turned message must not turn what stands beside it.
    turned = bob.page.locator(".message__text").evaluate_all(
        "all => all.filter((one) => !['isolate', 'plaintext', 'isolate-override']"
        ".includes(getComputedStyle(one).unicodeBidi)).length"
    )
    if turned:
        row.violation(f"{turned} messages are not isolated from the text around them")
    row.show(f"{stored} texts shown on a phone, {wide} px too wide")
    row.assert_clean()
