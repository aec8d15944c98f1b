"""More conversations than the server gives in one answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.person import Person
from tests.support.host import SECRET, claims_of_host, signed
from tests.support.server import ServerProcess

FILL = """async (ids) => {
  const {api} = document.querySelector('chat-app');
  for (const id of ids) await api.send({receiver_id: id, message: `to ${id}`, client_id: `fill${id}`});
}"""
MEMBERS = 1_000
TAKE_OVER = "([token, user]) => localStorage.setItem('chat.accounts', JSON.stringify({1: {token, user}}))"


@pytest.fixture
def short_of_breath() -> Iterator[ServerProcess]:
    made = ServerProcess(env={"CHATSERVER_CONVERSATIONS_LISTED": "15"}).start()
    yield made
    made.stop()
    made.forget()


def test_whoever_scrolls_to_the_end_of_the_list_finds_every_conversation(
    person: Callable[..., Person], short_of_breath: ServerProcess
) -> None:
    base = short_of_breath.base
    ann = person("ann", base=base)
    ids = []
    for number in range(40):
        fields = {"username": f"friend{number:02}", "password": "correct horse battery staple"}
        answer = ann.context.request.post(f"{base}/api/v1/communication/auth/register/", data=fields)
        ids.append(answer.json()["user"]["id"])
    ann.page.evaluate(FILL, ids)
    ann.page.reload()

    rooms = ann.page.locator("chat-sidebar .sidebar > .rooms .room")
    expect(rooms.first).to_contain_text("friend39")
    assert rooms.count() < 40
    for listed in (15, 30):
        rooms.nth(listed - 1).scroll_into_view_if_needed()
        expect(rooms.nth(listed)).to_be_attached()
    expect(rooms).to_have_count(40)
    expect(rooms.last).to_contain_text("friend00")


@pytest.fixture
def school() -> Iterator[ServerProcess]:
    env = {"CHATSERVER_HOST_SECRET": SECRET, "CHATSERVER_REGISTRATION": "open"}
    made = ServerProcess(env=env).start()
    yield made
    made.stop()
    made.forget()


def class_of(browser: Person, members: int) -> int:
    """Made by the application around the chat. The browser is signed in as the first of its members then."""
    calls, base = browser.context.request, f"{browser.base}/api/v1/communication/"
    headers = {"Authorization": f"Bearer {claims_of_host('users:write conversations:write')}"}
    for first in range(0, members, 100):
        people = [{"sub": str(n), "name": f"Pupil {n}"} for n in range(first + 1, first + 101)]
        assert calls.post(f"{base}host/users/", data={"users": people}, headers=headers).ok
    body = {"title": "5b", "mode": "exact", "members": [str(n + 1) for n in range(members)]}
    made = calls.put(f"{base}host/conversations/class-5b/", data=body, headers=headers)
    assert made.status == 201, made.text()
    me = calls.post(f"{base}auth/host/", data={"token": signed(sub="1")}).json()
    browser.page.evaluate(TAKE_OVER, [me["token"], me["user"]])
    return int(made.json()["id"])


def test_G10_of_a_thousand_members_few_are_drawn_and_the_last_is_found_by_name(
    person: Callable[..., Person], school: ServerProcess
) -> None:
    ann = person("ann", base=school.base)
    id = class_of(ann, MEMBERS)
    ann.page.goto(f"{ann.base}/#/c/{id}")
    ann.page.reload()
    ann.page.locator(".room-view__open").click()
    panel = ann.page.get_by_role("complementary", name="Details")
    expect(panel).to_contain_text("1,000 members")
    rows = panel.locator(".members__row")
    expect(rows.first).to_be_visible()
    for _ in range(12):
        rows.last.scroll_into_view_if_needed()
        assert rows.count() <= 150
    panel.get_by_label("Find a member").fill(f"Pupil {MEMBERS}")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text(f"Pupil {MEMBERS}")
