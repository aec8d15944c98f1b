"""Editing and deleting: told to everybody, in the place the message has, whatever dies meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from tornado.httpclient import HTTPClientError

from tests.support.client import Answer, Client, Device
from tests.support.waiting import eventually, held, in_time, together
from tests.system.delivery.conftest import ALONE, EITHER_WAY, World, build


async def edit(device: Device, id: int, text: str, **more: Any) -> Answer:
    return await device.client.call(
        "PATCH", f"chats/message/{id}/", token=device.token, json_body={"message": text}, **more
    )


async def delete(device: Device, id: int, **more: Any) -> Answer:
    return await device.client.call("DELETE", f"chats/message/{id}/", token=device.token, **more)


@EITHER_WAY
@pytest.mark.gen_test
async def test_an_edit_reaches_every_device_of_every_member_with_a_cursor(
    world: World, client: Client
) -> None:
    ann, bob = await client.people("ann", "bob")
    ann2 = await ann.another()
    sent = await ann.sent(bob, "helo")
    await together(ann2.here(), bob.here())
    waiting = await held(bob.next(wait=40, base=world.last))
    answer = await edit(ann, sent["id"], "hello", base=world.first)
    assert answer.status == 200, answer
    assert (answer["message"], answer["rev"], answer["is_active"]) == ("hello", 1, True)
    assert answer["edited_at"] == answer["updated_at"] > answer["created_at"] == sent["created_at"]
    told = (await in_time(waiting)).of("message_changed")
    for changed in (*told, *await ann2.until(1, "message_changed")):
        assert (changed["id"], changed["seq"], changed["message"]) == (sent["id"], 1, "hello")
        assert (changed["rev"], changed["edited_at"]) == (1, answer["edited_at"])
    assert [(m["message"], m["rev"]) for m in (await bob.history(ann))["messages"]] == [("hello", 1)]
    assert (await bob.conversation_with(ann))["last_message"] == "hello"
    assert (await bob.get("snapshot/"))["conversations"][0]["last_message"] == "hello"
    assert await bob.unread() == 1


@EITHER_WAY
@pytest.mark.gen_test
async def test_a_message_not_yet_delivered_is_never_given_in_words_taken_back(
    world: World, client: Client
) -> None:
    ann, bob = await client.people("ann", "bob")
    reader = await (await bob.another()).here()
    old = [await bob.another() for _ in world.bases]
    # Delivered once on each process, so that each has the first words in its memory.
    edited, deleted = await ann.sent(bob, "first words"), await ann.sent(bob, "never said")
    for base in world.bases:
        seen = await bob.poll(cursor=reader.cursor, wait=5, limit=1, base=base)
        assert [m["message"] for m in seen.of("message")] == ["first words"]
    assert (await edit(ann, edited["id"], "second words")).status == 200
    assert (await delete(ann, deleted["id"])).status == 200
    for device, base in zip(old, world.bases, strict=True):
        messages = (await device.poll(base=base)).of("message")
        assert [(m["message"], m["rev"], m["is_active"]) for m in messages] == [
            ("second words", 1, True),
            ("", 1, False),
        ]
    for base in world.bases:
        answer = await reader.poll(cursor=reader.cursor, wait=5, base=base)
        assert [m["message"] for m in answer.of("message")] == ["second words", ""]
        assert [m["id"] for m in answer.of("message_changed")] == [edited["id"], deleted["id"]]
        assert b"first words" not in answer.body and b"never said" not in answer.body


@pytest.mark.gen_test
async def test_clients_without_a_cursor_see_no_change_and_their_place_moves_past_it(client: Client) -> None:
    ann, bob = await client.people("ann", "bob")
    original = await bob.another()
    sent = await ann.sent(bob, "one")
    assert [m["id"] for m in (await original.poll()).of("message")] == [sent["id"]]
    polling = await held(original.poll(wait=40))
    await edit(ann, sent["id"], "one!")
    await delete(ann, sent["id"])
    second = await ann.sent(bob, "two")
    answer = await in_time(polling)
    assert [(e["event"], e["data"]["id"]) for e in answer.events] == [("message", second["id"])]
    assert [m["message"] for m in (await original.history(ann))["messages"]] == ["two", ""]


@pytest.mark.gen_test
async def test_a_deleted_message_is_a_tombstone_that_still_counts(client: Client) -> None:
    ann, bob = await client.people("ann", "bob")
    await ann.sent(bob, "keep")
    sent = await ann.sent(bob, "take back")
    await bob.here()
    first = await delete(ann, sent["id"])
    again = await delete(ann, sent["id"])
    assert (first.status, first.json) == (again.status, again.json) == (200, first.json)
    assert (first["message"], first["is_active"], first["edited_at"]) == ("", False, None)
    assert first["updated_at"] >= first["created_at"] == sent["created_at"]
    (told,) = await bob.until(1, "message_changed")
    assert (told["id"], told["message"], told["is_active"]) == (sent["id"], "", False)
    assert await bob.unread() == 2
    assert (await bob.mark_read(sender_id=ann.id))["marked_count"] == 2
    assert await bob.unread() == 0
    assert (await bob.conversation_with(ann))["last_message"] == ""
    assert [m["seq"] for m in (await bob.history(ann))["messages"]] == [2, 1]


@pytest.mark.gen_test
async def test_edits_at_the_same_moment_end_in_one_text_that_everybody_has(
    world: World, client: Client
) -> None:
    ann, bob = await client.people("ann", "bob")
    sent = await ann.sent(bob, "zero")
    await together(ann.here(), bob.here())
    texts = [f"text {number}" for number in range(8)]
    answers = await together(*(edit(ann, sent["id"], text) for text in texts))
    assert sorted(answer["rev"] for answer in answers) == list(range(1, 9))
    last = max(answers, key=lambda answer: answer["rev"])

    async def newest(device: Device) -> Any:
        told = (await device.poll(cursor=device.cursor, wait=0)).of("message_changed")
        best = max(told, key=lambda m: m["rev"], default=None)
        return best and (best["rev"], best["message"]) == (8, last["message"])

    for device in (ann, bob):
        await eventually(lambda device=device: newest(device))
        history = (await device.history(bob if device is ann else ann))["messages"]
        assert [m["message"] for m in history] == [last["message"]]


@pytest.mark.gen_test
async def test_a_repeated_send_of_a_changed_message_is_still_a_repeat(client: Client) -> None:
    ann, bob = await client.people("ann", "bob")
    sent = await ann.sent(bob, "hello", client_id="key")
    await edit(ann, sent["id"], "hello there")
    again = await ann.send(bob, "hello", client_id="key")
    assert (again.status, again["id"], again["message"]) == (200, sent["id"], "hello there")
    await delete(ann, sent["id"])
    again = await ann.send(bob, "hello", client_id="key")
    assert (again.status, again["id"], again["is_active"]) == (200, sent["id"], False)
    assert len((await bob.history(ann))["messages"]) == 1


@pytest.fixture
def doomed(shape: str, request: pytest.FixtureRequest) -> Iterator[World]:
    """Its first server dies between changing a message and telling anybody."""
    env = {"CHATSERVER_SWEEP_SECS": "0.5"}
    made = build(shape, request, env)
    made.servers[0].stop()
    made.servers[0].env = {**made.servers[0].env, "CHATSERVER_FAILPOINTS": "after_change=kill"}
    made.servers[0].start()
    yield made
    made.stop()


@pytest.mark.gen_test
async def test_a_change_whose_server_died_before_telling_is_told_by_another(
    doomed: World, shape: str, io_loop: Any
) -> None:
    client = Client(doomed.bases)
    first = doomed.servers[0]
    ann, bob = await client.people("ann", "bob")
    sent = await ann.sent(bob, "before")
    await bob.here()
    with pytest.raises((OSError, HTTPClientError)):
        await edit(ann, sent["id"], "after", base=doomed.first)
    assert first.process is not None
    await asyncio.to_thread(first.process.wait, 60)
    first.process = None
    if shape == ALONE:
        first.env = {**first.env, "CHATSERVER_FAILPOINTS": ""}
        first.start()
    told = await eventually(lambda: caught(bob, doomed.last))
    assert [(m["id"], m["message"], m["rev"]) for m in told] == [(sent["id"], "after", 1)]
    again = await edit(ann, sent["id"], "after", base=doomed.last)
    assert (again.status, again["rev"]) == (200, 1), "saying the same again is no second edit"
    if first.process is None:
        first.env = {**first.env, "CHATSERVER_FAILPOINTS": ""}
        first.start()
    client.close()


async def caught(device: Device, base: str) -> list[dict[str, Any]]:
    return (await device.poll(cursor=device.cursor, wait=0, base=base)).of("message_changed")
