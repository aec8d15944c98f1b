"""More conversations than the server gives in one answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.person import Person
from tests.support.server import ServerProcess

FILL = """async (ids) => {
  const {api} = document.querySelector('chat-app');
  for (const id of ids) await api.send({receiver_id: id, message: `to ${id}`, client_id: `fill${id}`});
}"""


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
