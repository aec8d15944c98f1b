"""What the application around the chat tells people stands on their page, also when it came while none was open."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.person import API, Person
from tests.support.host import SECRET, signed
from tests.support.server import ServerProcess

People = Callable[..., Person]
FLOOD = 105  # more than an inbox keeps


@pytest.fixture(scope="module")
def embedded() -> Iterator[ServerProcess]:
    env = {
        "CHATSERVER_HOST_SECRET": SECRET,
        "CHATSERVER_RATE_LIMITS": "off",
        "CHATSERVER_REGISTRATION": "open",
    }
    made = ServerProcess(env=env).start()
    yield made
    made.stop()
    made.forget()


def test_a_notification_is_shown_though_it_came_while_nobody_looked_and_a_flood_followed(
    person: People, embedded: ServerProcess
) -> None:
    ann, eve = person("ann", embedded.base), person("eve", embedded.base)
    toast = ann.page.locator(".toast:visible")
    headers = {"Authorization": f"Bearer {signed(sub=None, scope='notifications')}"}

    def tell(title: str) -> None:
        content = {"receiver_id": ann_id, "title": title, "message": "is on its way"}
        answer = eve.context.request.post(
            f"{embedded.base}{API}host/notifications/", data=content, headers=headers
        )
        assert answer.status == 201, answer.text()

    ann_id = ann.id
    tell("Order 6")
    expect(toast).to_have_text("Order 6: is on its way")
    ann.page.goto(f"{embedded.base}/docs")
    tell("Order 7")
    for number in range(FLOOD):
        eve.call("POST", "chats/", {"receiver_id": ann_id, "message": f"flood {number}"})
    ann.page.goto(embedded.base)
    expect(toast).to_have_text("Order 7: is on its way")
    tell("Order 8")
    expect(toast).to_have_text("Order 8: is on its way")
