"""F17: who may publish on the broker and listen there can read nothing, say nothing and sign nobody out."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Iterator
from typing import Any

import pytest

from chatserver.bus.topology import EVERY_NODE, EXCHANGE, user_key
from tests.abuse.bench.crowd import guests
from tests.abuse.bench.ledger import Row
from tests.abuse.bench.size import sized
from tests.abuse.bench.victim import Victim
from tests.support.client import Client, Device
from tests.support.mongo import MongoNode
from tests.support.spy import Spy
from tests.support.waiting import eventually, held

NOBODY = 1 << 40
FALSE = "this was never said"


@pytest.fixture(scope="module")
def nodes(mongo: MongoNode, rabbit: Any) -> Iterator[tuple[Victim, Victim]]:
    one = Victim(mongo, amqp_url=rabbit.url)
    two = Victim(mongo, amqp_url=rabbit.url, env={"CHATSERVER_MONGODB_DATABASE": one.database})
    for node in (one, two):
        node.start(wait=False)
    for node in (one, two):
        node.wait_ready()
    yield one, two
    for node in (one, two):
        node.stop()
        node.forget()


@pytest.fixture
def client(nodes: tuple[Victim, Victim], io_loop: Any) -> Iterator[Client]:
    """Calls go to the first node, unless a test says otherwise."""
    made = Client([nodes[0].base])
    yield made
    made.close()


async def pair(client: Client) -> tuple[Device, Device, dict[str, Any]]:
    ann, bob = await guests(client, 2)
    first = await ann.sent(bob, "hello")
    await bob.here()
    return ann, bob, first


def spy(nodes: tuple[Victim, Victim], rabbit: Any, *devices: Device) -> Spy:
    with nodes[0].collection("marks") as marks:
        name = marks.find_one({"_id": "installation"})["name"]
    return Spy(rabbit.url, f"{EXCHANGE}.{name}", EVERY_NODE, *(user_key(device.id) for device in devices))


def forged(kind: str, user_ids: list[int], **body: Any) -> bytes:
    """As every node rang before bells were sealed."""
    bell = {"v": 1, "node": "stranger", "kind": kind, "user_ids": user_ids, "body": body}
    return json.dumps(bell).encode()


def message_bell(first: dict[str, Any], after: int, to: Device, **more: Any) -> bytes:
    """For the message that will be so many after the first."""
    hint = {
        "id": first["id"] + after,
        "sender_id": first["sender_id"],
        "session_id": NOBODY,
        "client_id": "forged",
        "text": FALSE,
        "attachment": None,
        "created_at": first["created_at"],
        **more,
    }
    return forged("message", [first["sender_id"], to.id], **hint)


async def strange_bells(nodes: tuple[Victim, Victim]) -> float:
    counted = [asyncio.to_thread(node.metric, "chat_bus_poison_total") for node in nodes]
    return sum(await asyncio.gather(*counted))


async def heard_strange(nodes: tuple[Victim, Victim], least: float) -> None:
    async def enough() -> bool:
        return await strange_bells(nodes) >= least

    await eventually(enough, within=30)


@pytest.mark.gen_test
async def test_F17_a_forged_message_is_never_delivered(
    nodes: tuple[Victim, Victim], client: Client, rabbit: Any, row: Row
) -> None:
    ann, bob, first = await pair(client)
    for number in range(1, sized(4, 30)):
        poll = await held(bob.next(wait=20, base=nodes[1].base))
        with spy(nodes, rabbit) as spying:
            before = await strange_bells(nodes)
            # With the right author, with one whom nobody knows, and with what is no message at all.
            sender = {} if number % 2 else {"sender_id": NOBODY}
            spying.put(user_key(bob.id), message_bell(first, number, bob, **sender))
            spying.put(EVERY_NODE, forged("message", [bob.id], id="x"), forged("message", [bob.id]))
            await heard_strange(nodes, before + 5)  # what is for all comes to both
        await ann.sent(bob, f"number {number}")
        found = (await asyncio.wait_for(poll, 5)).of("message")
        row.saw(200)
        if [message["message"] for message in found] != [f"number {number}"]:
            row.violation(f"told {found}")
    history = (await bob.history(ann))["messages"]
    assert FALSE not in json.dumps(history)
    row.assert_clean()


@pytest.mark.gen_test
async def test_F17_a_forged_bell_ends_no_session_and_no_poll(
    nodes: tuple[Victim, Victim], client: Client, rabbit: Any, row: Row
) -> None:
    ann, bob, _ = await pair(client)
    session_id = bob.session["id"]
    poll = await held(bob.next(wait=20, base=nodes[1].base, client="tab"))
    bells = [
        forged("session", [], user_id=bob.id, session_id=session_id),
        forged("sessions", [], user_id=bob.id, but=0, last=NOBODY),
        forged("supersede", [bob.id], session_id=session_id, client="tab", started=4e9),
        forged("disconnect", [bob.id], user_id=bob.id),
        forged("typing", [bob.id], conversation_id=1, sender_id=ann.id, sender_name=FALSE, is_typing=True),
        forged("presence", [bob.id], user_id=ann.id, is_online=False, note=FALSE),
        forged("nodes", [], node="ghost", number=1, full=True, came=[NOBODY], left=[], missed=[]),
    ]
    before = await strange_bells(nodes)
    with spy(nodes, rabbit) as spying:
        spying.put(EVERY_NODE, *bells)
        spying.put(user_key(bob.id), *bells)
    await heard_strange(nodes, before + len(bells) * 3)  # both hear what is for all
    row.cases += len(bells) * 2
    assert not poll.done(), f"ended by a forged bell: {poll.result()!r}"
    await ann.sent(bob, "still here?")
    answer = await asyncio.wait_for(poll, 5)
    assert [message["message"] for message in answer.of("message")] == ["still here?"]
    assert FALSE.encode() not in answer.body
    for node in nodes:
        row.saw((await bob.get("users/me/", base=node.base)).status)
    row.assert_clean()


@pytest.mark.gen_test
async def test_F17_who_listens_to_all_bells_reads_nothing_and_gains_nothing_by_playing_them_again(
    nodes: tuple[Victim, Victim], client: Client, rabbit: Any, row: Row
) -> None:
    ann, bob, _ = await pair(client)
    with spy(nodes, rabbit, ann, bob) as spying:
        poll = await held(bob.next(wait=20, base=nodes[1].base, client="tab"))
        await ann.typing(bob)
        await poll
        told = []
        for number in range(sized(5, 50)):
            await ann.sent(bob, f"secret {number}")
            told += (await bob.next(wait=5, base=nodes[1].base, client="tab")).of("message")
        await bob.disconnect()
        recorded = spying.heard()
        assert len(recorded) >= len(told)
        for body in recorded:
            row.cases += 1
            for word in (b"secret", b"typing", b"disconnect", b"user_ids", bob.username.encode()):
                if word in body:
                    row.leak(f"{word!r} stands in {body!r}")
        poll = await held(bob.next(wait=3, base=nodes[1].base, client="tab"))
        before = await strange_bells(nodes)
        for body in recorded:
            noise = random.Random(7).randbytes(len(body))
            spying.put(user_key(bob.id), body, body[: len(body) // 2], body[:-1], noise, b"")
        await heard_strange(nodes, before + len(recorded) * 5)
        answer = await poll
        if answer.events or answer["superseded"]:
            row.violation(f"an old bell was taken for a new one: {answer}")
        row.saw((await bob.get("users/me/")).status)
    assert [message["message"] for message in told] == [f"secret {number}" for number in range(len(told))]
    row.assert_clean()


@pytest.mark.gen_test
async def test_F17_a_flood_of_forged_bells_makes_the_nodes_look_at_their_own_pace(
    nodes: tuple[Victim, Victim], client: Client, rabbit: Any, row: Row
) -> None:
    people = await guests(client, 20)
    bob = people[0]
    await asyncio.gather(*(one.here() for one in people))
    polls = [await held(one.next(wait=20, base=nodes[1].base), 0.05) for one in people]
    count = sized(2_000, 20_000)
    ids = [one.id for one in people]
    loop = asyncio.get_running_loop()
    reads = await asyncio.to_thread(nodes[1].metric, "chat_inbox_reads_total")
    checks = await asyncio.to_thread(nodes[1].metric, "chat_check_duration_seconds_count")
    before, begun = await strange_bells(nodes), loop.time()
    with spy(nodes, rabbit) as spying:
        await asyncio.to_thread(spying.put, EVERY_NODE, *[forged("inbox", ids)] * count)
    await heard_strange(nodes, before + count)
    took = loop.time() - begun
    read = await asyncio.to_thread(nodes[1].metric, "chat_inbox_reads_total") - reads
    checked = await asyncio.to_thread(nodes[1].metric, "chat_check_duration_seconds_count") - checks
    row.cases += count
    row.show(f"{count:,} forged bells in {took:.1f} s: {read:.0f} inboxes read, {checked:.0f} checks")
    assert read < len(people), "nobody was woken without a reason"
    assert checked <= took / 0.3 + 2
    assert not any(poll.done() for poll in polls)
    await people[1].sent(bob, "after it")
    assert [m["message"] for m in (await asyncio.wait_for(polls[0], 5)).of("message")] == ["after it"]
    for poll in polls[1:]:
        poll.cancel()
    row.assert_clean()
