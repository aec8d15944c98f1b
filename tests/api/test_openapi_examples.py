"""The examples of the document run: sent to a fresh server in the order of a story, they get what they show."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from chatserver.guard.scopes import SCOPES
from handlers.description.operations import OPERATIONS, host_story, story
from handlers.description.operations.operation import Example, Operation
from tests.support import contract
from tests.support.client import API, Answer, Client
from tests.support.host import SECRET, claims_of_host
from tests.support.server import ServerProcess

# What happens, in order: an example by its call and title, or what Bob and Ann's other devices do meanwhile.
STORY = [
    ("server", "As it comes"), ("healthz", "Alive"), ("readyz", "Ready"), ("poll_test", "Reachable"),
    ("event_stream_test", "Reachable"),
    ("register", "Ann"), ("login", "Ann"), ("", "bob comes"), ("list_sessions", "One device"),
    ("send_message", "A text"), ("send_message", "The same again"), ("", "bob replies"),
    ("typing", "Writing to Bob"), ("list_conversations", "One"), ("unread_count", "One message"),
    ("snapshot", "Ann"), ("online_users", "Bob"), ("history", "The newest"), ("list_messages", "The newest"),
    ("get_message", "A reply"), ("poll", "An original client"),
    ("poll", "With a cursor, not waiting"), ("mark_read", "All of a conversation"),
    ("edit_message", "Another text"), ("search_messages", "A word"), ("send_message", "A small file"),
    ("attachment", "A picture"), ("delete_message", "A picture"), ("search_users", "By the beginning of a name"),
    ("begin_conversation", "A group"), ("list_members", "Both"), ("change_member", "A moderator"),
    ("make_invite", "For ten people and a day"), ("list_invites", "One"), ("take_back_invite", "The only one"),
    ("remove_member", "Bob"), ("add_member", "Bob"),
    ("change_conversation", "Found by everybody, and joined by asking"), ("", "bob leaves and asks to come back"),
    ("list_requests", "Bob asks"), ("accept_request", "Bob"), ("refuse_request", "Bob"),
    ("ban_member", "Bob"), ("list_bans", "Bob"), ("choose_picture", "A picture"),
    ("", "bob begins two groups"), ("public_conversations", "By the beginning of a word"),
    ("join_conversation", "Open to everybody"),
    ("", "ann asks bob"), ("take_back_request", "Ann, of a group of Bob's"),
    ("preview_invite", "A group of Bob's"),
    ("accept_invite", "A group of Bob's"), ("leave_conversation", "A group of Bob's"),
    ("me", "Ann"), ("update_me", "A new name"), ("", "ann signs in elsewhere"), ("end_session", "A lost device"),
    ("poll_ticket", "For ten minutes"), ("change_password", "A better one"),
    ("disconnect", "Ann leaves"), ("logout", "This device"),
]  # fmt: skip
# What differs from run to run; of these only the form is compared.
LINKS = {"attachment", "attachment_url", "next", "previous"}
VARIES = {"timestamp", "token", "ticket", "cursor", "name", "read_at", "code", "key", "secret"}


@pytest.fixture
def fresh(request: pytest.FixtureRequest) -> Iterator[ServerProcess]:
    made = ServerProcess(env=getattr(request, "param", {})).start()
    yield made
    made.stop()
    made.forget()


def by_id(id: str) -> tuple[str, Operation]:
    return next((method, op) for (_, method), op in OPERATIONS.items() if op.id == id)


def path_of(id: str) -> str:
    paths = contract.document()["paths"].items()
    return next(path for path, methods in paths for op in methods.values() if op["operationId"] == id)


def settled(value: Any, key: str = "") -> Any:
    """Without what differs from run to run."""
    if isinstance(value, dict):
        return {name: settled(part, name) for name, part in value.items()}
    if isinstance(value, list):
        told = (part for part in value if not (isinstance(part, dict) and part.get("event") == "presence"))
        return [
            settled(part) for part in told
        ]  # who came just before may be told of here or a moment earlier
    if key == "delivered_at":
        return "soon"  # after the answer that delivers
    if isinstance(value, str) and re.fullmatch(r"[0-9a-f]{24}", value):
        return "an entry of the audit"
    if key in LINKS and value is not None:
        return urlsplit(value).path
    if key in VARIES and value is not None:
        return type(value).__name__
    if key == "client_id" and isinstance(value, str) and re.fullmatch(r"\d+:[0-9a-f]{12}", value):
        return "of what nobody wrote"
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z", value):
        return "time"
    return value


async def called(
    client: Client, server: ServerProcess, id: str, example: Example, token: str, body: Any, query: Any
) -> Answer:
    method, _ = by_id(id)
    path = path_of(id)
    for named in example.ids:
        path = re.sub(r"\{\w+\}", str(named), path, count=1)
    return await client.call(method, path, token=token or None, json_body=body, query=query, base=server.base)


def examples_of(*, by_host: bool) -> set[tuple[str, str]]:
    told = (operation for operation in OPERATIONS.values() if operation.by_host == by_host)
    return {(operation.id, example.title) for operation in told for example in operation.examples}


@pytest.mark.gen_test
async def test_every_example_gets_the_answer_it_shows(fresh: ServerProcess, client: Client) -> None:
    ann = {"token": "", "cursor": "", "code": ""}
    bob = ""

    async def call(id: str, example: Example) -> Answer:
        body, query = example.body, {**(example.query or {})}
        if body and "code" in body:
            body = {**body, "code": ann["code"]}
        if "cursor" in query:
            query["cursor"] = ann["cursor"]
        return await called(client, fresh, id, example, ann["token"], body, query)

    async def bob_does(path: str, body: dict[str, Any], method: str = "POST") -> Answer:
        return await client.call(method, path, token=bob or None, json_body=body, base=fresh.base)

    for id, title in STORY:
        if title == "bob comes":
            person = {"username": "bob", "password": story.PASSWORD}
            await bob_does("auth/register/", {**person, "full_name": story.BOB["full_name"]})
            bob = (await bob_does("auth/login/", person))["token"]
            await client.call("GET", f"{API}poll/events/?wait=0", token=bob, base=fresh.base)
        elif title == "bob replies":
            sent = await bob_does("chats/", {"receiver_id": 1, "message": story.REPLY["message"]})
            assert sent.status == 201, sent
        elif title == "bob leaves and asks to come back":
            assert (await bob_does("conversations/2/members/me/", {}, "DELETE")).status == 200
            assert (await bob_does("conversations/2/join/", {})).status == 202
        elif title == "bob begins two groups":
            body = {"preset": "public", "name": "Night Owls", "client_id": "owls"}
            await bob_does("conversations/", body)
            await bob_does("conversations/", {"preset": "group", "name": "Early Birds", "client_id": "birds"})
            ann["code"] = (await bob_does("conversations/4/invites/", {}))["code"]
        elif title == "ann asks bob":
            body = {"preset": "public", "name": "Larks", "policy": {"join": "request"}, "client_id": "larks"}
            assert (await bob_does("conversations/", body))["id"] == 5
            asked = await client.call("POST", "conversations/5/join/", token=ann["token"], base=fresh.base)
            assert asked.status == 202, asked
        elif title == "ann signs in elsewhere":
            again = {"username": "ann", "password": story.PASSWORD}
            await bob_does("auth/login/", again)
        else:
            _, operation = by_id(id)
            example = next(example for example in operation.examples if example.title == title)
            answer = await call(id, example)
            assert answer.status == example.status, (id, title, answer)
            if example.answer is not None:
                assert settled(answer.json) == settled(example.answer), (id, title)
            if id == "login":
                ann["token"] = answer["token"]
            elif id == "snapshot":
                ann["cursor"] = answer["cursor"]
    assert examples_of(by_host=False) == {(id, title) for id, title in STORY if id}


@pytest.mark.parametrize("fresh", [{"CHATSERVER_HOST_SECRET": SECRET}], indirect=True)
@pytest.mark.gen_test
async def test_every_example_of_the_host_gets_the_answer_it_shows(
    fresh: ServerProcess, client: Client
) -> None:
    key = claims_of_host(" ".join(SCOPES))
    for id, example in host_story.STORY:
        answer = await called(client, fresh, id, example, key, example.body, example.query or {})
        assert answer.status == example.status, (id, example.title, answer)
        assert settled(answer.json) == settled(example.answer), (id, example.title)
    assert examples_of(by_host=True) == {(id, example.title) for id, example in host_story.STORY}
