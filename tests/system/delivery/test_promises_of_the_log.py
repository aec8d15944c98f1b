"""Promises 1 to 3: accepted means delivered, one order for everyone, a repeat is no second message."""

from __future__ import annotations

import asyncio

import pytest

from tests.support.client import Client, Device, unique
from tests.support.waiting import held, in_time, together
from tests.system.delivery.conftest import EITHER_WAY


@EITHER_WAY
@pytest.mark.gen_test
async def test_a_send_answered_201_is_stored_and_reaches_every_session_of_every_member(
    client: Client,
) -> None:
    ann, bob = await client.people("ann", "bob")
    ann2, polling, away = await together(ann.another(), bob.another(), bob.another())
    await together(ann2.here(), polling.here(), away.here())
    waiting = await held(polling.next(wait=40))

    message = await ann.sent(bob, "hello")
    at_once = await in_time(waiting)

    later = await together(away.next(wait=0), ann2.next(wait=0), bob.poll())
    for answer in (at_once, *later):
        assert [m["id"] for m in answer.of("message")] == [message["id"]], answer
    for reader in (ann, bob):
        history = await reader.history(bob if reader is ann else ann)
        assert [(m["id"], m["message"]) for m in history["messages"]] == [(message["id"], "hello")]


@pytest.mark.gen_test
async def test_what_one_process_was_told_every_process_tells(client: Client) -> None:
    ann, bob = await client.people("ann", "bob")
    message = await ann.sent(bob, "to all of you")
    for base in client.bases * 2:
        answer = await bob.get(f"chats/conversation/{ann.id}/", base=base)
        assert [m["id"] for m in answer["messages"]] == [message["id"]]
        assert (await bob.get("chats/unread-count/", base=base))["total_unread"] == 1


@EITHER_WAY
@pytest.mark.gen_test
async def test_messages_reach_every_reader_in_one_order_without_gaps_on_every_device(client: Client) -> None:
    ann, bob = await client.people("ann", "bob")
    ann2, reader_of_ann, reader_of_bob = await together(ann.another(), ann.another(), bob.another())
    await together(reader_of_ann.here(), reader_of_bob.here())
    each = 25

    async def speak(device: Device, to: Device, name: str) -> None:
        for number in range(each):
            await device.sent(to, f"{name} {number}")

    arrived = asyncio.gather(reader_of_ann.until(3 * each), reader_of_bob.until(3 * each))
    await together(speak(ann, bob, "ann"), speak(ann2, bob, "ann2"), speak(bob, ann, "bob"))
    at_ann, at_bob = await arrived

    assert [m["seq"] for m in at_ann] == list(range(1, 3 * each + 1))
    assert [m["message"] for m in at_bob] == [m["message"] for m in at_ann]
    assert [m["id"] for m in at_bob] == [m["id"] for m in at_ann]
    for name in ("ann", "ann2", "bob"):
        assert [m["message"] for m in at_ann if m["message"].split()[0] == name] == [
            f"{name} {number}" for number in range(each)
        ]
    page = (await bob.history(ann, limit=200))["messages"]
    assert [m["id"] for m in reversed(page)] == [m["id"] for m in at_ann]


@pytest.mark.gen_test
async def test_two_first_messages_at_the_same_moment_meet_in_one_conversation(client: Client) -> None:
    ann, bob = await client.people("ann", "bob")
    both = await together(*(a.sent(b, "first!") for _ in range(5) for a, b in ((ann, bob), (bob, ann))))
    assert len({m["conversation_id"] for m in both}) == 1
    assert sorted(m["seq"] for m in both) == list(range(1, 11))
    assert len(await ann.conversations()) == len(await bob.conversations()) == 1


@pytest.mark.gen_test
async def test_the_same_send_repeated_is_stored_once_and_answered_with_the_first_result(
    client: Client,
) -> None:
    ann, bob = await client.people("ann", "bob")
    key = unique("key")
    first = await ann.send(bob, "once", client_id=key)
    again = await ann.send(bob, "once", client_id=key)
    by_header = await ann.post(
        "chats/", {"receiver_id": bob.id, "message": "once"}, headers={"Idempotency-Key": key}
    )
    assert (first.status, again.status, by_header.status) == (201, 200, 200)
    assert first.headers.get("Idempotency-Replayed") is None
    assert again.headers["Idempotency-Replayed"] == by_header.headers["Idempotency-Replayed"] == "true"
    assert again["id"] == by_header["id"] == first["id"]
    assert set(again.json) == set(first.json)
    assert len((await bob.history(ann))["messages"]) == 1


@EITHER_WAY
@pytest.mark.gen_test
async def test_twenty_repeats_at_once_are_one_message_everywhere(client: Client) -> None:
    ann, bob = await client.people("ann", "bob")
    await bob.here()
    keys = [unique("key") for _ in range(3)]
    answers = await together(*(ann.send(bob, key, client_id=key) for _ in range(20) for key in keys))
    for key in keys:
        mine = [answer for answer in answers if answer["message"] == key]
        assert sorted(answer.status for answer in mine) == [200] * 19 + [201], mine
        assert len({answer["id"] for answer in mine}) == 1
    assert sorted(m["message"] for m in await bob.until(3)) == sorted(keys)
    assert [m["seq"] for m in reversed((await bob.history(ann))["messages"])] == [1, 2, 3]
    assert await bob.unread() == 3


@pytest.mark.gen_test
async def test_a_repeat_with_other_content_is_a_conflict_and_stores_nothing(client: Client) -> None:
    ann, bob, eve = await client.people("ann", "bob", "eve")
    key = unique("key")
    await ann.sent(bob, "one", client_id=key)
    for answer in await together(ann.send(bob, "two", client_id=key), ann.send(eve, "one", client_id=key)):
        assert (answer.status, answer["code"]) == (422, "idempotency_conflict"), answer
    assert [m["message"] for m in (await bob.history(ann))["messages"]] == ["one"]
    assert await eve.conversations() == []
    theirs = await eve.send(ann, "one", client_id=key)
    assert theirs.status == 201, "a client_id is the sender's own"


@EITHER_WAY
@pytest.mark.gen_test
async def test_the_sending_session_gets_no_echo_but_the_other_session_does(client: Client) -> None:
    ann, bob = await client.people("ann", "bob")
    ann2 = await ann.another()
    await together(ann.here(), ann2.here())
    sending, other = await held(ann.next(wait=2)), await held(ann2.next(wait=40))
    message = await ann.sent(bob, "said on my telephone")
    assert [m["id"] for m in (await in_time(other)).of("message")] == [message["id"]]
    own = await sending
    assert own.events == []
    assert own.took > 1.5, "its own send must not end a held poll"


@EITHER_WAY
@pytest.mark.gen_test
async def test_notes_to_self_reach_ones_other_device_and_are_never_unread(client: Client) -> None:
    (ann,) = await client.people("ann")
    ann2 = await (await ann.another()).here()
    note = await ann.sent(ann, "buy milk")
    assert [m["id"] for m in await ann2.until(1)] == [note["id"]]
    assert await ann.unread() == 0
    assert [c["other_user"]["id"] for c in await ann.conversations()] == [ann.id]
