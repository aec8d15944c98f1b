"""What one person may use up: files, new conversations, exports; and lists that go by part."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.api.conftest import assert_problem
from tests.api.multipart import BOUNDARY, multipart
from tests.support import contract
from tests.support.client import API, Answer, Client, Device, unique
from tests.support.mongo import MongoNode
from tests.support.server import ServerProcess
from tests.support.waiting import eventually, together

SMALL = {
    "CHATSERVER_CONVERSATION_RATE": "8/hour",
    "CHATSERVER_CONVERSATIONS_LISTED": "3",
    "CHATSERVER_OPEN_UPLOADS": "2",
    "CHATSERVER_UPLOAD_DAY_BYTES": "1000000",
    "CHATSERVER_UPLOAD_MEMORY_BYTES": "1048576",
    "CHATSERVER_GUESTS": "true",
}
CHUNK = 100_000


@pytest.fixture(scope="module")
def servers(mongo: MongoNode) -> Iterator[list[ServerProcess]]:
    """Two nodes on one database, that give little."""
    env = {"CHATSERVER_MONGODB_DATABASE": unique("quotas"), **SMALL}
    made = [ServerProcess(mongodb_uri=mongo.uri, env=env).start() for _ in range(2)]
    yield made
    for server in made:
        server.stop()
        server.forget()


@pytest.fixture
def few(servers: list[ServerProcess], io_loop: Any) -> Iterator[Client]:
    """Each of its calls goes to one of them."""
    made = Client([server.base for server in servers], check=contract.check)
    yield made
    made.close()


async def guests(client: Client, count: int) -> list[Device]:
    answers = await together(
        *(client.call("POST", "auth/guest/", json_body={"full_name": unique("Guest ")}) for _ in range(count))
    )
    return [Device(client, answer["token"], answer["user"], answer["session"]) for answer in answers]


def assert_reached(answer: Answer, limit: str) -> None:
    problem = assert_problem(answer, 409, "limit_reached")
    assert problem["limit"] == limit


async def send_file(sender: Device, receiver: Device, size_bytes: int) -> Answer:
    form = multipart({"receiver_id": str(receiver.id)}, ("a.bin", b"x" * size_bytes, "text/plain"))
    return await sender.post("chats/", **form)


@pytest.fixture
def begun() -> Iterator[Callable[..., socket.socket]]:
    """Makes beginnings of files, each on a connection of its own."""
    made: list[socket.socket] = []

    def begin(server: ServerProcess, sender: Device, receiver: Device, size_bytes: int) -> socket.socket:
        form = multipart({"receiver_id": str(receiver.id)}, ("a.bin", b"x" * size_bytes, "text/plain"))
        made.append(socket.create_connection(("127.0.0.1", server.port)))
        head = f"POST {API}chats/ HTTP/1.1\r\nHost: chat\r\nAuthorization: Token {sender.token}\r\n"
        head += f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n"
        head += f"Content-Length: {len(form['body'])}\r\n\r\n"
        made[-1].sendall(head.encode() + form["body"][: len(form["body"]) // 10])
        return made[-1]

    yield begin
    for one in made:
        one.close()


@pytest.mark.gen_test
async def test_a_person_begins_so_many_conversations_an_hour_on_all_nodes_together(few: Client) -> None:
    ann, bob, *others = await guests(few, 12)
    answers = [await ann.send(other, "hello") for other in others]
    assert [answer.status for answer in answers] == [201] * 8 + [409] * 2
    assert_reached(answers[-1], "conversations")
    assert (await ann.send(others[0], "those that have begun go on")).status == 201
    assert (await others[-1].send(ann, "and others may begin with you")).status == 201
    assert (await ann.send(others[-1], "to be answered")).status == 201
    assert (await bob.send(ann, "it is one person's quota")).status == 201


@pytest.mark.gen_test
async def test_a_person_sends_so_many_bytes_of_files_a_day_on_all_nodes_together(few: Client) -> None:
    ann, bob, eve = await guests(few, 3)
    answers = [await send_file(ann, bob, 3 * CHUNK) for _ in range(4)]
    assert [answer.status for answer in answers] == [201] * 3 + [409], answers
    assert_reached(answers[-1], "upload_day_bytes")
    assert "midnight" in answers[-1]["detail"]
    assert (await send_file(ann, bob, CHUNK // 2)).status == 201, "what is left may be used"
    inline = {"receiver_id": bob.id, "attachment": "data:text/plain;base64," + "eHh4" * 15_000}
    answers = [await ann.post("chats/", inline) for _ in range(2)]
    assert answers[-1].status == 409, "a file in JSON counts like any other"
    assert_reached(answers[-1], "upload_day_bytes")
    assert (await ann.send(bob, "texts go on")).status == 201
    assert (await send_file(eve, bob, CHUNK)).status == 201


@pytest.mark.gen_test
async def test_a_person_has_a_few_files_on_their_way_and_what_never_came_is_not_counted(
    few: Client, servers: list[ServerProcess], begun: Callable[..., socket.socket]
) -> None:
    ann, bob = await guests(few, 2)
    base = servers[0].base

    async def send(size_bytes: int) -> Answer:
        form = multipart({"receiver_id": str(bob.id)}, ("a.bin", b"x" * size_bytes, "text/plain"))
        return await ann.post("chats/", base=base, **form)

    uploads = [begun(servers[0], ann, bob, 4 * CHUNK) for _ in range(2)]

    async def refused() -> bool:
        answer = await send(1)
        if answer.status == 409:
            assert_reached(answer, "open_uploads")
        return answer.status == 409

    await eventually(refused)
    assert (await ann.send(bob, "texts go on")).status == 201
    for upload in uploads:
        upload.close()

    async def taken() -> bool:
        return (await send(1)).status == 201

    await eventually(taken)
    # They would have been 800 KB: of what is left of the million they took next to nothing.
    answers = [await send(CHUNK) for _ in range(4)]
    assert [answer.status for answer in answers] == [201] * 4, answers


@pytest.mark.gen_test
async def test_files_on_their_way_have_a_bounded_part_of_the_memory_of_a_process(
    few: Client, servers: list[ServerProcess], begun: Callable[..., socket.socket]
) -> None:
    people = await guests(few, 4)
    uploads = [begun(servers[0], person, people[0], 4 * CHUNK) for person in people[:2] * 2]
    form = multipart({"receiver_id": str(people[0].id)}, ("a.bin", b"x" * 3 * CHUNK, "text/plain"))

    async def put_off() -> bool:
        answer = await people[3].post("chats/", base=servers[0].base, **form)
        if answer.status == 503:
            assert int(answer.headers["Retry-After"]) >= 1
        return answer.status == 503

    await eventually(put_off)
    for upload in uploads:
        upload.close()

    async def taken() -> bool:
        return (await people[2].post("chats/", base=servers[0].base, **form)).status == 201

    await eventually(taken)


@pytest.mark.gen_test
async def test_a_person_exports_once_at_a_time(few: Client) -> None:
    ann, bob = await guests(few, 2)
    await together(*(ann.sent(bob, f"number {number}") for number in range(300)))
    answers = await together(*(ann.get("users/me/export/") for _ in range(20)))
    assert {answer.status for answer in answers} == {200, 409}
    assert_reached(next(answer for answer in answers if answer.status == 409), "exports")
    assert (await ann.get("users/me/export/")).status == 200


def after(answer: Answer) -> str | None:
    """What the next part is asked for with."""
    link = answer.headers.get("Link")
    if link is None:
        return None
    found = re.fullmatch(r'<\S+\?after=([0-9-]+)(?:&limit=[0-9]+)?>; rel="next"', link)
    assert found, link
    return found[1]


async def parts(device: Device, path: str, **query: Any) -> list[Any]:
    found, place = [], None
    while True:
        answer = await device.get(path, query={**query, "after": place})
        assert answer.status == 200, answer
        found.append(answer.json)
        place = after(answer)
        if place is None:
            return found


@pytest.mark.gen_test
async def test_the_list_of_conversations_goes_by_part_the_newest_first(few: Client) -> None:
    ann, *others = await guests(few, 9)
    for other in others:
        await other.sent(ann, f"from {other.id}")
    await others[1].sent(ann, "and once more")
    newest = [others[1].id, *(other.id for other in reversed(others) if other is not others[1])]

    def ids(found: list[Any]) -> list[list[int]]:
        return [[row["other_user"]["id"] for row in part] for part in found]

    assert ids(await parts(ann, "chats/conversations/")) == [newest[:3], newest[3:6], newest[6:]]
    assert ids(await parts(ann, "chats/conversations/", limit=2))[:2] == [newest[:2], newest[2:4]]
    assert ids(await parts(ann, "chats/conversations/", limit=200))[0] == newest[:3]

    first = await ann.get("snapshot/")
    second = await ann.get("snapshot/", query={"after": first["next"]})
    last = await ann.get("snapshot/", query={"after": second["next"]})
    assert ids([part["conversations"] for part in (first, second, last)]) == [
        newest[:3],
        newest[3:6],
        newest[6:],
    ]
    assert last["next"] is None
    assert [part["unread"]["total_unread"] for part in (first, second, last)] == [9, 9, 9]


@pytest.mark.gen_test
async def test_a_list_goes_on_where_it_was_when_newer_messages_came_meanwhile(few: Client) -> None:
    ann, *others = await guests(few, 7)
    for other in others:
        await other.sent(ann, "hello")
    first = await ann.get("chats/conversations/")
    await others[0].sent(ann, "from the end to the beginning")
    second = await ann.get("chats/conversations/", query={"after": after(first)})
    assert [row["other_user"]["id"] for row in second.json] == [others[2].id, others[1].id]
    assert after(second) is None


@pytest.mark.gen_test
async def test_what_is_unread_is_counted_whole_and_named_by_part(few: Client) -> None:
    ann, *others = await guests(few, 8)
    for other in others:
        await other.sent(ann, "hello")
    await others[0].sent(ann, "again")
    await ann.mark_read(sender_id=others[-1].id)
    found = await parts(ann, "chats/unread-count/")
    assert {part["total_unread"] for part in found} == {7}
    named = [row for part in found for row in part["conversations"]]
    assert [len(part["conversations"]) for part in found] == [3, 3]
    assert [row["other_user_id"] for row in named] == [others[0].id, *(o.id for o in reversed(others[1:-1]))]
    assert found[0]["by_sender"] == {str(row["other_user_id"]): row["unread_count"] for row in named[:3]}
    assert (await ann.get("snapshot/"))["unread"] == found[0]


@pytest.mark.gen_test
@pytest.mark.parametrize("place", ["x", "1-", "-1", "1-1-1", "9" * 15 + "-1", "1" * 40, "0x1-1", "١-١"])
async def test_a_place_in_the_list_that_nobody_gave_is_refused(few: Client, place: str) -> None:
    (ann,) = await guests(few, 1)
    for path in ("chats/conversations/", "chats/unread-count/", "snapshot/"):
        assert_problem(await ann.get(path, query={"after": place}), 400, "validation_error", "after")


@pytest.mark.gen_test
async def test_the_quotas_are_shown(few: Client) -> None:
    limits = (await few.call("GET", "server/"))["limits"]
    shown = {
        name: limits[name]
        for name in ("conversations_listed", "open_uploads", "upload_day_bytes", "exports", "retention_days")
    }
    assert shown == {
        "conversations_listed": 3,
        "open_uploads": 2,
        "upload_day_bytes": 1_000_000,
        "exports": 1,
        "retention_days": None,
    }
    assert limits["conversations"] == {"amount": 8, "window_secs": 3600}
