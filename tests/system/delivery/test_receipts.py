"""Delivered and read: per person, moving only forward, the same on every device."""

from __future__ import annotations

import pytest

from tests.support.client import Client, Device
from tests.support.waiting import eventually, held, in_time, together
from tests.system.delivery.conftest import EITHER_WAY


async def messages(device: Device, other: Device) -> list[dict]:
    """The conversation as this person sees it, oldest first."""
    return list(reversed((await device.history(other))["messages"]))


@EITHER_WAY
@pytest.mark.gen_test
async def test_what_is_read_on_one_device_is_read_on_the_others(client: Client) -> None:
    ann, bob = await client.people("ann", "bob")
    bob2 = await bob.another()
    await together(*(ann.sent(bob, text) for text in "abc"))
    await bob2.here()
    waiting = await held(bob2.next(wait=40))
    marked = await bob.mark_read(sender_id=ann.id)
    assert (marked.status, marked["marked_count"]) == (200, 3), marked
    told = await in_time(waiting)
    assert {receipt["reader_id"] for receipt in told.of("read_receipt")} == {bob.id}
    assert await bob2.unread() == 0
    assert (await bob2.conversation_with(ann))["unread_count"] == 0


@EITHER_WAY
@pytest.mark.gen_test
async def test_the_sender_gets_one_receipt_for_each_message_read(client: Client) -> None:
    ann, bob = await client.people("ann", "bob")
    sent = [await ann.sent(bob, text) for text in "abc"]
    own = await bob.sent(ann, "mine, and no receipt of my own")
    await ann.here()
    waiting = await held(ann.next(wait=40))
    marked = await bob.mark_read(conversation_id=own["conversation_id"])
    receipts = (await in_time(waiting)).of("read_receipt")
    assert [receipt["message_id"] for receipt in receipts] == [m["id"] for m in sent]
    for receipt in receipts:
        assert set(receipt) == {"message_id", "reader_id", "reader_name", "read_at", "conversation_id"}
        assert (receipt["reader_id"], receipt["conversation_id"]) == (bob.id, own["conversation_id"])
        assert receipt["read_at"] == marked["read_at"]
    seen = await messages(ann, bob)
    assert [m["is_read"] for m in seen] == [True, True, True, False]
    assert [m["read_at"] for m in seen] == [marked["read_at"]] * 3 + [None]


@pytest.mark.gen_test
async def test_read_only_ever_moves_forward_and_unknown_ids_are_ignored(client: Client) -> None:
    ann, bob, eve = await client.people("ann", "bob", "eve")
    first, second, third = [await ann.sent(bob, text) for text in "abc"]
    foreign = await ann.sent(eve, "not for bob")

    assert (await bob.mark_read(message_ids=[second["id"], foreign["id"], 2**52]))["marked_count"] == 2
    assert await bob.unread() == 1
    for again in ([first["id"]], [second["id"]], [foreign["id"]], [2**52]):
        assert (await bob.mark_read(message_ids=again))["marked_count"] == 0
    assert await bob.unread() == 1
    assert await eve.unread() == 1, "nobody reads for somebody else"
    assert (await bob.mark_read(message_ids=[first["id"], third["id"]]))["marked_count"] == 1
    assert [m["is_read"] for m in await messages(ann, bob)] == [True] * 3


@EITHER_WAY
@pytest.mark.gen_test
async def test_a_message_is_delivered_once_the_receiver_polled_it_and_not_before(client: Client) -> None:
    ann, bob = await client.people("ann", "bob")
    await bob.here()
    await ann.sent(bob, "hello")
    (before,) = await messages(ann, bob)
    assert (before["delivered_at"], before["is_read"], before["read_at"]) == (None, False, None)

    answer = await bob.next(wait=1)
    assert answer.of("message")
    await bob.poll(cursor=answer["cursor"], wait=0)

    async def delivered() -> bool:
        (after,) = await messages(ann, bob)
        return after["delivered_at"] is not None and after["is_read"] is False

    await eventually(delivered)


@pytest.mark.gen_test
async def test_unread_counts_the_messages_of_others_beyond_what_was_read(client: Client) -> None:
    ann, bob, eve = await client.people("ann", "bob", "eve")
    for _ in range(2):
        await ann.sent(bob, "from ann")
    await eve.sent(bob, "from eve")
    await bob.sent(eve, "mine does not read yours")
    await eve.sent(bob, "from eve again")
    counts = await bob.get("chats/unread-count/")
    assert counts["total_unread"] == 4
    assert counts["by_sender"] == {str(ann.id): 2, str(eve.id): 2}
    assert {c["other_user_id"]: c["unread_count"] for c in counts["conversations"]} == {ann.id: 2, eve.id: 2}
    assert await ann.unread() == 0
    assert await eve.unread() == 1
